# SPDX-License-Identifier: GPL-2.0-or-later
# ra.py LINK PREFIX FLAGS LIFETIME: a router that is not ours. Advertises every second, until it is killed. PREFIX is a /64, on
# the link; FLAGS are of M, O and A; LIFETIME is in seconds.
import fcntl
import socket
import struct
import sys
import time

link, prefix, flags, lifetime = sys.argv[1:]
about = (0x80 if "M" in flags else 0) | (0x40 if "O" in flags else 0)
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
# SIOCGIFHWADDR: /sys shows another namespace's links
mac = fcntl.ioctl(s, 0x8927, struct.pack("256s", link.encode()))[18:24]
message = struct.pack(">BBHBBHII", 134, 0, 0, 64, about, int(lifetime), 0, 0)
message += bytes([1, 1]) + mac
message += struct.pack(">BBBBIII", 3, 4, 64, 0xC0 if "A" in flags else 0x80, 3600, 1800, 0)
message += socket.inet_pton(socket.AF_INET6, prefix)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(link))
while True:
    s.sendto(message, ("ff02::1", 0, 0, socket.if_nametoindex(link)))
    time.sleep(1)
