# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_crowd.py KIND HOST PORT COUNT FROM: COUNT connections to the API's port, from addresses counted up from FROM; says
"ready", holds them until it is killed, and opens again those that are closed.

    tcp    nothing is said, not even in TLS
    half   TLS, and half a request
    body   TLS, a wrong token, and a body of 1 MB that comes bit by bit"""
import ipaddress
import socket
import ssl
import sys
import time

kind, host, port, count, first = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
HALF = b"GET /api/v1/machines HTTP/1.1\r\nHost: x\r\nX: "
BODY = b"POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer usher_" + b"0" * 66 + b"\r\nContent-Length: 1000000\r\n\r\n"


def connect(n):
    source = str(ipaddress.ip_address(first) + n % 100)
    try:
        s = socket.create_connection((host, port), 1, (source, 0))
        if kind != "tcp":
            s = context.wrap_socket(s)
            s.sendall(HALF if kind == "half" else BODY)
        s.settimeout(0.05)
        return s
    except OSError:
        return None


def drips(s):
    try:
        if kind != "tcp":
            s.sendall(b"a" * (1 if kind == "half" else 10000))
        return True
    except OSError:
        return False


held = [connect(n) for n in range(count)]
print("ready", sum(s is not None for s in held), flush=True)
while True:
    time.sleep(0.5)
    for n, s in enumerate(held):
        if s is None or not drips(s):
            if s:
                s.close()
            held[n] = connect(n)
