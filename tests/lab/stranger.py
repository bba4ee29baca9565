# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stranger on a wire may say in others' names: raw DHCP and ARP.

    stranger.py IF forge-offer SECONDS          an OFFER to nobody, thrown in all the while
    stranger.py IF answer-offer ONCE|ALWAYS SECONDS  hears DISCOVERs and answers them as a server does
    stranger.py IF decline MAC ADDRESS SERVER   DISCOVER, then DECLINE, with another's MAC
    stranger.py IF computed NET FIRST LAST SERVER  leases by computed MACs: NET.FIRST to NET.LAST
    stranger.py IF ipxe COUNT                   as many cards whose iPXE asks what to boot
    stranger.py IF tftp NET SERVER MAC SECONDS  400 requests a second by NET.1 to NET.125 (made up), from ever new ports
"""
import select, socket, struct, sys, time
from wire import ANY, BROADCAST, mac, message, open_wire, option, udp

name, what, *args = sys.argv[1:]
wire, own = open_wire(name)


def send(source, ports, data):
    wire.send(udp(own, BROADCAST, source, "255.255.255.255", ports, data))


def say(client, kind, xid, options=b""):
    send(ANY, (68, 67), message(1, kind, client, xid, options))


def offer(client, xid):
    server = option(54, socket.inet_aton("10.66.0.66"))
    send("10.66.0.66", (67, 68), message(2, 2, client, xid, server, yiaddr="10.66.0.200"))


def discovers(seconds):
    end = time.time() + seconds
    while time.time() < end:
        if not select.select([wire], [], [], 0.2)[0]:
            continue
        f = wire.recv(2048)
        if len(f) > 285 and f[12:14] == b"\x08\x00" and f[36:38] == b"\x00\x43" and f[282:285] == b"\x35\x01\x01":
            yield f[70:76], struct.unpack("!I", f[46:50])[0]


if what == "forge-offer":
    for i in range(int(args[0]) * 5):
        offer(mac("02:11:22:33:44:55"), i)
        time.sleep(0.2)
elif what == "answer-offer":
    for client, xid in discovers(int(args[1])):
        if client[0] == 2 and client[1:4] != bytes(3):
            offer(client, xid)
            if args[0] == "ONCE":
                break
elif what == "decline":
    client, options = mac(args[0]), option(50, socket.inet_aton(args[1])) + option(54, socket.inet_aton(args[2]))
    say(client, 1, 7)
    time.sleep(0.3)
    say(client, 4, 8, options)
elif what == "computed":
    server = socket.inet_aton(args[3])
    for kind in 1, 3:
        for i in range(int(args[1]), int(args[2]) + 1):
            address = socket.inet_aton("%s.%d" % (args[0], i))
            options = option(50, address) + option(54, server) if kind == 3 else b""
            say(b"\x52\x54" + address, kind, i, options)
            time.sleep(0.02)
        time.sleep(0.5)
elif what == "ipxe":
    for i in range(int(args[0])):
        client = b"\x02\x99\x00\x00" + struct.pack("!H", i)
        data = message(1, 1, client, i, option(77, b"iPXE"))
        wire.send(udp(client, BROADCAST, ANY, "255.255.255.255", (68, 67), data))
        time.sleep(0.005)
elif what == "tftp":
    to, begun = mac(args[2]), time.time()
    for i in range(int(args[3]) * 400):
        ports = (1024 + i // 125, 69)
        wire.send(udp(own, to, "%s.%d" % (args[0], i % 125 + 1), args[1], ports, b"\0\1lab/kernel\0octet\0"))
        if i == 1000:
            print("ready", flush=True)
        time.sleep(max(0, begun + i / 400 - time.time()))
