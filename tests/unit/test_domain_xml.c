/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain/domain_xml.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct domain_facts emulated = {
	.type = "qemu", .disks[0].path = "/pool/web01.qcow2", .filter = true};
static const struct domain_facts real = {
	.type = "kvm", .disks[0].path = "/pool/web01.qcow2", .filter = false};

static struct guest_spec plain(const char *fragment)
{
	struct guest_spec s = {.name = "web01",
		.uuid = "6695eb01-f6a4-8304-79aa-97f2502e193f",
		.profile = "debian-12",
		.memory_mib = 768,
		.vcpus = 2,
		.disk = 1 << 30,
		.fragment = fragment,
		.n_nics = 1};

	snprintf(s.nics[0].network, sizeof s.nics[0].network, "default");
	mac_parse("52:54:c0:a8:7a:03", &s.nics[0].mac);
	ip_parse("192.168.122.3", &s.nics[0].ip);
	ip_parse("192.168.122.1", &s.nics[0].server);
	s.nics[0].lessors = (struct subnet){0xc0a87a01, 32};
	return s;
}

static char * final(const struct guest_spec *s, const struct domain_facts *f)
{
	char why[GUEST_WHY] = "", *xml = NULL;

	ck_assert_msg(domain_xml_final(s, f, &xml, why, sizeof why) == 0, "%s", why);
	return xml;
}

static char *final_of(const char *fragment)
{
	struct guest_spec s = plain(fragment);

	return final(&s, &emulated);
}

static char *install(const char *xml)
{
	char why[GUEST_WHY] = "", *out = NULL;

	ck_assert_msg(domain_xml_install(xml, &out, why, sizeof why) == 0, "%s", why);
	return out;
}

static void refused(const char *fragment, unsigned line, const char *expect)
{
	struct guest_spec s = plain(fragment);
	char why[GUEST_WHY] = "", *xml = NULL;

	s.fragment_line = line;
	ck_assert_int_eq(domain_xml_final(&s, &emulated, &xml, why, sizeof why), -EINVAL);
	ck_assert_msg(strstr(why, expect) != NULL, "\"%s\" is not in \"%s\"", expect, why);
	ck_assert_ptr_null(xml);
	ck_assert_ptr_null(strchr(why, '\n'));
}

static void has(const char *xml, const char *part)
{
	ck_assert_msg(strstr(xml, part) != NULL, "%s is not in\n%s", part, xml);
}

static void lacks(const char *xml, const char *part)
{
	ck_assert_msg(strstr(xml, part) == NULL, "%s is in\n%s", part, xml);
}

static void in_order(const char *xml, const char *first, const char *second)
{
	const char *at = strstr(xml, first);

	has(xml, first);
	ck_assert_msg(
		strstr(at, second) != NULL, "%s does not follow %s in\n%s", second, first, xml);
}

static unsigned count(const char *xml, const char *part)
{
	unsigned n = 0;

	for (; (xml = strstr(xml, part)); xml++)
		n++;
	return n;
}

/* libvirt's own schema, where its validator is installed. */
static void valid(const char *xml)
{
	char path[] = "/tmp/test-domain-XXXXXX", command[128];
	int fd;
	FILE *f;

	if (access("/usr/bin/virt-xml-validate", X_OK))
		return;
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	f = fdopen(fd, "w");
	fputs(xml, f);
	fclose(f);
	snprintf(command, sizeof command, "virt-xml-validate %s domain 2>&1 >/dev/null", path);
	ck_assert_msg(system(command) == 0, "not valid:\n%s", xml);
	unlink(path);
}

/* On IPv6 alone OVMF does not wait for IPv4 first. */
START_TEST(ipv6_alone)
{
	static const char ENTRY[] = "<sysinfo type=\"fwcfg\">\n    "
				    "<entry name=\"opt/org.tianocore/IPv4PXESupport\">no</entry>";
	struct guest_spec s = plain(NULL);
	char *xml = final(&s, &real);

	ck_assert_ptr_null(strstr(xml, "fwcfg"));
	free(xml);
	ip_parse("2001:db8:7a::c0a8:7a03", &s.nics[0].ip6);
	xml = final(&s, &real); /* both */
	ck_assert_ptr_null(strstr(xml, "fwcfg"));
	free(xml);
	s.nics[0].ip = s.nics[0].server = (struct ip){0};
	xml = final(&s, &real);
	ck_assert_msg(strstr(xml, ENTRY) != NULL, "%s", xml);
	free(xml);
	s.nics[1] = s.nics[0];
	ip_parse("192.168.122.1", &s.nics[1].server); /* it may boot from that one */
	s.n_nics = 2;
	xml = final(&s, &real);
	ck_assert_ptr_null(strstr(xml, "fwcfg"));
	free(xml);
	s.n_nics = 1;
	s.fragment =
		"<domain><sysinfo type='fwcfg'><entry name='opt/org.tianocore/IPv4PXESupport'>yes</entry>"
		"</sysinfo></domain>";
	xml = final(&s, &real); /* the profile's word counts */
	ck_assert_ptr_null(strstr(xml, ">no</entry>"));
	free(xml);
}
END_TEST

START_TEST(no_fragment)
{
	char *xml = final_of(NULL);

	has(xml, "<domain type=\"qemu\">");
	has(xml, "<name>web01</name>");
	has(xml, "<uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>");
	has(xml, "<memory unit=\"MiB\">768</memory>");
	has(xml, "<vcpu>2</vcpu>");
	has(xml, "<cpu mode=\"maximum\">");
	has(xml, "<feature policy=\"disable\" name=\"erms\"/>");
	has(xml, "<on_reboot>restart</on_reboot>");
	has(xml, "<on_poweroff>destroy</on_poweroff>");
	has(xml, "<source file=\"/pool/web01.qcow2\"/>");
	has(xml, "<mac address=\"52:54:c0:a8:7a:03\"/>");
	has(xml, "<source network=\"default\"/>");
	has(xml, "<model type=\"virtio\"/>");
	has(xml, "<filterref filter=\"usher-guest\">");
	has(xml, "<parameter name=\"IP\" value=\"192.168.122.3\"/>");
	has(xml, "<parameter name=\"USHER\" value=\"192.168.122.1\"/>");
	has(xml, "<parameter name=\"DHCPSERVER\" value=\"192.168.122.1\"/>");
	has(xml, "<parameter name=\"DHCPSERVER_LEN\" value=\"32\"/>");
	has(xml, "<serial type=\"pty\">");
	has(xml, "<rng model=\"virtio\">");
	has(xml, "<bios useserial=\"yes\"/>");
	in_order(xml, "<disk ", "<boot order=\"1\"/>");
	in_order(xml, "<interface ", "<boot order=\"2\"/>");
	lacks(xml, "<graphics");
	valid(xml);
	free(xml);
}
END_TEST

START_TEST(with_kvm)
{
	struct guest_spec s = plain(NULL);
	char *xml;

	s.uuid[0] = '\0';
	xml = final(&s, &real);
	has(xml, "<domain type=\"kvm\">");
	has(xml, "<cpu mode=\"host-passthrough\"/>");
	lacks(xml, "<uuid>");
	lacks(xml, "filterref");
	valid(xml);
	free(xml);
}
END_TEST

START_TEST(machine_wins)
{
	char *xml = final_of(
		"<domain type='kvm' id='7'><name>other</name><memory unit='KiB'>5</memory>"
		"<currentMemory>5</currentMemory><vcpu placement='static' current='1'>9</vcpu>"
		"<uuid>00000000-0000-0000-0000-000000000001</uuid><on_reboot>preserve</on_reboot>"
		"<os><type>hvm</type><boot dev='cdrom'/><boot dev='hd'/></os></domain>");

	has(xml, "type=\"qemu\"");
	has(xml, "<name>web01</name>");
	has(xml, "<memory unit=\"MiB\">768</memory>");
	has(xml, "<vcpu placement=\"static\" current=\"2\">9</vcpu>");
	has(xml, "<on_reboot>restart</on_reboot>");
	lacks(xml, "other");
	lacks(xml, "currentMemory");
	lacks(xml, "boot dev");
	lacks(xml, "00000000-0000");
	ck_assert_uint_eq(count(xml, "<name>"), 1);
	ck_assert_uint_eq(count(xml, "<memory "), 1);
	free(xml);
}
END_TEST

START_TEST(fragment_is_kept)
{
	char *xml = final_of(
		"<domain>"
		"<memoryBacking><hugepages/></memoryBacking>"
		"<cputune><shares>512</shares></cputune>"
		"<os firmware='efi'><type machine='pc-q35-7.2' arch='x86_64'>hvm</type>"
		"<firmware><feature enabled='yes' name='secure-boot'/></firmware></os>"
		"<features><kvm><hidden state='on'/></kvm><smm state='on'/></features>"
		"<cpu mode='custom' match='exact'><model>Nehalem</model></cpu>"
		"<on_crash>coredump-destroy</on_crash>"
		"<seclabel type='none'/><devices><watchdog model='i6300esb' action='reset'/>"
		"<graphics type='vnc'/><input type='tablet' bus='usb'/>"
		"<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"
		"<console type='pty'/></devices></domain>");

	has(xml, "<hugepages/>");
	has(xml, "<shares>512</shares>");
	has(xml, "firmware=\"efi\"");
	has(xml, "secure-boot");
	has(xml, "machine=\"pc-q35-7.2\"");
	has(xml, "<hidden state=\"on\"/>");
	has(xml, "<acpi/>");
	has(xml, "<model>Nehalem</model>");
	has(xml, "coredump-destroy");
	has(xml, "<seclabel type=\"none\"/>");
	has(xml, "i6300esb");
	has(xml, "<graphics type=\"vnc\"/>");
	has(xml, "/dev/random");
	lacks(xml, "urandom");
	lacks(xml, "<serial");
	lacks(xml, "useserial");
	lacks(xml, "mode=\"maximum\"");
	valid(xml);
	free(xml);
}
END_TEST

/* Asleep it would be of no use; unless the profile wants that, or it is none of QEMU's x86. */
START_TEST(does_not_sleep)
{
	char *xml = final_of(NULL);

	has(xml, "<suspend-to-mem enabled=\"no\"/>");
	has(xml, "<suspend-to-disk enabled=\"no\"/>");
	free(xml);
	xml = final_of("<domain><pm><suspend-to-mem enabled='yes'/></pm></domain>");
	has(xml, "<suspend-to-mem enabled=\"yes\"/>");
	lacks(xml, "suspend-to-disk");
	valid(xml);
	free(xml);
	xml = final_of("<domain><os><type arch='aarch64' machine='virt'>hvm</type></os></domain>");
	lacks(xml, "<pm>");
	free(xml);
	xml = final_of("<domain type='bhyve'/>");
	lacks(xml, "<pm>");
	free(xml);
}
END_TEST

START_TEST(host_cpu_under_emulation)
{
	const char *fragment = "<domain><cpu mode='host-passthrough' check='none'/></domain>";
	struct guest_spec s = plain(fragment);
	char *xml = final_of(fragment);

	has(xml, "mode=\"maximum\"");
	has(xml, "<feature policy=\"disable\" name=\"erms\"/>");
	free(xml);
	xml = final(&s, &real);
	has(xml, "mode=\"host-passthrough\"");
	lacks(xml, "erms");
	free(xml);
}
END_TEST

START_TEST(patterns)
{
	char *xml = final_of(
		"<domain><devices>"
		"<disk device='cdrom'><target dev='sdb' bus='sata'/></disk>"
		"<disk type='file'><source file='/data.img'/><target dev='vdb' bus='virtio'/>"
		"<boot order='1'/></disk><disk><driver cache='none' io='native' discard='ignore'/><target "
		"bus='sata'/></disk><interface type='bridge'><source bridge='br9'/><boot order='2'/></interface>"
		"<interface><model type='e1000e'/><rom enabled='no'/><boot order='9'/>"
		"<mac address='52:54:00:00:00:09'/></interface>"
		"</devices></domain>");

	has(xml, "cache=\"none\"");
	has(xml, "discard=\"ignore\"");
	has(xml, "<target bus=\"sata\" dev=\"sda\"/>");
	has(xml, "<model type=\"e1000e\"/>");
	has(xml, "<rom enabled=\"no\"/>");
	has(xml, "<mac address=\"52:54:c0:a8:7a:03\"/>");
	lacks(xml, "52:54:00:00:00:09");
	in_order(xml, "/pool/web01.qcow2", "/data.img");
	in_order(xml, "network=\"default\"", "bridge=\"br9\"");
	ck_assert_uint_eq(count(xml, "<boot order"), 2);
	ck_assert_uint_eq(count(xml, "<interface"), 2);
	ck_assert_uint_eq(count(xml, "<disk"), 3);
	valid(xml);
	free(xml);
}
END_TEST

START_TEST(two_nics)
{
	struct guest_spec s = plain("<domain><devices><interface><mtu size='9000'/></interface>"
				    "<interface type='user'/></devices></domain>");
	char *xml, *run;

	s.nics[1] = s.nics[0];
	s.nics[1].mac.b[5] = 4;
	s.nics[1].ip = (struct ip){0};
	s.n_nics = 2;
	xml = final(&s, &emulated);
	in_order(xml, "52:54:c0:a8:7a:03", "52:54:c0:a8:7a:04");
	in_order(xml, "52:54:c0:a8:7a:04", "<interface type=\"user\"/>");
	ck_assert_uint_eq(count(xml, "<boot order"), 2); /* the further one does not boot */
	ck_assert_uint_eq(count(xml, "filter=\"usher-guest\""), 1);
	ck_assert_uint_eq(count(xml, "filter=\"usher-dhcp\""), 1); /* the other has no address */
	ck_assert_uint_eq(count(xml, "9000"), 1);
	run = install(xml);
	in_order(run, "52:54:c0:a8:7a:03", "<boot order=\"1\"/>");
	in_order(run, "<disk ", "<boot order=\"2\"/>");
	valid(run);
	free(xml);
	free(run);
}
END_TEST

START_TEST(own_filter)
{
	char *xml = final_of("<domain><devices><interface><filterref filter='mine'/></interface>"
			     "</devices></domain>");

	has(xml, "filter=\"mine\"");
	lacks(xml, "usher-guest");
	free(xml);
}
END_TEST

/* What is not known cannot be held to. */
START_TEST(filter_of_what_is_known)
{
	struct guest_spec s = plain(NULL);
	char *xml;

	s.nics[0].lessors = (struct subnet){0xc0a87a00, 24};
	xml = final(&s, &emulated);
	has(xml, "<parameter name=\"DHCPSERVER\" value=\"192.168.122.0\"/>");
	has(xml, "<parameter name=\"DHCPSERVER_LEN\" value=\"24\"/>");
	free(xml);
	s.nics[0].ip = (struct ip){0};
	xml = final(&s, &emulated);
	has(xml, "<filterref filter=\"usher-dhcp\">");
	lacks(xml, "name=\"IP\"");
	free(xml);
	s.nics[0].server = (struct ip){0};
	xml = final(&s, &emulated);
	lacks(xml, "<filterref");
	free(xml);
	s = plain(NULL);
	s.nics[0].server = (struct ip){0};
	xml = final(&s, &emulated);
	has(xml, "<filterref filter=\"clean-traffic\">");
	lacks(xml, "USHER");
	free(xml);
	xml = final(&s, &real);
	lacks(xml, "<filterref");
	free(xml);
}
END_TEST

/* How many of them are to change; the first is `ret_first`. */
static size_t filters(const char *xml, const struct guest_spec *s, char **ret_first)
{
	char *nics[GUEST_NICS];
	size_t n;

	ck_assert_int_eq(domain_xml_filters(xml, s, nics, &n), 0);
	*ret_first = n ? nics[0] : NULL;
	for (size_t i = 1; i < n; i++)
		free(nics[i]);
	return n;
}

/* A guest of an older usher, one whose server moved; nothing to do; nobody else's. */
START_TEST(filters_kept_as_they_should_be)
{
	struct guest_spec s = plain(NULL);
	char *xml = final(&s, &emulated), *run = install(xml), *nic = NULL, *other;

	ck_assert_uint_eq(filters(xml, &s, &nic), 0);
	ck_assert_uint_eq(filters(run, &s, &nic), 0);
	ip_parse("192.168.122.9", &s.nics[0].server);
	ck_assert_uint_eq(filters(xml, &s, &nic), 1);
	has(nic, "<interface type=\"network\">");
	has(nic, "<mac address=\"52:54:c0:a8:7a:03\"/>");
	has(nic, "<filterref filter=\"usher-guest\">");
	has(nic, "<parameter name=\"USHER\" value=\"192.168.122.9\"/>");
	free(nic);
	ck_assert_uint_eq(filters(run, &s, &nic), 1);
	has(nic, "<filterref filter=\"usher-guest-install\">");
	free(nic);
	mac_parse("52:54:c0:a8:7a:04", &s.nics[0].mac);
	ck_assert_uint_eq(filters(xml, &s, &nic), 0); /* another NIC */
	s = plain(NULL);
	s.nics[0].server = (struct ip){0};
	ck_assert_uint_eq(filters(xml, &s, &nic), 0); /* not known just now */
	other = final(&s, &emulated);
	s = plain(NULL);
	ck_assert_uint_eq(filters(other, &s, &nic), 1); /* clean-traffic alone, an older usher's */
	has(nic, "<filterref filter=\"usher-guest\">");
	free(nic);
	free(other);
	other = final_of(
		"<domain><devices><interface><filterref filter='clean-traffic'/></interface>"
		"</devices></domain>");
	ck_assert_uint_eq(filters(other, &s, &nic), 0); /* the site's */
	ck_assert_uint_eq(
		filters("<domain><devices><interface><mac address='52:54:c0:a8:7a:03'/>"
			"<filterref filter='clean-traffic'><parameter name='IP' value='1.2.3.4'/>"
			"</filterref></interface></devices></domain>",
			&s, &nic),
		0); /* not ours */
	ck_assert_uint_eq(filters("<dom", &s, &nic), 0);
	ck_assert_uint_eq(domain_xml_unfiltered(xml, "default", "virbr0"), 0);
	ck_assert_uint_eq(
		domain_xml_unfiltered(
			"<domain><devices><interface><source network='default'/></interface>"
			"<interface><source bridge='virbr0'/></interface>"
			"<interface><source bridge='br9'/></interface></devices></domain>",
			"default", "virbr0"),
		2);
	ck_assert_uint_eq(
		domain_xml_unfiltered("<domain><devices><interface><source bridge=''/></interface>"
				      "</devices></domain>",
			"default", ""),
		0);
	ck_assert_uint_eq(domain_xml_unfiltered("<dom", "default", "virbr0"), 0);
	free(other);
	free(xml);
	free(run);
}
END_TEST

START_TEST(foreign_namespaces)
{
	char *xml =
		final_of("<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
			 "<metadata><x:y xmlns:x='urn:x'/>"
			 "<u:guest xmlns:u='urn:usher:1' profile='older' run='install'/></metadata>"
			 "<qemu:commandline><qemu:arg value='-S'/></qemu:commandline></domain>");
	struct domain_mark mark;

	has(xml, "<qemu:arg value=\"-S\"/>");
	has(xml, "urn:x");
	lacks(xml, "older");
	domain_xml_mark(xml, &mark);
	ck_assert(mark.ours);
	ck_assert(!mark.installing);
	ck_assert_str_eq(mark.profile, "debian-12");
	free(xml);
}
END_TEST

START_TEST(escaping)
{
	struct guest_spec s = plain(NULL);
	struct domain_facts f = {.type = "qemu", .disks[0].path = "/p<o>o&l/'w\".qcow2"};
	struct domain_mark mark;
	char *xml;

	snprintf(s.profile, sizeof s.profile, "a<b&c>\"d'");
	snprintf(s.name, sizeof s.name, "n<&>&amp;");
	snprintf(s.nics[0].network, sizeof s.nics[0].network, "net&'\"<");
	xml = final(&s, &f);
	has(xml, "<name>n&lt;&amp;&gt;&amp;amp;</name>");
	has(xml, "/p&lt;o&gt;o&amp;l/'w&quot;.qcow2");
	has(xml, "net&amp;'&quot;&lt;");
	domain_xml_mark(xml, &mark);
	ck_assert_str_eq(mark.profile, "a<b&c>\"d'");
	free(xml);
}
END_TEST

START_TEST(errors_name_the_place)
{
	refused("<domain>\n <devices>\n <disk></devices>\n</domain>", 0, "line 3");
	refused("<domain>\n <devices>\n <disk></devices>\n</domain>", 40, "line 42");
	refused("<guest/>", 7, "line 7: <guest> where <domain> was expected");
	refused("<domain xmlns='urn:z'/>", 1, "<domain> was expected");
	refused("", 3, "line 3");
	refused("<!DOCTYPE domain [<!ENTITY a 'b'>]><domain/>", 1, "document type");
	refused("<domain>\n<os>\n<kernel>/k</kernel></os></domain>", 10, "line 12: <kernel>");
	refused("<domain><os><type>xen</type></os></domain>", 1, "hvm");
	refused("<domain><devices>\n\n<interface/>\n<interface/></devices></domain>", 1,
		"line 4: <interface> without <source>");
	refused("<domain><devices>\n<disk type='file'><source file='/x'/><target dev='vda'/></disk>"
		"</devices></domain>",
		1, "line 2: <target dev='vda'/>");
}
END_TEST

START_TEST(too_long)
{
	size_t len = DOMAIN_XML_FRAGMENT_MAX + 1;
	char *text = malloc(len + 1);

	memset(text, ' ', len);
	memcpy(text, "<domain/>", 9);
	text[len] = '\0';
	refused(text, 1, "longer than");
	free(text);
}
END_TEST

START_TEST(installing_run)
{
	char *xml = final_of(NULL), *run = install(xml);
	struct domain_mark mark;

	has(run, "<on_reboot>destroy</on_reboot>");
	in_order(run, "<interface ", "<boot order=\"1\"/>");
	in_order(run, "<disk ", "<boot order=\"2\"/>");
	has(run, "<name>web01</name>");
	has(run, "<uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>");
	domain_xml_mark(run, &mark);
	ck_assert(mark.ours && mark.installing);
	domain_xml_mark(xml, &mark);
	ck_assert(mark.ours && !mark.installing);
	valid(run);
	free(xml);
	free(run);
}
END_TEST

static char *turned(const char *xml, bool live)
{
	char why[512] = "", *ret = NULL;

	ck_assert_msg(!domain_xml_turn(xml, live, &ret, why, sizeof why), "%s", why);
	return ret;
}

/* At every boot, and back again to the same. */
START_TEST(network_first_always)
{
	char *xml = final_of(NULL), *live = turned(xml, true), *again = turned(live, true),
	     *back = turned(live, false), *run = install(live);
	struct domain_mark mark;

	in_order(live, "<interface ", "<boot order=\"1\"/>");
	in_order(live, "<disk ", "<boot order=\"2\"/>");
	has(live, "<on_reboot>restart</on_reboot>");
	valid(live);
	domain_xml_mark(live, &mark);
	ck_assert(mark.ours && mark.live && !mark.installing);
	ck_assert_str_eq(again, live);
	ck_assert_str_eq(back, xml);
	domain_xml_mark(run, &mark);
	ck_assert(mark.installing && !mark.live);
	free(xml);
	free(live);
	free(again);
	free(back);
	free(run);
}
END_TEST

/* Its other strings go, those of others stay; only its own power-off ends it. */
START_TEST(sealing_run)
{
	struct guest_spec s =
		plain("<domain><sysinfo type='smbios'><oemStrings>"
		      "<entry>site:usher:rack=7</entry></oemStrings></sysinfo></domain>");
	char why[GUEST_WHY], *xml, *run = NULL, *again = NULL;
	struct domain_mark mark;

	snprintf(s.oem[0], sizeof s.oem[0], "usher:hostname=web01");
	snprintf(s.oem[1], sizeof s.oem[1], "usher:up=http://192.168.122.1:8067/m/beef/up");
	s.n_oem = 2;
	xml = final(&s, &emulated);
	ck_assert_int_eq(domain_xml_seal(xml, &run, why, sizeof why), 0);
	has(run, "<entry>usher:seal=1</entry>");
	has(run, "<entry>site:usher:rack=7</entry>");
	lacks(run, "usher:hostname");
	lacks(run, "usher:up");
	has(run, "<smbios mode=\"sysinfo\"/>");
	has(run, "<on_reboot>restart</on_reboot>");
	in_order(run, "<disk ", "<boot order=\"1\"/>");
	domain_xml_mark(run, &mark);
	ck_assert(mark.ours && !mark.installing);
	valid(run);
	ck_assert_int_eq(domain_xml_seal(run, &again, why, sizeof why), 0);
	ck_assert_str_eq(run, again);
	free(xml);
	free(run);
	free(again);
	xml = final_of(NULL); /* without any */
	ck_assert_int_eq(domain_xml_seal(xml, &run, why, sizeof why), 0);
	ck_assert_uint_eq(count(run, "<oemStrings>"), 1);
	valid(run);
	free(xml);
	free(run);
	ck_assert_int_eq(domain_xml_seal("<domain", &run, why, sizeof why), -EINVAL);
}
END_TEST

/* An installing run lets the firmware ask for an IPv6 router; a filter that the profile chose
 * stays. */
START_TEST(filter_of_an_installing_run)
{
	char *xml = final_of(NULL), *run = install(xml);

	has(run, "<filterref filter=\"usher-guest-install\">");
	has(run, "<parameter name=\"IP\" value=\"192.168.122.3\"/>");
	has(run, "<parameter name=\"DHCPSERVER\" value=\"192.168.122.1\"/>");
	free(run);
	free(xml);
	xml = final_of("<domain><devices><interface><filterref filter='clean-traffic'/></interface>"
		       "</devices></domain>");
	run = install(xml);
	has(run, "<filterref filter=\"clean-traffic\"/>");
	free(run);
	free(xml);
	xml = final_of("<domain><devices><interface><filterref "
		       "filter='mine'/></interface></devices></domain>");
	run = install(xml);
	has(run, "<filterref filter=\"mine\"/>");
	free(xml);
	free(run);
}
END_TEST

/* What a user may have made of our definition since. */
START_TEST(installing_run_of_an_edited_one)
{
	char *run = install("<domain><os><type>hvm</type><boot dev='hd'/></os><devices>"
			    "<disk/><disk/><interface/><interface/></devices></domain>");
	char why[GUEST_WHY] = "", *out = NULL;

	in_order(run, "<disk>", "<boot order=\"2\"/>");
	in_order(run, "<interface>", "<boot order=\"1\"/>");
	ck_assert_uint_eq(count(run, "<boot"), 2);
	free(run);
	run = install(
		"<domain><devices><hostdev><boot order='3'/></hostdev><disk><boot "
		"order='2'/></disk><interface><boot order='7'/></interface></devices></domain>");
	in_order(run, "<interface>", "<boot order=\"1\"/>");
	in_order(run, "<disk>", "<boot order=\"2\"/>");
	in_order(run, "<hostdev>", "<boot order=\"3\"/>");
	free(run);
	ck_assert_int_eq(domain_xml_install("<domain><devices><disk/></devices></domain>", &out,
				 why, sizeof why),
		-EINVAL);
	ck_assert(strstr(why, "no NIC"));
	ck_assert_int_eq(domain_xml_install("<domain/>", &out, why, sizeof why), -EINVAL);
	ck_assert_int_eq(domain_xml_install("<dom", &out, why, sizeof why), -EINVAL);
	ck_assert_ptr_null(out);
}
END_TEST

START_TEST(reading)
{
	struct domain_mark mark;
	struct mac mac, all[1];

	domain_xml_mark("<domain><metadata><guest/></metadata></domain>", &mark);
	ck_assert(!mark.ours);
	domain_xml_mark("nonsense", &mark);
	ck_assert(!mark.ours);
	mac_parse("52:54:00:AA:BB:CC", &mac);
	ck_assert_uint_eq(domain_xml_macs("<domain><devices><interface/><interface>"
					  "<mac address='52:54:00:aa:bb:cc'/></interface>"
					  "<interface><mac address='52:54:00:aa:bb:cd'/>"
					  "</interface></devices></domain>",
				  all, 1),
		2);
	ck_assert(mac_eq(&all[0], &mac));
	ck_assert_uint_eq(domain_xml_macs("", all, 1), 0);
}
END_TEST

static bool disk_is(const char *inside)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<domain><devices><disk/><disk>%s</disk></devices></domain>",
		inside);
	return domain_xml_has_disk(xml, "/pool/a.qcow2", "pool", "a.qcow2");
}

START_TEST(test_disks_of_others)
{
	ck_assert(disk_is("<source file='/pool/a.qcow2'/>"));
	ck_assert(disk_is("<source pool='pool' volume='a.qcow2'/>"));
	ck_assert(disk_is("<source file='/top'/><backingStore type='file'><source file='/middle'/>"
			  "<backingStore type='file'><source "
			  "file='/pool/a.qcow2'/></backingStore></backingStore>"));
	ck_assert(!disk_is("<source file='/pool/a.qcow2.old'/><backingStore/>"));
	ck_assert(!disk_is("<source pool='pool2' volume='a.qcow2'/>"));
	ck_assert(!disk_is(""));
	ck_assert(!domain_xml_has_disk("", "/pool/a.qcow2", "pool", "a.qcow2"));
}
END_TEST

START_TEST(disks)
{
	/* Longer than any buffer one would think of. */
	const char *path =
		"/a-long-path-a-long-path-a-long-path-a-long-path-a-long-path/of/a/volume.qcow2";
	const char *volume = "v.qcow2";
	char xml[512];

	snprintf(xml, sizeof xml,
		"<domain><devices><disk/><disk><source file='%s'/></disk></devices></domain>",
		path);
	ck_assert(domain_xml_has_disk(xml, path, "default", volume));
	ck_assert(!domain_xml_has_disk(xml, "/other", "default", volume));
	snprintf(xml, sizeof xml,
		"<domain><devices><disk><source file='/x'/><backingStore><source "
		"file='%s'/></backingStore>"
		"</disk></devices></domain>",
		path);
	ck_assert(domain_xml_has_disk(xml, path, "default", volume));
	ck_assert(domain_xml_has_disk(
		"<domain><devices><disk><source pool='default' volume='v.qcow2'/></disk>"
		"</devices></domain>",
		path, "default", volume));
	ck_assert(!domain_xml_has_disk(
		"<domain><devices><disk><source pool='p2' volume='v.qcow2'/></disk>"
		"</devices></domain>",
		path, "default", volume));
}
END_TEST

/* Cores, then sockets, are made to fit; what cannot be is refused. */
START_TEST(topology)
{
	char *xml = final_of("<domain><cpu><topology sockets='1' dies='1' cores='8' threads='1'/>"
			     "</cpu></domain>");

	has(xml, "<topology sockets=\"1\" dies=\"1\" cores=\"2\" threads=\"1\"/>");
	has(xml, "mode=\"maximum\"");
	free(xml);
	xml = final_of("<domain><cpu><topology sockets='8' cores='1' threads='2'/></cpu></domain>");
	has(xml, "<topology sockets=\"1\" cores=\"1\" threads=\"2\"/>");
	free(xml);
	xml = final_of("<domain><vcpu current='1'>8</vcpu>"
		       "<cpu><topology sockets='1' cores='8' threads='1'/></cpu></domain>");
	has(xml, "<vcpu current=\"2\">8</vcpu>");
	has(xml, "cores=\"8\""); /* those to plug in count */
	free(xml);
	refused("<domain>\n<cpu>\n<topology sockets='1' cores='1' threads='3'/></cpu></domain>", 1,
		"line 3: <topology> of 3 CPUs does not divide into the machine's 2");
}
END_TEST

START_TEST(numa)
{
	char *xml = final_of(
		"<domain><cpu><numa><cell id='0' cpus='0-3' memory='1' unit='GiB'/>"
		"<cell id='1' cpus='4-7' memory='2048' unit='MiB'/></numa></cpu></domain>");

	has(xml, "<cell id=\"0\" cpus=\"0-0\" memory=\"256\" unit=\"MiB\"/>");
	has(xml, "<cell id=\"1\" cpus=\"1-1\" memory=\"512\" unit=\"MiB\"/>");
	valid(xml);
	free(xml);
	/* what fits already stays to the letter */
	xml = final_of("<domain><cpu><numa><cell cpus='1' memory='786432'/></numa></cpu></domain>");
	has(xml, "<cell cpus=\"1\" memory=\"786432\"/>");
	free(xml);
	/* a memory device is part of the machine's memory */
	xml = final_of("<domain><cpu><numa><cell cpus='0-1' memory='1'/></numa></cpu><devices>"
		       "<memory model='dimm'><target><size unit='M'>256</size></target></memory>"
		       "</devices></domain>");
	has(xml, "<cell cpus=\"0-1\" memory=\"512\" unit=\"MiB\"/>");
	free(xml);
	refused("<domain><cpu><numa><cell cpus='0'/><cell cpus='1'/><cell cpus='2'/></numa></cpu>"
		"</domain>",
		1, "3 <cell>s with CPUs, but the machine has 2");
	refused("<domain><cpu><numa><cell cpus='0'/></numa></cpu><devices><memory><target>"
		"<size unit='GiB'>1</size></target></memory></devices></domain>",
		1, "leave no memory");
}
END_TEST

START_TEST(memory)
{
	char *xml = final_of("<domain><memory unit='GiB'>2</memory>"
			     "<currentMemory unit='MB'>300</currentMemory></domain>");

	has(xml, "<currentMemory unit=\"MB\">300</currentMemory>");
	free(xml);
	/* more than the machine has, and what dumpxml always says of an unballooned one */
	xml = final_of("<domain><currentMemory unit='GiB'>1</currentMemory></domain>");
	lacks(xml, "currentMemory");
	free(xml);
	xml = final_of("<domain><memory unit='KiB'>524288</memory>"
		       "<currentMemory unit='KiB'>524288</currentMemory></domain>");
	lacks(xml, "currentMemory");
	free(xml);
	xml = final_of("<domain><maxMemory slots='4' unit='GiB'>1</maxMemory></domain>");
	has(xml, "<maxMemory slots=\"4\" unit=\"GiB\">1</maxMemory>");
	free(xml);
	refused("<domain>\n<maxMemory slots='4' unit='MiB'>700</maxMemory></domain>", 1,
		"line 2: <maxMemory> is 700 MiB, but the machine has 768");
}
END_TEST

static char *chosen(
	const char *fragment, const char *cpu, const char *firmware, const char *graphics)
{
	struct guest_spec s = plain(fragment);

	snprintf(s.cpu, sizeof s.cpu, "%s", cpu);
	snprintf(s.firmware, sizeof s.firmware, "%s", firmware);
	snprintf(s.graphics, sizeof s.graphics, "%s", graphics);
	return final(&s, &real);
}

START_TEST(chosen_cpu)
{
	char *xml = chosen("<domain><cpu mode='host-passthrough' migratable='off'><cache "
			   "mode='passthrough'/></cpu></domain>",
		"EPYC", "", "");

	has(xml, "<cpu mode=\"custom\" match=\"exact\">");
	has(xml, "<model fallback=\"forbid\">EPYC</model>");
	lacks(xml, "migratable");
	valid(xml);
	free(xml);
	xml = chosen("<domain><cpu mode='custom' match='exact'><model>EPYC</model></cpu></domain>",
		"host-passthrough", "", "");
	has(xml, "<cpu mode=\"host-passthrough\"/>");
	free(xml);
}
END_TEST

START_TEST(chosen_firmware)
{
	const char *by_hand = "<domain><os><loader type='pflash'>/code.fd</loader>"
			      "<nvram template='/vars.fd'>/shared.fd</nvram></os></domain>";
	char *xml = chosen(by_hand, "", "", "");

	has(xml, "<nvram template=\"/vars.fd\"/>"); /* each guest's own */
	has(xml, "/code.fd");
	lacks(xml, "useserial");
	free(xml);
	xml = chosen(by_hand, "", "bios", "");
	lacks(xml, "fd");
	has(xml, "useserial");
	free(xml);
	xml = chosen(by_hand, "", "efi", "");
	has(xml, "<os firmware=\"efi\">");
	has(xml, "<feature enabled=\"no\" name=\"secure-boot\"/>");
	lacks(xml, "fd");
	lacks(xml, "<rom");
	valid(xml);
	free(xml);
	xml = chosen("<domain><os firmware='efi'><firmware><feature enabled='no' "
		     "name='secure-boot'/></firmware></os></domain>",
		"", "efi-secure", "");
	has(xml, "<feature enabled=\"yes\" name=\"secure-boot\"/>");
	lacks(xml, "enabled=\"no\" name");
	has(xml, "<rom enabled=\"no\"/>"); /* iPXE would go past the shim */
	valid(xml);
	free(xml);
	xml = chosen(
		"<domain><devices><interface type='network'><rom file='/own.rom'/></interface></devices></domain>",
		"", "efi-secure", "");
	lacks(xml, "<rom enabled");
	has(xml, "/own.rom");
	free(xml);
}
END_TEST

/* An aarch64 guest has no other than UEFI; one that the profile describes stays. */
START_TEST(firmware_of_arm)
{
	const char *arm =
		"<domain><os><type arch='aarch64' machine='virt'>hvm</type></os></domain>";
	struct guest_spec s = plain(arm);
	char why[GUEST_WHY] = "", *xml = chosen(arm, "", "", "");

	has(xml, "<os firmware=\"efi\">");
	has(xml, "<feature enabled=\"no\" name=\"secure-boot\"/>");
	has(xml, "<acpi/>");
	valid(xml);
	free(xml);
	xml = chosen("<domain><os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type>"
		     "</os></domain>",
		"", "", "");
	has(xml, "<os firmware=\"efi\">");
	lacks(xml, "secure-boot");
	free(xml);
	xml = chosen("<domain><os><type arch='aarch64' machine='virt'>hvm</type>"
		     "<loader type='pflash'>/code.fd</loader></os></domain>",
		"", "", "");
	has(xml, "/code.fd");
	lacks(xml, "firmware=");
	free(xml);
	snprintf(s.firmware, sizeof s.firmware, "bios");
	xml = NULL;
	ck_assert_int_eq(domain_xml_final(&s, &emulated, &xml, why, sizeof why), -EINVAL);
	ck_assert_str_eq(
		why, "firmware 'bios': an aarch64 guest has UEFI alone: take efi, or leave it out");
	ck_assert_ptr_null(xml);
}
END_TEST

START_TEST(chosen_graphics)
{
	const char *spice = "<domain><devices><graphics type='spice' port='5999'/>"
			    "<channel type='spicevmc'><target type='virtio'/></channel>"
			    "<channel type='unix'/><audio id='1' type='spice'/></devices></domain>";
	char *xml = chosen(spice, "", "", "none");

	lacks(xml, "spice");
	has(xml, "<channel type=\"unix\"/>");
	has(xml, "useserial");
	free(xml);
	xml = chosen(spice, "", "", "vnc");
	lacks(xml, "spice");
	has(xml, "<graphics type=\"vnc\" autoport=\"yes\"/>");
	free(xml);
	xml = chosen(spice, "", "", "spice");
	has(xml, "<graphics type=\"spice\" port=\"5999\"/>");
	ck_assert_uint_eq(count(xml, "<graphics"), 1);
	free(xml);
}
END_TEST

START_TEST(several_disks)
{
	struct guest_spec s =
		plain("<domain><devices><disk><target bus='scsi'/></disk>"
		      "<disk type='file'><source file='/x'/><target dev='sda'/></disk>"
		      "</devices></domain>");
	struct domain_facts f = {.type = "kvm",
		.disks = {{.path = "/pool/a"},
			{.path = "/dev/vg/b", .format = "raw", .block = true},
			{.path = "/pool/c"}}};
	char why[GUEST_WHY], *xml = NULL;

	s.n_more = 2;
	ck_assert_int_eq(domain_xml_final(&s, &f, &xml, why, sizeof why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "<target dev='sda'/> is the machine's own disk"));
	s.fragment = "<domain><devices><disk><target bus='scsi'/></disk>"
		     "<disk type='file'><source file='/x'/><target dev='vda'/></disk>"
		     "<disk><driver io='native'/></disk></devices></domain>";
	xml = final(&s, &f);
	in_order(xml, "<target bus=\"scsi\" dev=\"sda\"/>", "\"/pool/a\"");
	in_order(xml, "<source dev=\"/dev/vg/b\"/>", "<target bus=\"scsi\" dev=\"sdb\"/>");
	in_order(xml, "type=\"raw\"", "\"/pool/c\"");
	in_order(xml, "\"/pool/c\"", "dev=\"sdc\"");
	in_order(xml, "\"/pool/c\"", "\"/x\"");
	has(xml, "io=\"native\"");
	ck_assert_uint_eq(count(xml, "<boot order"), 2);
	valid(xml);
	free(xml);
	refused("<domain><devices><disk/>\n<disk/></devices></domain>", 1,
		"line 2: <disk> without <source>, but the machine has only 1 disk");
}
END_TEST

/* Kept, and without what only QEMU knows. */
START_TEST(other_hypervisors)
{
	char *xml = final_of("<domain type='xen'><os><type>hvm</type></os></domain>");

	has(xml, "<domain type=\"xen\">");
	lacks(xml, "<cpu");
	lacks(xml, "<rng");
	lacks(xml, "useserial");
	lacks(xml, "name=\"qemu\"");
	free(xml);
	xml = final_of("<domain type='kvm'/>"); /* that is the host's to say */
	has(xml, "<domain type=\"qemu\">");
	free(xml);
}
END_TEST

START_TEST(told_inside)
{
	struct guest_spec s =
		plain("<domain><metadata><l:libosinfo xmlns:l='"
		      "http://libosinfo.org/xmlns/libvirt/domain/1.0'/></metadata>"
		      "<sysinfo type='smbios'><system><entry name='uuid'>x</entry>"
		      "<entry name='sku'>y</entry></system>"
		      "<oemStrings><entry>site</entry></oemStrings></sysinfo></domain>");
	struct domain_facts f = emulated;
	char *xml;

	f.os_id = "http://debian.org/debian/12";
	s.description = "a <b>";
	snprintf(s.oem[0], sizeof s.oem[0], "usher:hostname=web01");
	s.n_oem = 1;
	xml = final(&s, &f);
	has(xml, "<description>a &lt;b&gt;</description>");
	has(xml, "<libosinfo:os id=\"http://debian.org/debian/12\"/>");
	ck_assert_uint_eq(count(xml, "http://libosinfo.org"), 1);
	in_order(xml, "<entry>site</entry>", "<entry>usher:hostname=web01</entry>");
	has(xml, "<smbios mode=\"sysinfo\"/>");
	has(xml, "<entry name=\"sku\">y</entry>");
	lacks(xml, "name=\"uuid\"");
	valid(xml);
	free(xml);
}
END_TEST

START_TEST(no_serial_no_bios_serial)
{
	char *xml =
		final_of("<domain><devices><console type='pty'><target type='virtio'/></console>"
			 "</devices></domain>");

	lacks(xml, "useserial");
	free(xml);
	xml = final_of("<domain><devices><console type='pty'/></devices></domain>");
	has(xml, "useserial");
	free(xml);
}
END_TEST

START_TEST(whose_fragment)
{
	struct guest_spec s = plain("<domain>\n<os><kernel/></os></domain>");
	char why[GUEST_WHY], *xml;

	s.fragment_own = true;
	ck_assert_int_eq(domain_xml_final(&s, &emulated, &xml, why, sizeof why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "<domain> of the machine, line 2: "));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("domain_xml");
	TCase *t = tcase_create("domain_xml");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, ipv6_alone);
	tcase_add_test(t, no_fragment);
	tcase_add_test(t, with_kvm);
	tcase_add_test(t, machine_wins);
	tcase_add_test(t, fragment_is_kept);
	tcase_add_test(t, does_not_sleep);
	tcase_add_test(t, host_cpu_under_emulation);
	tcase_add_test(t, patterns);
	tcase_add_test(t, two_nics);
	tcase_add_test(t, own_filter);
	tcase_add_test(t, filter_of_what_is_known);
	tcase_add_test(t, filters_kept_as_they_should_be);
	tcase_add_test(t, foreign_namespaces);
	tcase_add_test(t, escaping);
	tcase_add_test(t, errors_name_the_place);
	tcase_add_test(t, too_long);
	tcase_add_test(t, installing_run);
	tcase_add_test(t, network_first_always);
	tcase_add_test(t, sealing_run);
	tcase_add_test(t, filter_of_an_installing_run);
	tcase_add_test(t, installing_run_of_an_edited_one);
	tcase_add_test(t, reading);
	tcase_add_test(t, topology);
	tcase_add_test(t, numa);
	tcase_add_test(t, memory);
	tcase_add_test(t, chosen_cpu);
	tcase_add_test(t, chosen_firmware);
	tcase_add_test(t, firmware_of_arm);
	tcase_add_test(t, chosen_graphics);
	tcase_add_test(t, several_disks);
	tcase_add_test(t, other_hypervisors);
	tcase_add_test(t, told_inside);
	tcase_add_test(t, no_serial_no_bios_serial);
	tcase_add_test(t, whose_fragment);
	tcase_add_test(t, disks);
	tcase_add_test(t, test_disks_of_others);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
