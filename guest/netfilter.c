#include "guest/netfilter.h"

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
	"<uuid>7568e572-0000-4000-8000-6e6470666c74</uuid>"
	"<rule action='accept' direction='out' priority='500'>"
	"<ipv6 srcmacaddr='$MAC' dstipaddr='ff02::2' protocol='icmpv6' type='133'/></rule>"
	"<rule action='accept' direction='in' priority='500'>"
	"<ipv6 dstmacaddr='$MAC' protocol='icmpv6' type='134'/></rule>"
	"<filterref filter='" NETFILTER_GUEST "'/>"
	"</filter>";

bool netfilter_exists(virConnectPtr conn, const char *name)
{
	virNWFilterPtr f = virNWFilterLookupByName(conn, name);

	if (f)
		virNWFilterFree(f);
	return f;
}

bool netfilter_need_install(virConnectPtr conn)
{
	virNWFilterPtr f;

	if (netfilter_exists(conn, NETFILTER_INSTALL))
		return true;
	if (!netfilter_exists(conn, NETFILTER_GUEST))
		return false;
	/* Its UUID is fixed: two that define it at once define it twice alike. */
	f = virNWFilterDefineXML(conn, install_xml);
	if (f)
		virNWFilterFree(f);
	return f;
}
