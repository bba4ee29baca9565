/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of enrolment: what is read and what is refused, with machine/rules.rng of the same verdict; which rule decides; what it
 * makes of a machine. */
#include "machine/rules.h"
#include "tests/unit/schema.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct rules *rules;
static struct rules_decision decision;
static char why[RULES_WHY];

static const char machine[] =
	"{'schema':1,'system':{'vendor':'Dell Inc.','product':'PowerEdge R650','serial':' ABC 123 ',"
	"'uuid':'4C4C4544-0044-3510-8052-B4C04F4D3132','asset_tag':null},"
	"'firmware':{'mode':'uefi','secure_boot':false},"
	"'cpu':{'model':'Xeon','architecture':'x86_64','sockets':2,'cores':32,'threads':64},"
	"'memory_mib':262144,"
	"'disks':["
	"{'name':'sda','model':'Stick','size_bytes':32000000000,'rotational':false,'removable':true,'bus':'usb'},"
	"{'name':'sde','model':'Virtual','size_bytes':1000000000,'rotational':false,'removable':false,'bus':'usb'},"
	"{'name':'sdb','serial':'S1','size_bytes':8000000000000,'rotational':true,'removable':false,'bus':'scsi'},"
	"{'name':'nvme0n1','serial':'N1','wwn':'eui.0025385b71b0e1f2','size_bytes':960197124096,'rotational':"
	"false,'removable':false,'bus':'nvme'},"
	"{'name':'sdc','serial':'S2','wwn':'naa.5000c500a1b2c3d4','size_bytes':480103981056,'rotational':false,"
	"'removable':false,'bus':'ata'},"
	"{'name':'sdd','serial':'S3','wwn':'naa.5000c500a1b2c3d5','size_bytes':480103981056,'rotational':false,"
	"'removable':false,'bus':'ata'}],"
	"'interfaces':["
	"{'name':'eth0','mac':'02:00:00:00:00:01','speed_mbps':1000,'carrier':true,'booted':false},"
	"{'name':'eth1','mac':'02-00-00-00-00-AB','speed_mbps':25000,'carrier':true,'booted':true,"
	"'lldp':{'system_name':'sw-rack7','port_id':'Gi1/0/12','vlan':100}}],"
	"'pci':[{'address':'0000:3b:00.0','class':'0302','vendor':'10de','device':'20b5'}],"
	"'controller':{'kind':'ipmi','address':'10.9.0.9','address6':'fd00:9::9'}}";

/* Of text with ' in place of ". */
static json_t *inventory(const char *text)
{
	char *copy = strdup(text);
	json_error_t e;
	json_t *j;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(copy, 0, &e);
	ck_assert_msg(j, "%s: %s", copy, e.text);
	free(copy);
	return j;
}

static void good(const char *xml)
{
	rules = NULL;
	ck_assert_msg(
		rules_read(xml, strlen(xml), "r.xml", &rules, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(schema_takes_text("machine/rules.rng", xml), "the schema refuses: %s", xml);
}

static bool taken_free(void *arg, const char *name)
{
	for (const char *const *t = arg; *t; t++)
		if (!strcmp(*t, name))
			return false;
	return true;
}

static void decide(const char *xml, const char *of, const char *const *taken)
{
	struct rules_question q = {.segment = "lan", .traced = true};
	json_t *j = inventory(of);

	good(xml);
	q.inventory = j;
	q.is_free = taken ? taken_free : NULL;
	q.arg = (void *)taken;
	ck_assert_int_eq(rules_decide(rules, &q, &decision), 0);
	json_decref(j);
}

/* The rule that matches, from 1; and asked for it, the decision is the same. */
static void ck_match(const char *of, size_t want)
{
	json_t *j = inventory(of);
	struct rules_question q = {.inventory = j, .segment = "lan"};
	struct rules_decision again;

	q.match = rules_match(rules, &q);
	ck_assert_uint_eq(q.match, want);
	ck_assert_int_eq(rules_decide(rules, &q, &again), 0);
	ck_assert_int_eq(again.verdict, decision.verdict);
	ck_assert_str_eq(again.rule, decision.rule);
	rules_decision_fini(&again);
	json_decref(j);
}

static void end(void)
{
	rules_decision_fini(&decision);
	rules_free(rules);
	rules = NULL;
}

/* Conditions: does this one hold for the machine? */
#define YES true
#define NO false
static const struct {
	const char *xml;
	bool holds;
} conditions[] = {
	{"<if fact='system.vendor' equal='Dell Inc.'/>", YES},
	{"<if fact='system.vendor' equal='DELL INC.'/>", YES},
	{"<if fact='system.vendor' equal='Dell'/>", NO},
	{"<if fact='system.vendor' equal='Dell Inc. of Texas'/>", NO},
	{"<if fact='system.vendor' equal='Dell' not='yes'/>", YES},
	{"<if fact='system.vendor' contains='dell'/>", YES},
	{"<if fact='system.vendor' contains='dell' not='yes'/>", NO},
	{"<if fact='system.serial' equal='abc 123'/>", YES},
	{"<if fact='system.uuid' equal='4c4c4544-0044-3510-8052-b4c04f4d3132'/>", YES},
	/* of what is not known nothing holds, nor its opposite */
	{"<if fact='system.asset_tag' equal='x'/>", NO},
	{"<if fact='system.asset_tag' equal='x' not='yes'/>", NO},
	{"<if fact='system.asset_tag' known='yes'/>", NO},
	{"<if fact='system.asset_tag' known='no'/>", YES},
	{"<if fact='system.serial' known='yes'/>", YES},
	{"<if fact='board.serial' known='no'/>", YES},
	{"<if fact='segment' equal='lan'/>", YES},
	{"<if fact='segment' equal='other'/>", NO},
	{"<if fact='firmware.secure_boot' equal='no'/>", YES},
	{"<if fact='firmware.secure_boot' equal='yes'/>", NO},
	{"<if fact='memory_mib' equal='262144'/>", YES},
	{"<if fact='memory_mib' equal='256G'/>", YES},
	{"<if fact='memory_mib' equal='256GiB'/>", YES},
	{"<if fact='memory_mib' equal='0.25T'/>", YES},
	{"<if fact='memory_mib' greater='256G'/>", NO},
	{"<if fact='memory_mib' greater='262143'/>", YES},
	{"<if fact='memory_mib' from='256G'/>", YES},
	{"<if fact='memory_mib' less='256G'/>", NO},
	{"<if fact='memory_mib' to='256G'/>", YES},
	{"<if fact='memory_mib' from='1G' to='256G'/>", YES},
	{"<if fact='memory_mib' greater='1G' less='256G'/>", NO},
	{"<if fact='memory_mib' from='1G' to='2G' not='yes'/>", YES},
	{"<if fact='cpu.sockets' equal='2'/>", YES},
	{"<if fact='cpu.threads' greater='64'/>", NO},
	/* any of the list */
	{"<if fact='disks.count' equal='6'/>", YES},
	{"<if fact='disks.size_bytes' greater='7T'/>", YES},
	{"<if fact='disks.size_bytes' greater='8T'/>", NO},
	{"<if fact='disks.size_bytes' equal='480103981056'/>", YES},
	{"<if fact='disks.bus' equal='virtio' not='yes'/>", YES},
	{"<if fact='disks.bus' equal='nvme' not='yes'/>", NO},
	{"<if fact='disks.serial' equal='n1'/>", YES},
	/* one for which all of it holds */
	{"<disk><if fact='bus' equal='nvme'/><if fact='size_bytes' greater='800G'/></disk>", YES},
	{"<disk><if fact='bus' equal='nvme'/><if fact='size_bytes' greater='900G'/></disk>", NO},
	{"<disk not='yes'><if fact='bus' equal='nvme'/><if fact='size_bytes' greater='900G'/></disk>",
		YES},
	{"<disk><if fact='wwn' known='no'/><if fact='rotational' equal='yes'/></disk>", YES},
	{"<interface><if fact='booted' equal='yes'/><if fact='speed_mbps' from='10000'/></interface>",
		YES},
	{"<interface><if fact='booted' equal='no'/><if fact='speed_mbps' from='10000'/></interface>",
		NO},
	{"<pci><if fact='class' equal='0302'/><if fact='vendor' equal='10DE'/></pci>", YES},
	{"<if fact='pci.count' equal='1'/>", YES},
	/* MACs and addresses */
	{"<if fact='interfaces.mac' equal='02:00:00:00:00:ab'/>", YES},
	{"<if fact='interfaces.mac' from='02:00:00:00:00:02' to='02:00:00:00:00:ff'/>", YES},
	{"<if fact='interfaces.mac' from='02:00:00:00:00:02' to='02:00:00:00:00:0f'/>", NO},
	{"<if fact='interfaces.mac' greater='02:00:00:00:00:aa'/>", YES},
	{"<if fact='interfaces.mac' greater='02:00:00:00:00:ab'/>", NO},
	{"<if fact='controller.address' in='10.9.0.0/24'/>", YES},
	{"<if fact='controller.address' in='10.9.0.8/29'/>", YES},
	{"<if fact='controller.address' in='10.9.0.0/29'/>", NO},
	{"<if fact='controller.address' in='0.0.0.0/0'/>", YES},
	{"<if fact='controller.address' in='10.9.0.9/32'/>", YES},
	{"<if fact='controller.address' in='fd00::/8'/>", NO},
	{"<if fact='controller.address6' in='fd00::/8'/>", YES},
	{"<if fact='controller.address6' equal='FD00:9:0::9'/>", YES},
	{"<if fact='controller.address' from='10.9.0.9' to='10.9.0.20'/>", YES},
	{"<if fact='controller.address' greater='10.9.0.9'/>", NO},
	{"<if fact='controller.mac' known='no'/>", YES},
	{"<if fact='interfaces.lldp.vlan' equal='100'/>", YES},
	{"<any><if fact='system.vendor' equal='x'/><if fact='cpu.sockets' equal='2'/></any>", YES},
	{"<any><if fact='system.vendor' equal='x'/><disk><if fact='name' equal='sdz'/></disk></any>",
		NO},
	/* all of them */
	{"<if fact='system.vendor' contains='Dell'/><if fact='cpu.sockets' equal='1'/>", NO},
	{"", YES},
};

START_TEST(conditions_hold)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<rules><rule>%s<reject>no</reject></rule></rules>",
		conditions[_i].xml);
	decide(xml, machine, NULL);
	ck_assert_msg((decision.verdict == RULES_REJECT) == conditions[_i].holds, "%s",
		conditions[_i].xml);
	end();
}
END_TEST

/* Of a machine that nothing tells from its twins but its MAC, unless the rule says that this is enough. */
static const struct {
	const char *system, *why; /* NULL: it is enrolled */
} identities[] = {
	{"'uuid':'4c4c4544-0035-4410-8057-b7c04f4e4432'", NULL},
	{"'uuid':'4C4C4544-0035-4410-8057-B7C04F4E4432','serial':'To Be Filled By O.E.M.'", NULL},
	{"'serial':'J5DW7N2'", NULL},
	{"'asset_tag':'A7'", NULL},
	{"'uuid':'00000000-0000-0000-0000-000000000000','serial':'J5DW7N2'",
		"UUID is all zero (00000000-0000-0000-0000-000000000000): by-mac='yes'"},
	{"'uuid':'03000200-0400-0500-0006-000700080009'", "UUID is a constant of AMI's firmware"},
	{"'vendor':'ACME'",
		"it has neither a UUID nor a serial nor an asset tag of its own: by-mac"},
	{"'serial':'N/A'",
		"it has neither a UUID nor a serial nor an asset tag of its own, serial is a "
		"placeholder of firmware (N/A): by-mac"},
};

START_TEST(identity)
{
	static const char *const own = "<rules><rule><enroll name='a' profile='p'/></rule></rules>",
				 *const any =
					 "<rules><defaults by-mac='yes'/><rule><enroll name='a' "
					 "profile='p'/></rule></rules>",
				 *const not =
					 "<rules><defaults by-mac='yes'/><rule><enroll name='a' "
					 "profile='p' by-mac='no'/></rule></rules>";
	char inventory[512];

	snprintf(inventory, sizeof inventory,
		"{'system':{%s},'interfaces':[{'mac':'02:00:00:00:00:01','booted':true}]}",
		identities[_i].system);
	decide(any, inventory, NULL);
	ck_assert_int_eq(decision.verdict, RULES_ENROLL);
	end();
	for (int i = 0; i < 2; i++) {
		decide(i ? not : own, inventory, NULL);
		ck_assert_int_eq(
			decision.verdict, identities[_i].why ? RULES_CANNOT : RULES_ENROLL);
		if (identities[_i].why)
			ck_assert_msg(strstr(decision.why, identities[_i].why), "%s", decision.why);
		end();
	}
}
END_TEST

/* What an inventory of the wrong shape has, is not known. */
static const char *const odd[] = {"{}", "{'disks':7,'interfaces':{'a':1},'system':[]}",
	"{'memory_mib':'lots','disks':[1,null,[],{'size_bytes':-5,'rotational':'no'}]}",
	"{'memory_mib':-1,'system':{'vendor':{'a':1},'serial':'  '},'interfaces':[{'mac':'x'}]}",
	"{'memory_mib':1.5,'controller':{'address':'10.9'}}"};

START_TEST(odd_inventories)
{
	decide("<rules><rule><any><if fact='memory_mib' known='yes'/>"
	       "<if fact='system.vendor' known='yes'/><if fact='system.serial' known='yes'/>"
	       "<if fact='disks.size_bytes' known='yes'/><if fact='disks.rotational' known='yes'/>"
	       "<if fact='interfaces.mac' known='yes'/><if fact='controller.address' known='yes'/></any>"
	       "<reject/></rule><rule><enroll name='a' profile='p'/></rule></rules>",
		odd[_i], NULL);
	ck_assert_int_eq(decision.verdict, RULES_CANNOT);
	ck_assert_str_eq(decision.rule, "rule 2");
	ck_assert_str_eq(
		decision.why, "it is not known from which network card the machine booted");
	ck_assert_ptr_null(decision.body);
	end();
}
END_TEST

/* Actions: what <enroll> makes of the machine. */
static const char *const taken[] = {"db1", "db2", "db4", "web01", "x", NULL};
static const struct {
	const char *said, *want; /* the body's members that count, or why not */
	enum rules_verdict verdict;
} actions[] = {
	{"<enroll name='m' profile='p'/>",
		"{\"kind\":\"bare-metal\",\"mac\":\"02:00:00:00:00:ab\",\"name\":\"m\",\"profile\":\"p\","
		"\"segment\":\"lan\"}",
		RULES_ENROLL},
	{"<enroll name='node-{system.serial}' profile='p' segment='s' arm='yes' sealed='no' "
	 "power='ipmi://admin@{controller.address}' address='10.0.0.{n}'/>",
		"{n} is the number in the machine's name, whose pattern has none", RULES_NONE},
	{"<enroll name='db{n}' profile='p' segment='s' arm='yes' sealed='no' "
	 "power='ipmi://admin@{controller.address}' address='10.0.0.{n}'><set name='k'>{{{n}}}-{nn}</set></enroll>",
		"{\"address\":\"10.0.0.3\",\"arm\":true,\"kind\":\"bare-metal\",\"mac\":\"02:00:00:00:00:ab\","
		"\"name\":\"db3\",\"power\":\"ipmi://admin@10.9.0.9\",\"profile\":\"p\",\"sealed\":false,"
		"\"segment\":\"s\",\"settings\":{\"k\":\"{3}-03\"}}",
		RULES_ENROLL},
	{"<enroll name='web{nn}' profile='p'/>", "web02", RULES_ENROLL},
	{"<enroll name='y{nnn}' profile='p'/>", "y001", RULES_ENROLL},
	{"<enroll name='x' profile='p'/>",
		"the name 'x' is another machine's; {n} in it would be the lowest free number",
		RULES_CANNOT},
	{"<enroll name='X!' profile='p'/>",
		"the name 'x' is another machine's; {n} in it would be the lowest free number",
		RULES_CANNOT},
	{"<enroll name='Rack 7/{interfaces.lldp.port_id}' profile='p'/>", "rack-7-gi1-0-12",
		RULES_ENROLL},
	{"<enroll name='-{system.serial}-' profile='p'/>", "abc-123", RULES_ENROLL},
	{"<enroll name='{interfaces.lldp.vlan}' profile='p'/>",
		"'100' cannot be a machine's name: it is a number", RULES_CANNOT},
	{"<enroll name='é' profile='p'/>", "'' cannot be a machine's name: it is empty",
		RULES_CANNOT},
	{"<enroll name='{system.uuid}-{system.uuid}' profile='p'/>",
		"'4c4c4544-0044-3510-8052-b4c04f4d3132-4c4c4544-0044-3510-8052-b4c04f4d3132' cannot be a "
		"machine's name: it is longer than 63 characters",
		RULES_CANNOT},
	{"<enroll name='{board.serial}' profile='p'/>",
		"its name: {board.serial} is not known of this machine", RULES_CANNOT},
	{"<enroll name='m' profile='p' address='{system.serial}'/>",
		"its address: 'ABC 123' is not an IP address", RULES_CANNOT},
	{"<enroll name='m' profile='p' power='/etc/usher/power/{system.serial}'/>",
		"its power: {system.serial} has characters other than letters, digits, '-', '_' and '.', which "
		"could change what the URI means",
		RULES_CANNOT},
	{"<enroll name='m' profile='p' power='redfish://a@{controller.address6}'/>",
		"\"power\":\"redfish://a@[fd00:9::9]\"", RULES_ENROLL},
	{"<enroll name='m' profile='p' power='wol:{interfaces.mac}'/>",
		"\"power\":\"wol:02:00:00:00:00:ab\"", RULES_ENROLL},
	{"<enroll name='m' profile='p'><set name='d'>{disks.count}</set></enroll>", "{\"d\":\"6\"}",
		RULES_ENROLL},
	/* disks: never one that is removable, unless it is asked for */
	{"<enroll name='m' profile='p'><pick-disk size='smallest'/><set name='d'>{disk.name}</set></enroll>",
		"{\"d\":\"sdc\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk size='largest'/><set name='d'>{disk.serial}</set></enroll>",
		"{\"d\":\"S1\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk/><set name='d'>{disk.name}</set></enroll>",
		"{\"d\":\"sdb\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk size='largest'><if fact='rotational' equal='no'/></pick-disk>"
	 "<set name='d'>{disk.by_id}</set></enroll>",
		"{\"d\":\"disk/by-id/nvme-eui.0025385b71b0e1f2\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk size='smallest'><if fact='size_bytes' from='400G'/>"
	 "</pick-disk><set name='d'>{disk.by_id} {disk.size_bytes}</set></enroll>",
		"{\"d\":\"disk/by-id/wwn-0x5000c500a1b2c3d4 480103981056\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk size='smallest'><if fact='removable' equal='yes'/>"
	 "</pick-disk><set name='d'>{disk.name}</set></enroll>",
		"{\"d\":\"sda\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk><if fact='bus' equal='usb'/></pick-disk>"
	 "<set name='d'>{disk.name}</set></enroll>",
		"{\"d\":\"sda\"}", RULES_ENROLL},
	{"<enroll name='m' profile='p'><pick-disk><if fact='bus' equal='virtio'/></pick-disk></enroll>",
		"<pick-disk>: none of the machine's 6 disks is as it says", RULES_CANNOT},
	{"<enroll name='m' profile='p'><pick-disk size='largest'/><set name='d'>{disk.by_id}</set></enroll>",
		"setting 'd': {disk.by_id} is not known of this machine", RULES_CANNOT},
	{"<enroll name='m' profile='p'><ssh-key> " ED " a \n</ssh-key></enroll>",
		"\"ssh_keys\":[\"" ED " a\"]", RULES_ENROLL},
	{"<enroll name='m' profile='p'><set name='k' file='secret'/></enroll>",
		"setting 'k': the file secret was not read", RULES_CANNOT},
	{"<enroll name='m' profile='p'><ssh-key file='keys'/></enroll>",
		"the file keys was not read", RULES_CANNOT},
	{"<enroll name='m' profile='p' power='ipmi://a@b' power-password-file='pw'/>",
		"the file pw was not read", RULES_CANNOT},
	{"<reject>  not\nours </reject>", "not ours", RULES_REJECT},
	{"<reject/>", "a rule rejects it", RULES_REJECT},
};

START_TEST(actions_make)
{
	char xml[2048];
	const char *want = actions[_i].want;
	char *body;

	snprintf(xml, sizeof xml, "<rules><rule name='r'>%s</rule></rules>", actions[_i].said);
	if (actions[_i].verdict == RULES_NONE) { /* it is not even read */
		ck_assert_int_eq(
			rules_read(xml, strlen(xml), "r", &rules, why, sizeof why), -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, want));
		return;
	}
	decide(xml, machine, taken);
	ck_assert_msg(decision.verdict == actions[_i].verdict, "%s: %s %s", xml,
		rules_verdict_name(decision.verdict), decision.why);
	ck_assert_str_eq(decision.rule, "r");
	body = decision.body ? json_dumps(decision.body, JSON_COMPACT | JSON_SORT_KEYS)
			     : strdup("");
	if (decision.verdict != RULES_ENROLL)
		ck_assert_str_eq(decision.why, want);
	else if (*want == '{' && strstr(want, "kind"))
		ck_assert_str_eq(body, want);
	else if (strchr(want, '"'))
		ck_assert_msg(strstr(body, want), "%s: not in %s", want, body);
	else
		ck_assert_str_eq(decision.name, want);
	ck_assert(!decision.body == (decision.verdict != RULES_ENROLL));
	free(body);
	end();
}
END_TEST

START_TEST(defaults_and_order)
{
	static const char xml[] =
		"<rules><rule name='one'><if fact='cpu.sockets' equal='1'/><enroll name='one'/></rule>"
		"<rule name='two'><if fact='cpu.sockets' equal='2'/><enroll name='two' profile='q' arm='no'>"
		"<set name='b'>own</set></enroll></rule>"
		"<rule name='last'><enroll name='last'/></rule>"
		"<defaults profile='p' segment='s' arm='yes' power='wol:'><set name='a'>{cpu.sockets}</set>"
		"<set name='b'>all</set></defaults></rules>";
	char *body;

	decide(xml, machine, NULL);
	ck_assert_str_eq(decision.rule, "two");
	ck_match(machine, 2);
	body = json_dumps(decision.body, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(body,
		"{\"kind\":\"bare-metal\",\"mac\":\"02:00:00:00:00:ab\",\"name\":\"two\",\"power\":\"wol:\","
		"\"profile\":\"q\",\"segment\":\"s\",\"settings\":{\"a\":\"2\",\"b\":\"own\"}}");
	free(body);
	ck_assert_uint_eq(json_array_size(decision.trace), 2);
	end();
	decide(xml,
		"{'cpu':{'sockets':4},'system':{'serial':'S1'},'interfaces':[{'mac':'02:00:00:00:00:01'}]}",
		NULL);
	ck_assert_str_eq(decision.rule, "last");
	ck_assert(json_is_true(json_object_get(decision.body, "arm")));
	end();
	/* what is not said is not looked for */
	decide("<rules><defaults><set name='a'>{board.serial}</set></defaults>"
	       "<rule><enroll name='a' profile='p'><set name='a'>1</set></enroll></rule></rules>",
		machine, NULL);
	ck_assert_int_eq(decision.verdict, RULES_ENROLL);
	end();
	decide("<rules/>", machine, NULL);
	ck_assert_int_eq(decision.verdict, RULES_NONE);
	ck_assert_str_eq(decision.why, "there are no rules");
	end();
	decide("<rules><rule><if fact='cpu.sockets' equal='7'/><reject/></rule></rules>", machine,
		NULL);
	ck_assert_str_eq(decision.why, "none of 1 rules matches");
	ck_match(machine, 2);
	ck_assert_str_eq(decision.rule, "");
	end();
}
END_TEST

/* The card that it booted from: never a guess between two. */
static const struct {
	const char *inventory, *mac;
} cards[] = {
	{"{'interfaces':[{'mac':'02:00:00:00:00:01'}]}", "02:00:00:00:00:01"},
	{"{'interfaces':[{'mac':'02:00:00:00:00:01'},{'mac':'02:00:00:00:00:02','carrier':true}]}",
		"02:00:00:00:00:02"},
	{"{'interfaces':[{'mac':'02:00:00:00:00:01','carrier':true},{'mac':'02:00:00:00:00:02','carrier':true}]}",
		NULL},
	{"{'interfaces':[{'mac':'02:00:00:00:00:01','carrier':true},{'mac':'02:00:00:00:00:02','booted':true}]}",
		"02:00:00:00:00:02"},
	{"{'interfaces':[{'mac':'02:00:00:00:00:01','booted':true},{'mac':'02:00:00:00:00:02','booted':true}]}",
		NULL},
	{"{'interfaces':[{'booted':true},{'mac':'02:00:00:00:00:02','carrier':true}]}", NULL},
	{"{'interfaces':[{'mac':'02:00:00:00:00:01','booted':true,'carrier':true},"
	 "{'mac':'02:00:00:00:00:02','booted':true}]}",
		NULL},
	{"{'interfaces':[]}", NULL},
};

START_TEST(booted_card)
{
	decide("<rules><rule><enroll name='a' profile='p' by-mac='yes'/></rule></rules>",
		cards[_i].inventory, NULL);
	if (cards[_i].mac)
		ck_assert_str_eq(
			json_string_value(json_object_get(decision.body, "mac")), cards[_i].mac);
	else
		ck_assert_int_eq(decision.verdict, RULES_CANNOT);
	end();
}
END_TEST

/* Facts come from outside: nothing of them leaves a line, or a terminal's control. */
START_TEST(hostile_facts)
{
	static const char hostile[] =
		"{'system':{'serial':'a\\u001b[31m\\nb\\u202e','vendor':'v\\u0007'},"
		"'interfaces':[{'mac':'02:00:00:00:00:01'}]}";

	decide("<rules><rule><if fact='system.vendor' equal='x'/><reject/></rule>"
	       "<rule><enroll name='a' profile='p'><set name='k'>{system.serial}</set></enroll></rule></rules>",
		hostile, NULL);
	ck_assert_int_eq(decision.verdict, RULES_CANNOT);
	ck_assert_str_eq(decision.why,
		"setting 'k': {system.serial} has characters that cannot be seen, or too many");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(json_array_get(decision.trace, 0),
							"conditions"),
					 0),
				 "found")),
		"v\\u0007");
	end();
	decide("<rules><rule><enroll name='{system.serial}' profile='p'/></rule></rules>", hostile,
		NULL);
	ck_assert_int_eq(decision.verdict, RULES_CANNOT);
	end();
}
END_TEST

START_TEST(numbers_end)
{
	struct rules_question q = {0};
	json_t *j = inventory(machine);

	good("<rules><rule><enroll name='a{n}' profile='p'/></rule></rules>");
	q.inventory = j;
	q.arg = (void *)(const char *const[]){"a1", NULL};
	q.is_free = taken_free;
	ck_assert_int_eq(rules_decide(rules, &q, &decision), 0);
	ck_assert_str_eq(decision.name, "a2");
	ck_assert_ptr_null(decision.trace);
	json_decref(j);
	end();
}
END_TEST

static bool never(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return false;
}

START_TEST(no_number_is_free)
{
	struct rules_question q = {.is_free = never};
	json_t *j = inventory(machine);

	good("<rules><rule><enroll name='a{n}' profile='p'/></rule></rules>");
	q.inventory = j;
	ck_assert_int_eq(rules_decide(rules, &q, &decision), 0);
	ck_assert_int_eq(decision.verdict, RULES_CANNOT);
	ck_assert_str_eq(decision.why, "all names up to 'a100000' are other machines'");
	json_decref(j);
	end();
}
END_TEST

/* What is refused, with its line: of <rules> on line 1, this from line 2 on. */
#define BEYOND true
#define OK_RULE "<rule><enroll name='a' profile='p'/></rule>"
static const struct {
	const char *body, *want; /* behind "r.xml:" */
	bool beyond;             /* the schema takes it */
} faults[] = {
	{"<rul/>", "2: <rules> has no element <rul>: did you mean <rule>?", false},
	{"<rule/>", "2: <rule> lacks <enroll> or <reject>", false},
	{"<rule><enroll name='a' profile='p'/><reject/></rule>",
		"2: <rule> takes either <enroll> or <reject>", false},
	{"<rule><enroll profile='p'/></rule>",
		"2: <enroll> lacks name='…', and so do the <defaults>", BEYOND},
	{"<rule><enroll name='a'/></rule>",
		"2: <enroll> lacks profile='…', and so do the <defaults>", BEYOND},
	{OK_RULE "\n" OK_RULE,
		"3: no machine reaches this <rule>: the one on line 2 has no condition", BEYOND},
	{"<rule><if/><reject/></rule>", "2: <if> lacks fact='…'", false},
	{"<rule><if fact='memory_mb' equal='1'/><reject/></rule>",
		"2: <if fact='memory_mb'>: there is no such fact: did you mean 'memory_mib'?",
		false},
	{"<rule><if fact='nonsense' equal='1'/><reject/></rule>",
		"2: <if fact='nonsense'>: there is no such fact; usher-rules(5) lists them", false},
	{"<rule><disk><if fact='seral' equal='1'/></disk><reject/></rule>",
		"2: <if fact='seral'>: there is no such fact of disks: did you mean 'serial'?",
		false},
	{"<rule><disk><if fact='count' equal='1'/></disk><reject/></rule>",
		"2: <if fact='count'>: there is no such fact of disks; usher-rules(5) lists them",
		false},
	{"<rule><disk/><reject/></rule>", "2: <disk> lacks <if>", false},
	{"<rule><any/><reject/></rule>", "2: <any> lacks <if>", false},
	{"<rule><any><any/></any><reject/></rule>",
		"2: <any> has no element <any>; it has if, disk, interface, pci", false},
	{"<rule><if fact='memory_mib'/><reject/></rule>",
		"2: <if> lacks a test: equal, contains, greater, less, from, to, in or known",
		false},
	{"<rule><if fact='system.vendor' equal='a' contains='b'/><reject/></rule>",
		"2: <if>: one test is expected, or a lower and an upper bound", false},
	{"<rule><if fact='memory_mib' greater='1' from='2'/><reject/></rule>",
		"2: <if>: one test is expected, or a lower and an upper bound", false},
	{"<rule><if fact='memory_mib' equal='1' to='2'/><reject/></rule>",
		"2: <if>: one test is expected, or a lower and an upper bound", false},
	{"<rule><if fact='memory_mib' equal='lots'/><reject/></rule>",
		"2: <if equal='lots'>: expected a number of MiB, or a size like 16G", BEYOND},
	{"<rule><if fact='memory_mib' greater='16X'/><reject/></rule>",
		"2: <if greater='16X'>: expected a number of MiB, or a size like 16G", false},
	{"<rule><if fact='disks.size_bytes' less='0'/><reject/></rule>",
		"2: <if less='0'>: expected a number of bytes, or a size like 500G", BEYOND},
	{"<rule><if fact='cpu.cores' from='4G'/><reject/></rule>",
		"2: <if from='4G'>: expected a number", BEYOND},
	{"<rule><if fact='cpu.cores' from='1.5'/><reject/></rule>",
		"2: <if from='1.5'>: expected a number", BEYOND},
	{"<rule><if fact='disks.size_bytes' from='9999999999T'/><reject/></rule>",
		"2: <if from='9999999999T'>: expected a number of bytes, or a size like 500G",
		BEYOND},
	{"<rule><if fact='cpu.cores' from='5' to='4'/><reject/></rule>",
		"2: <if>: nothing is between its bounds", BEYOND},
	{"<rule><if fact='controller.address' from='10.0.0.1' to='fd00::1'/><reject/></rule>",
		"2: <if>: its bounds are of different families", BEYOND},
	{"<rule><if fact='controller.address' in='10.0.0.0/33'/><reject/></rule>",
		"2: <if in='10.0.0.0/33'>: expected a network like 10.0.0.0/24", BEYOND},
	{"<rule><if fact='controller.address' in='10.0.0.0'/><reject/></rule>",
		"2: <if in='10.0.0.0'>: expected a network like 10.0.0.0/24", false},
	{"<rule><if fact='system.vendor' in='10.0.0.0/8'/><reject/></rule>",
		"2: <if in=>: 'system.vendor' is no IP address", BEYOND},
	{"<rule><if fact='interfaces.mac' equal='02:00'/><reject/></rule>",
		"2: <if equal='02:00'>: expected a MAC like 52:54:00:12:34:56", BEYOND},
	{"<rule><if fact='interfaces.mac' contains='02:00'/><reject/></rule>",
		"2: <if contains=>: 'interfaces.mac' is no text", BEYOND},
	{"<rule><if fact='system.vendor' greater='5'/><reject/></rule>",
		"2: <if greater=>: 'system.vendor' is neither a number nor an address", BEYOND},
	{"<rule><if fact='firmware.secure_boot' equal='maybe'/><reject/></rule>",
		"2: <if equal='maybe'>: expected yes or no", BEYOND},
	{"<rule><if fact='system.vendor' known='maybe'/><reject/></rule>",
		"2: <if known='maybe'>: expected yes or no", false},
	{"<rule><if fact='system.vendor' known='yes' not='no'/><reject/></rule>",
		"2: <if known=> takes yes or no instead of not=", false},
	{"<rule><if fact='system.vendor' equal=''/><reject/></rule>",
		"2: <if equal=''>: expected a text of 1 to 255 bytes", false},
	{"<rule><if fact='system.vendor' equal='a' not='never'/><reject/></rule>",
		"2: <if not='never'>: expected yes or no", false},
	{"<rule><if fact='system.vendor' equals='a'/><reject/></rule>",
		"2: <if> has no attribute 'equals': did you mean 'equal'?", false},
	{"<rule><if fact='system.vendor' equal='a'><if/></if><reject/></rule>",
		"2: <if> has no element <if>; it has none", false},
	{"<rule>\n<enroll name='a' profile='p q'/></rule>",
		"3: <enroll profile='p q'>: expected a name of letters, digits, '-', '_' and '.', of at most 63",
		false},
	{"<rule><enroll name='a{seral}' profile='p'/></rule>",
		"2: <enroll name=>: there is no fact {seral}; usher-rules(5) lists them", BEYOND},
	{"<rule><enroll name='a{system.seral}' profile='p'/></rule>",
		"2: <enroll name=>: there is no fact {system.seral}: did you mean {system.serial}?",
		BEYOND},
	{"<rule><enroll name='a{disks.serial}' profile='p'/></rule>",
		"2: <enroll name=>: {disks.serial}: which disk? <pick-disk> picks one, and {disk.serial} is that "
		"one's",
		BEYOND},
	{"<rule><enroll name='a{pci.class}' profile='p'/></rule>",
		"2: <enroll name=>: {pci.class}: which of them? It cannot be put into a text",
		BEYOND},
	{"<rule><enroll name='a{disk.serial}' profile='p'/></rule>",
		"2: {disk.…} is of the disk that <pick-disk> picks, and there is none", BEYOND},
	{"<rule><enroll name='a{system.serial' profile='p'/></rule>",
		"2: <enroll name=>: '{system.serial': a fact is written {system.serial}, a brace {{ or }}",
		BEYOND},
	{"<rule><enroll name='a}' profile='p'/></rule>",
		"2: <enroll name=>: '}': a fact is written {system.serial}, a brace {{ or }}",
		BEYOND},
	{"<rule><enroll name='a' profile='p'><set name='k'>f() { x; }</set></enroll></rule>",
		"2: <set name='k'>: there is no fact { x; }; usher-rules(5) lists them", BEYOND},
	{"<rule><enroll name='a' profile='p' arm='perhaps'/></rule>",
		"2: <enroll arm='perhaps'>: expected yes or no", false},
	{"<rule><enroll name='a' profile='p'><set name='k'>1</set><set name='k'>2</set></enroll></rule>",
		"2: a second <set name='k'>", BEYOND},
	{"<rule><enroll name='a' profile='p'><set name='k' file='f'>1</set></enroll></rule>",
		"2: <set name='k'> takes a text or file=, not both", false},
	{"<rule><enroll name='a' profile='p'><set>1</set></enroll></rule>",
		"2: <set> lacks name='…'", false},
	{"<rule><enroll name='a' profile='p'><ssh-key/></enroll></rule>",
		"2: <ssh-key> takes a public key in one line, or file=", false},
	{"<rule><enroll name='a' profile='p'><ssh-key file='f'>k</ssh-key></enroll></rule>",
		"2: <ssh-key> takes a public key in one line, or file=", false},
	{"<rule><enroll name='a' profile='p'><pick-disk size='tiny'/></enroll></rule>",
		"2: <pick-disk size='tiny'>: expected smallest or largest", false},
	{"<rule><enroll name='a' profile='p'><pick-disk/><pick-disk/></enroll></rule>",
		"2: a second <pick-disk> in <enroll>", false},
	{"<rule><enroll name='a' profile='p'><pick-disk><disk/></pick-disk></enroll></rule>",
		"2: <pick-disk> has no element <disk>; it has if", false},
	{"<defaults/><defaults/>", "2: a second <defaults> in <rules>", false},
	{"<rule>text<reject/></rule>", "2: <rule>: text is not expected here", false},
	{"<rule name=''><reject/></rule>", "2: <rule name=''>: expected a text of 1 to 255 bytes",
		false},
};

START_TEST(refuses)
{
	char xml[2048];

	snprintf(xml, sizeof xml, "<rules>\n%s</rules>", faults[_i].body);
	ck_assert_int_eq(rules_read(xml, strlen(xml), "r.xml", &rules, why, sizeof why), -EINVAL);
	ck_assert_msg(!strncmp(why, "r.xml:", 6), "%s", why);
	ck_assert_msg(
		!strncmp(why + 6, faults[_i].want, strlen(faults[_i].want)), "%s: %s", xml, why);
	ck_assert_msg(schema_takes_text("machine/rules.rng", xml) == faults[_i].beyond,
		"the schema on %s", xml);
}
END_TEST

START_TEST(bounds)
{
	size_t size = 2 << 20, n;
	char *xml = malloc(size);

	n = (size_t)sprintf(xml, "<rules>");
	for (int i = 0; i <= RULES_MAX; i++)
		n += (size_t)sprintf(
			xml + n, "<rule><if fact='memory_mib' equal='%d'/><reject/></rule>\n", i);
	sprintf(xml + n, "</rules>");
	ck_assert_int_eq(rules_read(xml, strlen(xml), "r", &rules, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "r:501: <rule>: at most 500");

	n = (size_t)sprintf(xml, "<rules><rule>");
	for (int i = 0; i <= RULES_CONDITIONS_MAX / 2; i++)
		n += (size_t)sprintf(xml + n, "<disk><if fact='name' equal='%d'/></disk>\n", i);
	sprintf(xml + n, "<reject/></rule></rules>");
	ck_assert_int_eq(rules_read(xml, strlen(xml), "r", &rules, why, sizeof why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "a rule has at most 64 conditions"));

	n = (size_t)sprintf(xml, "<rules><rule><enroll name='a' profile='p'>");
	for (int i = 0; i <= RULES_LIST_MAX; i++)
		n += (size_t)sprintf(xml + n, "<set name='k%d'/>\n", i);
	sprintf(xml + n, "</enroll></rule></rules>");
	ck_assert_int_eq(rules_read(xml, strlen(xml), "r", &rules, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "r:65: <set>: at most 64");

	memset(xml, ' ', RULES_FILE_MAX + 1);
	ck_assert_int_eq(
		rules_read(xml, RULES_FILE_MAX + 1, "r", &rules, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "r:1: a rules file has at most 1048576 bytes");
	free(xml);
}
END_TEST

/* Files beside the rules file */

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static int load(const char *dir, const char *xml)
{
	char path[512];

	write_file(dir, "rules.xml", xml);
	snprintf(path, sizeof path, "%s/rules.xml", dir);
	rules = NULL;
	return rules_load(path, &rules, why, sizeof why);
}

START_TEST(loads_files)
{
	char dir[] = "/tmp/test_rules.XXXXXX", command[100];
	struct rules_question q = {0};
	json_t *j = inventory(machine);
	char *body;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_file(dir, "secret", "s3cret {not a fact}\n");
	write_file(dir, "keys", "# ann\n" ED " ann\r\n\n" ED " bob\n");
	write_file(dir, "pw", "calvin\nsecond line\n");
	write_file(dir, "none", "# none\n");
	write_file(dir, "bad", "\xff\n");
	ck_assert_msg(
		load(dir,
			"<rules><rule><enroll name='a' profile='p' power='ipmi://a@b' "
			"power-password-file='pw'><set name='k' file='secret'/><ssh-key file='keys'/>"
			"</enroll></rule></rules>") == 0,
		"%s", why);
	q.inventory = j;
	ck_assert_int_eq(rules_decide(rules, &q, &decision), 0);
	body = json_dumps(decision.body, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(body,
		"{\"kind\":\"bare-metal\",\"mac\":\"02:00:00:00:00:ab\",\"name\":\"a\",\"power\":\"ipmi://a@b\","
		"\"power_password\":\"calvin\",\"profile\":\"p\",\"settings\":{\"k\":\"s3cret {not a fact}\"},"
		"\"ssh_keys\":[\"" ED " ann\",\"" ED " bob\"]}");
	ck_assert_str_eq(json_string_value(json_array_get(decision.secrets, 0)), "k");
	free(body);
	end();
#define IN(said) "<rules>\n<rule><enroll name='a' profile='p'>" said "</enroll></rule></rules>"
	ck_assert_int_eq(load(dir, IN("<set name='k' file='away'/>")), -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(why, "rules.xml:2: <set file='away'>: No such file or directory"));
	ck_assert_int_eq(load(dir, IN("<set name='k' file='bad'/>")), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "<set file='bad'>: it is not UTF-8 text"));
	ck_assert_int_eq(load(dir, IN("<ssh-key file='none'/>")), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "<ssh-key file='none'>: no key in it"));
	ck_assert_int_eq(load(dir, IN("<ssh-key file='.'/>")), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "<ssh-key file='.'>: it is not a text file"));
	ck_assert_int_eq(rules_load("/nowhere/rules.xml", &rules, why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "/nowhere/rules.xml: No such file or directory");
	json_decref(j);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(example)
{
	char path[512];

	snprintf(path, sizeof path, "%s/contrib/rules.xml",
		getenv("USHER_TOP") ? getenv("USHER_TOP") : ".");
	ck_assert_msg(rules_load(path, &rules, why, sizeof why) == 0, "%s", why);
	ck_assert_uint_eq(rules_count(rules), 5);
	end();
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *t = tcase_create("rules");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, conditions_hold, 0, COUNT(conditions));
	tcase_add_loop_test(t, identity, 0, COUNT(identities));
	tcase_add_loop_test(t, odd_inventories, 0, COUNT(odd));
	tcase_add_loop_test(t, actions_make, 0, COUNT(actions));
	tcase_add_loop_test(t, booted_card, 0, COUNT(cards));
	tcase_add_loop_test(t, refuses, 0, COUNT(faults));
	tcase_add_test(t, defaults_and_order);
	tcase_add_test(t, hostile_facts);
	tcase_add_test(t, numbers_end);
	tcase_add_test(t, no_number_is_free);
	tcase_add_test(t, bounds);
	tcase_add_test(t, loads_files);
	tcase_add_test(t, example);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
