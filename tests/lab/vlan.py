#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vlan.py BRIDGE VID TAP: what is tagged VID on BRIDGE is TAP's, and what TAP sends is tagged there.

For labs on kernels that have neither VLAN devices nor bridges that filter by VLAN. Goes on until it is killed.
"""
import fcntl
import os
import select
import socket
import struct
import sys

ETH_P_ALL, SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA, PACKET_MR_PROMISC, PACKET_OUTGOING = 3, 263, 1, 8, 1, 4
TUNSETIFF, IFF_TAP, IFF_NO_PI, VLAN_VALID, TPID = 0x400454CA, 0x0002, 0x1000, 1 << 4, 0x8100


def main(bridge, vid, tap):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    wire.bind((bridge, ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP,
                    struct.pack("IHH8s", socket.if_nametoindex(bridge), PACKET_MR_PROMISC, 0, b""))
    while True:
        for ready in select.select([tun, wire], [], [])[0]:
            if ready is tun:
                frame = os.read(tun, 65536)
                wire.send(frame[:12] + struct.pack("!HH", TPID, vid) + frame[12:])
                continue
            frame, about, _, source = wire.recvmsg(65536, 256)
            tag = None
            for level, kind, data in about:
                if level == SOL_PACKET and kind == PACKET_AUXDATA:
                    status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
                    tag = tci & 0xFFF if status & VLAN_VALID else None
            if tag is None and frame[12:14] == struct.pack("!H", TPID):
                tag, frame = struct.unpack("!H", frame[14:16])[0] & 0xFFF, frame[:12] + frame[16:]
            if tag == vid and source[2] != PACKET_OUTGOING:
                try:
                    os.write(tun, frame)
                except OSError:
                    pass  # not up yet


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
