/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/netfilter.h"

#include "guest/virt.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

#define DROP_IN "<rule action='drop' direction='in' priority='-940'>"
#define DROP_OUT "<rule action='drop' direction='out' priority='-670'>"

/*
 * "in" is towards the guest. A client takes an answer from whoever sends it first, and many do not look at the port that
 * it comes from: so it is the guest's own ports that are closed to all but the servers, beside the servers' ports.
 * These rules come before all chains (the first one is at -800).
 *
 * "out" stands behind clean-traffic's chains against false MACs and addresses (-800, -710) and before its word on all
 * other IPv4 (-650). OVMF asks port 4011 from port 4011. Port 69: a TFTP server's first packet is not from it, but some
 * clients take one that is.
 *
 * A fragment of IPv6 need not tell its ports: the first may end before them, and the others are seen as fragments (44) alone.
 * Without those nothing is put together. Of IPv4 the first has them. A filter does not see a frame tagged for VLAN 0 as IP; the
 * host that receives it does.
 *
 * A rule with a further variable would need a filter of another name: libvirt takes none that a running guest has no
 * value for.
 */
static const char dhcp_xml[] =
	"<filter name='" NETFILTER_DHCP "' chain='root'>"
	"<uuid>7568e572-0000-4000-8000-646863700001</uuid>"
	"<rule action='accept' direction='in' priority='-950'>"
	"<ip srcipaddr='$" NETFILTER_USHER "' protocol='udp' srcportstart='67'/></rule>"
	"<rule action='accept' direction='in' priority='-950'>"
	"<ip srcipaddr='$" NETFILTER_USHER "' protocol='udp' srcportstart='4011'/></rule>"
	"<rule action='accept' direction='in' priority='-950'>"
	"<ip srcipaddr='$" NETFILTER_SERVER "' srcipmask='$" NETFILTER_LEN "' protocol='udp'"
	" srcportstart='67'/></rule>" DROP_IN
	"<ip protocol='udp' srcportstart='67'/></rule>" DROP_IN
	"<ip protocol='udp' srcportstart='4011'/></rule>" DROP_IN
	"<ip protocol='udp' dstportstart='68'/></rule>" DROP_IN
	"<ip protocol='udp' dstportstart='4011'/></rule>"
	"<rule action='accept' direction='out' priority='-680'>"
	"<ip dstipaddr='$" NETFILTER_USHER
	"' protocol='udp' srcportstart='4011' dstportstart='4011'/></rule>" DROP_OUT
	"<ip protocol='udp' srcportstart='67'/></rule>" DROP_OUT
	"<ip protocol='udp' srcportstart='69'/></rule>" DROP_OUT
	"<ip protocol='udp' srcportstart='4011'/></rule>" DROP_OUT
	"<ip protocol='udp' dstportstart='68'/></rule>" DROP_OUT
	"<ipv6 protocol='udp' srcportstart='547'/></rule>" DROP_OUT
	"<ipv6 protocol='udp' dstportstart='546'/></rule>" DROP_OUT
	"<ipv6 protocol='icmpv6' type='134'/></rule>" DROP_OUT
	"<ipv6 protocol='44'/></rule>" DROP_OUT "<vlan vlanid='0'/></rule>" DROP_IN
	"<vlan vlanid='0'/></rule>" DROP_OUT "<mac protocolid='0x88a8'/></rule>" DROP_IN
	"<mac protocolid='0x88a8'/></rule>"
	"</filter>";

static const char guest_xml[] = "<filter name='" NETFILTER_GUEST "' chain='root'>"
				"<uuid>7568e572-0000-4000-8000-646863700002</uuid>"
				"<filterref filter='" NETFILTER_DHCP "'/>"
				"<filterref filter='" NETFILTER_CLEAN "'/>"
				"</filter>";

/*
 * clean-traffic drops all of IPv6. Then iPXE, which configures IPv4 and IPv6 at once, asks in vain
 * for a router for 16 s before it goes on. The installing run lets that question out, and the
 * answer (dhcpd/ndp.h) in.
 *
 * The rules stand behind clean-traffic's chain against false MACs (priority -800) and before its
 * last word (1000).
 */
static const char install_xml[] =
	"<filter name='" NETFILTER_INSTALL "' chain='root'>"
	"<uuid>7568e572-0000-4000-8000-646863700003</uuid>"
	"<rule action='accept' direction='out' priority='500'>"
	"<ipv6 srcmacaddr='$MAC' dstipaddr='ff02::2' protocol='icmpv6' type='133'/></rule>"
	"<rule action='accept' direction='in' priority='500'>"
	"<ipv6 dstmacaddr='$MAC' protocol='icmpv6' type='134'/></rule>"
	"<filterref filter='" NETFILTER_GUEST "'/>"
	"</filter>";

/*
 * A guest speaks from its link-local address and its own, says "is this address free?" from none, and is neither a router nor a
 * DHCP server (RFC 4861 types 134 and 137), nor in fragments (44). Which address it says it has in neighbour discovery is not
 * held to: who is given secrets is judged by the kernel's neighbour table.
 */
static const char ipv6_xml[] =
	"<filter name='" NETFILTER_IPV6 "' chain='root'>"
	"<uuid>7568e572-0000-4000-8000-646863700004</uuid>"
	"<rule action='drop' direction='out' priority='390'><ipv6 protocol='44'/></rule>"
	"<rule action='drop' direction='out' priority='400'><ipv6 protocol='icmpv6' type='134'/></rule>"
	"<rule action='drop' direction='out' priority='400'><ipv6 protocol='icmpv6' type='137'/></rule>"
	"<rule action='drop' direction='out' priority='400'>"
	"<ipv6 protocol='udp' srcportstart='547'/></rule>"
	"<rule action='drop' direction='out' priority='400'>"
	"<ipv6 protocol='udp' dstportstart='546'/></rule>"
	"<rule action='accept' direction='out' priority='450'>"
	"<ipv6 srcipaddr='fe80::' srcipmask='10'/></rule>"
	"<rule action='accept' direction='out' priority='450'>"
	"<ipv6 srcipaddr='::' srcipmask='128' protocol='icmpv6'/></rule>"
	"<rule action='accept' direction='out' priority='450'>"
	"<ipv6 srcipaddr='$" NETFILTER_IP6 "' srcipmask='$" NETFILTER_IP6_LEN "'/></rule>"
	"<rule action='drop' direction='out' priority='480'><ipv6/></rule>"
	"<rule action='accept' direction='in' priority='500'><ipv6/></rule>"
	"</filter>";

static const char guest6_xml[] = "<filter name='" NETFILTER_GUEST6 "' chain='root'>"
				 "<uuid>7568e572-0000-4000-8000-646863700005</uuid>"
				 "<filterref filter='" NETFILTER_IPV6 "'/>"
				 "<filterref filter='" NETFILTER_GUEST "'/>"
				 "</filter>";

/* Of IPv4 only the question for an address goes out, which firmware asks first. */
static const char only6_xml[] =
	"<filter name='" NETFILTER_ONLY6 "' chain='root'>"
	"<uuid>7568e572-0000-4000-8000-646863700006</uuid>"
	"<filterref filter='no-mac-spoofing'/>"
	"<filterref filter='" NETFILTER_IPV6 "'/>"
	"<rule action='accept' direction='out' priority='600'>"
	"<ip srcipaddr='0.0.0.0' protocol='udp' srcportstart='68' dstportstart='67'/></rule>"
	"<rule action='accept' direction='in' priority='600'>"
	"<ip protocol='udp' srcportstart='67' dstportstart='68'/></rule>"
	"<rule action='drop' direction='inout' priority='700'/>"
	"</filter>";

/* Each refers to those before it. */
static const struct own {
	const char *name, *uuid, *xml;
} own[] = {{NETFILTER_DHCP, "7568e572-0000-4000-8000-646863700001", dhcp_xml},
	{NETFILTER_GUEST, "7568e572-0000-4000-8000-646863700002", guest_xml},
	{NETFILTER_INSTALL, "7568e572-0000-4000-8000-646863700003", install_xml},
	{NETFILTER_IPV6, "7568e572-0000-4000-8000-646863700004", ipv6_xml},
	{NETFILTER_GUEST6, "7568e572-0000-4000-8000-646863700005", guest6_xml},
	{NETFILTER_ONLY6, "7568e572-0000-4000-8000-646863700006", only6_xml}};

static const char old_uuid[] = "7568e572-0000-4000-8000-6e6470666c74";

/* -ENOENT: there is none of that name, or this libvirt has no filters at all. Another fault says nothing of what is there. */
static int find(virConnectPtr conn, const char *name, virNWFilterPtr *ret, char *why, size_t size)
{
	const virError *e;

	if ((*ret = virNWFilterLookupByName(conn, name)))
		return 0;
	e = virGetLastError();
	if (e && (e->code == VIR_ERR_NO_NWFILTER || e->code == VIR_ERR_NO_SUPPORT))
		return -ENOENT;
	return virt_error(why, size, "filter %s", name);
}

static bool has_uuid(virNWFilterPtr f, const char *uuid)
{
	char found[UUID_TEXT] = "";

	virNWFilterGetUUIDString(f, found);
	return !strcmp(found, uuid);
}

bool netfilter_exists(virConnectPtr conn, const char *name)
{
	virNWFilterPtr f = virNWFilterLookupByName(conn, name);

	if (f)
		virNWFilterFree(f);
	return f;
}

/* libvirt looks itself whether it changes anything: what is there as it should be costs one call. */
static int define(virConnectPtr conn, const struct own *o, char *why, size_t size)
{
	virNWFilterPtr f;
	int rc = find(conn, o->name, &f, why, size);
	bool theirs = !rc && !has_uuid(f, o->uuid);

	if (!rc)
		virNWFilterFree(f);
	if (theirs || (rc && rc != -ENOENT))
		return rc;
	f = virNWFilterDefineXML(conn, o->xml);
	if (!f)
		return virt_error(why, size, "filter %s", o->name);
	virNWFilterFree(f);
	return 0;
}

/* Once no run of an older usher has it any more: libvirt refuses before. */
static void drop_old(virConnectPtr conn)
{
	virNWFilterPtr f = virNWFilterLookupByName(conn, NETFILTER_INSTALL_OLD);

	if (!f)
		return;
	if (has_uuid(f, old_uuid))
		(void)virNWFilterUndefine(f);
	virNWFilterFree(f);
}

int netfilter_need(virConnectPtr conn, char *why, size_t why_size)
{
	virNWFilterPtr clean;
	int rc = find(conn, NETFILTER_CLEAN, &clean, why, why_size);

	if (rc == -ENOENT)
		snprintf(why, why_size, "this libvirt has no filter " NETFILTER_CLEAN);
	if (rc)
		return rc;
	virNWFilterFree(clean);
	for (size_t i = 0; !rc && i < sizeof own / sizeof *own; i++)
		rc = define(conn, &own[i], why, why_size);
	if (!rc)
		drop_old(conn);
	return rc;
}
