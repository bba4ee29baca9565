#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For bench_scale.sh, over the service's Unix socket.

  scale_client.py SOCKET enrol SEGMENT FIRST COUNT   enrolls that many machines, one after the other on one connection
  scale_client.py SOCKET list SECONDS                asks for the list of machines in a loop

Prints "n=… us=…": what was done, and the time that it took.
"""
import http.client
import json
import socket
import sys
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("usher")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(connection, method, path, body=None):
    connection.request(method, "/api/v1" + path, body and json.dumps(body))
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path}: {answer.status} {text.decode()[:300]}")
    return text


def machine(segment, i):
    return {
        "name": f"n{i}",
        "kind": "bare-metal",
        "profile": "plain",
        "settings": {},
        "nics": [{"segment": segment, "mac": f"02:00:{i >> 24 & 255:02x}:{i >> 16 & 255:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"}],
    }


def enrol(connection, segment, first, count):
    for i in range(int(first), int(first) + int(count)):
        ask(connection, "POST", "/machines", machine(segment, i))
    return int(count)


def lists(connection, seconds):
    end, n = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        ask(connection, "GET", "/machines")
        n += 1
    return n


def main():
    connection, job = Connection(sys.argv[1]), {"enrol": enrol, "list": lists}[sys.argv[2]]
    start = time.monotonic()
    n = job(connection, *sys.argv[3:])
    print(f"n={n} us={int((time.monotonic() - start) * 1e6)}")


main()
