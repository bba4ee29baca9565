#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A receiver of webhooks over TLS, for labs. Each post is a line of JSON in the log: path, id, timestamp, signature, body, when,
status, and which of the secrets in the file signed it, by Python's own hmac.

    webhook_receiver.py PORT CERTIFICATE KEY SECRETS LOG MODE

MODE is a file that is read for each post: ok; fail N (500 the next N times); refuse (400); moved (a redirect); hang.
"""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
import time

port, certificate, key, secrets, log, mode = sys.argv[1:]
lock = threading.Lock()
failed = {}


def signed_by(post_id, timestamp, body, signatures):
    with open(secrets) as f:
        known = [line.strip() for line in f if line.strip()]
    good = []
    for number, secret in enumerate(known, 1):
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(raw, f"{post_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        if "v1," + base64.b64encode(mac).decode() in signatures.split():
            good.append(number)
    return good


def status_now():
    with open(mode) as f:
        words = f.read().split()
    if words[0] == "fail":
        with lock:
            times = failed[words[2]] = failed.get(words[2], 0) + 1
        return 500 if times <= int(words[1]) else 200
    return {"ok": 200, "refuse": 400, "moved": 302, "hang": 0}[words[0]]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = status_now()
        post_id, timestamp, signature = (self.headers["webhook-" + h] for h in ("id", "timestamp", "signature"))
        line = json.dumps({
            "path": self.path, "id": post_id, "timestamp": timestamp, "signature": signature, "body": body.decode(),
            "type": self.headers["Content-Type"], "at": time.time(), "status": status,
            "signed_by": signed_by(post_id, timestamp, body, signature)})
        with lock, open(log, "a") as f:
            f.write(line + "\n")
        while status == 0:
            time.sleep(60)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"https://127.0.0.1:{port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
