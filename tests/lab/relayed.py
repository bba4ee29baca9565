# SPDX-License-Identifier: GPL-2.0-or-later
# relayed.py FROM TO LINK MAC: a SOLICIT as iPXE for UEFI sends it, of the client with this MAC, as a relay passes it on: wrapped,
# with the relay's address LINK, sent from FROM to the server TO. Prints the answer's boot file URL, or "no URL".
import socket
import struct
import sys

source, server, link, mac = sys.argv[1:]
mac = bytes.fromhex(mac.replace(":", ""))
SOLICIT, RELAY_FORW = 1, 12
CLIENT_ID, IA_NA, ORO, RELAY_MSG, USER_CLASS, BOOTFILE_URL, ARCH = 1, 3, 6, 9, 15, 59, 61


def option(code, data):
    return struct.pack(">HH", code, len(data)) + data


def found(data, code):
    at = 0
    while at + 4 <= len(data):
        this, n = struct.unpack(">HH", data[at : at + 4])
        if this == code:
            return data[at + 4 : at + 4 + n]
        at += 4 + n
    return None


message = bytes([SOLICIT, 1, 2, 3])
message += option(CLIENT_ID, struct.pack(">HH", 3, 1) + mac)
message += option(IA_NA, struct.pack(">III", 1, 0, 0))
message += option(ORO, struct.pack(">H", BOOTFILE_URL))
message += option(USER_CLASS, struct.pack(">H", 4) + b"iPXE")
message += option(ARCH, struct.pack(">H", 7))
peer = b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
wrapped = bytes([RELAY_FORW, 0]) + socket.inet_pton(socket.AF_INET6, link) + peer + option(RELAY_MSG, message)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((source, 547))
s.settimeout(5)
s.sendto(wrapped, (server, 547))
answer = found(s.recv(2048)[34:], RELAY_MSG)
url = found(answer[4:], BOOTFILE_URL)
print(url.decode() if url else "no URL")
