#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For bench_scale.sh, over the service's Unix socket.

  scale_client.py SOCKET enrol SEGMENT FIRST COUNT   enrolls that many machines, one after the other on one connection
  scale_client.py SOCKET enrol-lists SEGMENT FIRST COUNT   the same by lists of a thousand, as `usher enroll LIST` does
  scale_client.py SOCKET list SECONDS                asks for the list of machines in a loop

Prints "n=… us=…": what was done, and the time that it took.
"""
import json
import socket
import sys
import time


class Connection:
    """As much HTTP as is needed here: Python's own client would take a quarter of the time that is measured."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.answers = self.sock.makefile("rb")

    def ask(self, method, path, body=None):
        text = json.dumps(body) if body else ""
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: usher\r\nContent-Length: {len(text)}\r\n\r\n"
        self.sock.sendall((head + text).encode())
        status, length = int(self.answers.readline().split()[1]), 0
        for line in iter(self.answers.readline, b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = self.answers.read(length)
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {answer.decode()[:300]}")
        return answer


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
        connection.ask("POST", "/machines", machine(segment, i))
    return int(count)


def enrol_lists(connection, segment, first, count):
    first, end = int(first), int(first) + int(count)
    for at in range(first, end, 1000):
        listed = [machine(segment, i) for i in range(at, min(at + 1000, end))]
        answer = json.loads(connection.ask("POST", "/enrolments", {"machines": listed}))
        if answer["faults"]:
            sys.exit(f"POST /enrolments: {answer['faults'][0]}")
    return int(count)


def lists(connection, seconds):
    end, n = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        connection.ask("GET", "/machines")
        n += 1
    return n


def main():
    jobs = {"enrol": enrol, "enrol-lists": enrol_lists, "list": lists}
    connection, job = Connection(sys.argv[1]), jobs[sys.argv[2]]
    start = time.monotonic()
    n = job(connection, *sys.argv[3:])
    print(f"n={n} us={int((time.monotonic() - start) * 1e6)}")


main()
