# SPDX-License-Identifier: GPL-2.0-or-later
"""tagged.py FROM TO VLAN: sends on TO, with a tag (802.1Q), each frame that comes to FROM: for kernels that have no VLANs."""
import socket
import struct
import sys

source, sink, vlan = sys.argv[1:]
heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
heard.bind((source, 3))
said = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
said.bind((sink, 0))
while True:
    frame, about = heard.recvfrom(65536)
    if about[2] != socket.PACKET_OUTGOING:
        said.send(frame[:12] + struct.pack(">HH", 0x8100, int(vlan)) + frame[12:])
