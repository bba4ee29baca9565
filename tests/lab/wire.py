# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw Ethernet frames and DHCP messages, for what speaks in others' names in labs: stranger.py, attacker.py."""
import socket, struct

BROADCAST, ANY = b"\xff" * 6, "0.0.0.0"
COOKIE = b"\x63\x82\x53\x63"


def open_wire(name):
    """A packet socket on that card, and the card's own MAC."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    return s, s.getsockname()[4]


def mac(text):
    return bytes(int(x, 16) for x in text.split(":"))


def mac_text(b):
    return ":".join("%02x" % x for x in b)


def checksum(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def udp(ether, to_ether, source, to, ports, data):
    """The frame, without UDP's checksum."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(to))
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return to_ether + ether + b"\x08\x00" + ip + struct.pack("!HHHH", *ports, 8 + len(data), 0) + data


def option(code, value):
    return bytes([code, len(value)]) + value


def message(op, kind, chaddr, xid, options=b"", ciaddr=ANY, yiaddr=ANY):
    """BOOTREQUEST 1 or BOOTREPLY 2, with the broadcast flag (RFC 2131, 2)."""
    head = struct.pack("!BBBBIHH", op, 1, 6, 0, xid, 0, 0x8000) + socket.inet_aton(ciaddr) + socket.inet_aton(yiaddr)
    head += bytes(8) + chaddr + bytes(10 + 192) + COOKIE + option(53, bytes([kind]))
    return (head + options + b"\xff").ljust(300, b"\0")
