#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lldp.py INTERFACE SYSTEM PORT VLAN SECONDS: a switch that says what it is, twice a second."""
import socket
import sys
import time


def tlv(kind, value):
    return bytes([kind << 1 | len(value) >> 8, len(value) & 255]) + value


interface, system, port, vlan, seconds = sys.argv[1:]
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind((interface, 0))
source = link.getsockname()[4]
frame = bytes.fromhex("0180c200000e") + source + b"\x88\xcc"
frame += tlv(1, b"\x04" + source) + tlv(2, b"\x05" + port.encode()) + tlv(3, b"\0\x78") + tlv(4, b"to \"a\x1b machine")
frame += tlv(5, system.encode()) + tlv(127, b"\x00\x80\xc2\x01" + int(vlan).to_bytes(2, "big")) + tlv(0, b"")
end = time.monotonic() + float(seconds)
while time.monotonic() < end:
    try:
        link.send(frame)
    except OSError:
        pass
    time.sleep(0.5)
