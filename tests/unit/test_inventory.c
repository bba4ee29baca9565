/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/inventory.h"

#include "core/json.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID "4c4c4544-0035-4410-8057-b7c04f4e4432"

static char why[256];

static json_t *parsed(const char *text)
{
	json_t *j = NULL;
	int rc = inventory_parse(text, strlen(text), &j, why, sizeof why);

	ck_assert_msg(rc == 0, "%d: %s", rc, why);
	return j;
}

static void refused(const char *text, const char *expected)
{
	json_t *j = NULL;

	*why = '\0';
	ck_assert_msg(
		inventory_parse(text, strlen(text), &j, why, sizeof why) == -EINVAL, "%s", text);
	ck_assert_str_eq(why, expected);
	ck_assert_ptr_null(j);
}

static const json_t *at(const json_t *j, const char *list, size_t i)
{
	return json_array_get(json_object_get(j, list), i);
}

START_TEST(uniform)
{
	json_t *j = parsed(
		"{\"schema\":1,\"system\":{\"vendor\":\"  ACME\\t\",\"serial\":null,\"version\":\"\","
		"\"uuid\":\"4C4C4544-0035-4410-8057-B7C04F4E4432\"},\"what\":[1,{\"x\":2}],"
		"\"memory_mib\":16384,\"firmware\":{\"mode\":\"uefi\",\"secure_boot\":false},"
		"\"disks\":[{\"name\":\"sda\",\"serial\":\"a\\\"b\\u001b[2J\\u202ec\",\"size_bytes\":0}],"
		"\"interfaces\":[{\"mac\":\"02-AA-00-00-00-01\",\"permanent_mac\":\"00:00:00:00:00:00\","
		"\"lldp\":{\"vlan\":100,\"port_id\":\"ge-0/0/1\"}}],"
		"\"controller\":{\"kind\":\"ipmi\",\"address\":\"0.0.0.0\",\"address6\":\"2001:DB8::9\"}}");

	ck_assert_str_eq(json_text(json_object_get(j, "system"), "vendor"), "ACME");
	ck_assert_ptr_null(json_object_get(json_object_get(j, "system"), "serial"));
	ck_assert_ptr_null(json_object_get(json_object_get(j, "system"), "version"));
	ck_assert_str_eq(json_text(json_object_get(j, "system"), "uuid"), UUID);
	ck_assert_ptr_null(json_object_get(j, "what"));
	ck_assert(json_is_false(json_object_get(json_object_get(j, "firmware"), "secure_boot")));
	ck_assert_str_eq(json_text(at(j, "disks", 0), "serial"), "a\"b\\u001b[2J\\u202ec");
	ck_assert_int_eq(json_integer_value(json_object_get(at(j, "disks", 0), "size_bytes")), 0);
	ck_assert_str_eq(json_text(at(j, "interfaces", 0), "mac"), "02:aa:00:00:00:01");
	ck_assert_ptr_null(json_object_get(at(j, "interfaces", 0), "permanent_mac"));
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_object_get(at(j, "interfaces", 0), "lldp"), "vlan")),
		100);
	ck_assert_ptr_null(json_object_get(json_object_get(j, "controller"), "address"));
	ck_assert_str_eq(json_text(json_object_get(j, "controller"), "address6"), "2001:db8::9");
	ck_assert_uint_eq(json_array_size(json_object_get(j, "pci")), 0);
	ck_assert(json_is_array(json_object_get(j, "pci")));
	json_decref(j);
}
END_TEST

/* What came out goes in again, and is the same. */
START_TEST(again)
{
	json_t *j = parsed(
		       "{\"schema\":1,\"disks\":[{\"holds\":\"gpt: ext4\\u0007\"},{\"holds\":\"\"}]}"),
	       *k;
	char *text = json_dumps(j, JSON_COMPACT);

	k = parsed(text);
	ck_assert(json_equal(j, k));
	ck_assert(json_is_string(json_object_get(at(j, "disks", 1), "holds")));
	free(text);
	json_decref(j);
	json_decref(k);
}
END_TEST

START_TEST(wrong_json)
{
	refused("", "not JSON: look at line 1, column 0");
	refused("[]", "is not an object");
	refused("{}", "schema is not 1");
	refused("{\"schema\":2}", "schema is not 1");
	refused("{\"schema\":1,\"schema\":1}", "not JSON: look at line 1, column 20");
	refused("{\"schema\":1,\"system\":[]}", "system is not an object");
	refused("{\"schema\":1,\"system\":{\"serial\":5}}", "system.serial is not a text");
	refused("{\"schema\":1,\"system\":{\"uuid\":\"x\"}}", "system.uuid is no UUID");
	refused("{\"schema\":1,\"disks\":{}}", "disks is not an array");
	refused("{\"schema\":1,\"disks\":[{},{\"size_bytes\":-1}]}",
		"disks[1].size_bytes is not a whole number from 0");
	refused("{\"schema\":1,\"disks\":[{\"rotational\":1}]}",
		"disks[0].rotational is not true or false");
	refused("{\"schema\":1,\"disks\":[{\"bus\":\"isa\"}]}",
		"disks[0].bus is no word that is known there");
	refused("{\"schema\":1,\"interfaces\":[{\"mac\":\"33:33:00:00:00:01\"}]}",
		"interfaces[0].mac is no card's MAC");
	refused("{\"schema\":1,\"interfaces\":[{\"lldp\":{\"vlan\":\"1\"}}]}",
		"interfaces[0].lldp.vlan is not a whole number from 0");
	refused("{\"schema\":1,\"controller\":{\"address\":\"1.2.3\"}}",
		"controller.address is no address");
	refused("{\"schema\":1,\"system\":{\"serial\":\"a\\u0000b\"}}",
		"not JSON: look at line 1, column 41");
}
END_TEST

static json_t *many(const char *list, size_t n, const char *member, size_t len)
{
	json_t *j = json_pack("{s:i}", "schema", 1), *all = json_array();
	char *text = calloc(1, len + 1);

	memset(text, 'a', len);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s}", member, text));
	json_object_set_new(j, list, all);
	free(text);
	return j;
}

static int parse_many(const char *list, size_t n, const char *member, size_t len, json_t **ret)
{
	json_t *j = many(list, n, member, len);
	char *text = json_dumps(j, JSON_COMPACT);
	int rc = inventory_parse(text, strlen(text), ret, why, sizeof why);

	free(text);
	json_decref(j);
	return rc;
}

START_TEST(bounded)
{
	json_t *j = NULL;

	ck_assert_int_eq(parse_many("disks", INVENTORY_DISKS, "name", 3, &j), 0);
	json_decref(j);
	ck_assert_int_eq(parse_many("disks", INVENTORY_DISKS + 1, "name", 3, &j), -EINVAL);
	ck_assert_str_eq(why, "disks has more than 128 members");
	ck_assert_int_eq(
		parse_many("interfaces", INVENTORY_INTERFACES + 1, "name", 3, &j), -EINVAL);
	ck_assert_int_eq(parse_many("pci", INVENTORY_PCI, "class", 3, &j), 0);
	json_decref(j);
	ck_assert_int_eq(parse_many("pci", INVENTORY_PCI + 1, "class", 3, &j), -EINVAL);
	ck_assert_int_eq(parse_many("pci", 1, "class", INVENTORY_BYTES, &j), -EFBIG);
	ck_assert_str_eq(why, "the inventory is longer than 262144 bytes");
	ck_assert_int_eq(parse_many("pci", 1, "class", 5000, &j), 0);
	ck_assert_uint_eq(strlen(json_text(at(j, "pci", 0), "class")), INVENTORY_TEXT - 1);
	json_decref(j);
}
END_TEST

/* Short escapes as they are written, long ones as they are kept. */
START_TEST(bounded_when_escaped)
{
	char *text = calloc(1, INVENTORY_BYTES), *p = text;
	json_t *j = NULL;

	p += sprintf(p, "{\"schema\":1,\"disks\":[");
	for (int i = 0; i < INVENTORY_DISKS; i++) {
		p += sprintf(p, "%s{\"holds\":\"", i ? "," : "");
		for (int k = 0; k < 600; k++)
			p += sprintf(p, "\xc2\x80");
		p += sprintf(p, "\"}");
	}
	sprintf(p, "]}");
	ck_assert_int_eq(inventory_parse(text, strlen(text), &j, why, sizeof why), 0);
	ck_assert_uint_lt(json_dumpb(j, NULL, 0, JSON_COMPACT), INVENTORY_BYTES);
	json_decref(j);
	free(text);
}
END_TEST

START_TEST(worthless)
{
	static const struct {
		const char *text, *why;
	} all[] = {{"To Be Filled By O.E.M.", "a placeholder of firmware"},
		{"to be filled by O.E.M", "a placeholder of firmware"},
		{"Default string", "a placeholder of firmware"},
		{"Not Specified", "a placeholder of firmware"},
		{"System Serial Number", "a placeholder of firmware"},
		{"No Asset Tag", "a placeholder of firmware"}, {"N/A", "a placeholder of firmware"},
		{"123456789", "only counts up"}, {"0123456789", "only counts up"},
		{"Asset-1234567890", "only counts up"}, {"SYS-1234567890", "only counts up"},
		{"0", "all zero"}, {"00000000", "all zero"}, {"00-00", "all zero"},
		{"FFFFFFFF", "all F"}, {"XXXXXXX", "one character over and over"},
		{"..........", "nothing but punctuation"}, {"", "empty"}};
	static const char *const fine[] = {"J5DW7N2", "VMware-56 4d", "2106195YSAXEP2000009",
		"12345678X", "1234", "124", "F", "7", "rack7", "00000001",
		"\xe6\x9c\xba\xe5\x99\xa8"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		ck_assert_pstr_eq(inventory_worthless(all[i].text), all[i].why);
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		ck_assert_msg(!inventory_worthless(fine[i]), "%s", fine[i]);
}
END_TEST

START_TEST(worthless_uuids)
{
	ck_assert_ptr_null(inventory_worthless_uuid(UUID));
	ck_assert_ptr_null(inventory_worthless_uuid("00000000-0000-0000-0000-ac1f6b000001"));
	ck_assert_str_eq(
		inventory_worthless_uuid("00000000-0000-0000-0000-000000000000"), "all zero");
	ck_assert_str_eq(inventory_worthless_uuid("FFFFFFFF-ffff-ffff-ffff-ffffffffffff"), "all F");
	ck_assert_str_eq(inventory_worthless_uuid("20202020-2020-2020-2020-202020202020"),
		"one byte sixteen times");
	ck_assert_str_eq(inventory_worthless_uuid("03000200-0400-0500-0006-000700080009"),
		"a constant of AMI's firmware");
	ck_assert_str_eq(inventory_worthless_uuid("03000200"), "no UUID");
	ck_assert_str_eq(inventory_worthless_uuid(UUID "0"), "no UUID");
}
END_TEST

START_TEST(identity)
{
	struct inventory_identity id;
	json_t *j = parsed("{\"schema\":1,\"system\":{\"serial\":\"J5DW7N2\",\"uuid\":\"" UUID
			   "\"},\"chassis\":{\"asset_tag\":\"A-17\",\"serial\":\"other\"},"
			   "\"board\":{\"asset_tag\":\"A-18\"}}");

	inventory_identity(j, &id);
	ck_assert_str_eq(id.uuid, UUID);
	ck_assert_str_eq(id.serial, "J5DW7N2");
	ck_assert_str_eq(id.asset_tag, "A-17");
	ck_assert_str_eq(id.refused, "");
	json_decref(j);
}
END_TEST

START_TEST(identity_worthless)
{
	struct inventory_identity id;
	json_t *j = parsed(
		"{\"schema\":1,\"system\":{\"serial\":\"Default string\","
		"\"uuid\":\"03000200-0400-0500-0006-000700080009\",\"asset_tag\":\"No Asset Tag\"},"
		"\"board\":{\"asset_tag\":\"17\"}}");

	inventory_identity(j, &id);
	ck_assert_str_eq(id.uuid, "");
	ck_assert_str_eq(id.serial, "");
	ck_assert_str_eq(id.asset_tag, "17");
	ck_assert_str_eq(id.refused,
		"UUID is a constant of AMI's firmware (03000200-0400-0500-0006-000700080009); serial is a "
		"placeholder of firmware (Default string); asset tag is a placeholder of firmware "
		"(No Asset Tag)");
	json_decref(j);
}
END_TEST

START_TEST(macs)
{
	json_t *j =
		parsed("{\"schema\":1,\"interfaces\":[{\"mac\":\"02:00:00:00:00:01\"},"
		       "{\"mac\":\"02:00:00:00:00:02\",\"booted\":true},{\"name\":\"x\"},"
		       "{\"mac\":\"02:00:00:00:00:09\",\"permanent_mac\":\"02:00:00:00:00:03\"},"
		       "{\"mac\":\"02:00:00:00:00:01\"}]}");
	struct mac all[4];
	char text[MAC_TEXT];

	ck_assert_uint_eq(inventory_macs(j, all, 4), 3);
	ck_assert_str_eq(mac_format(&all[0], text), "02:00:00:00:00:02");
	ck_assert_str_eq(mac_format(&all[1], text), "02:00:00:00:00:01");
	ck_assert_str_eq(mac_format(&all[2], text), "02:00:00:00:00:03");
	ck_assert_uint_eq(inventory_macs(j, all, 1), 1);
	json_decref(j);
}
END_TEST

/* What is wired comes before what is not; what is no card of the machine's own is left out. */
START_TEST(cards)
{
	static const char *const text =
		"{\"schema\":1,\"interfaces\":["
		"{\"mac\":\"02:00:00:00:00:09\",\"driver\":\"cdc_ether\",\"carrier\":true},"
		"{\"mac\":\"02:00:00:00:00:01\",\"driver\":\"igb\",\"carrier\":false},"
		"{\"mac\":\"02:00:00:00:00:02\",\"driver\":\"igb\",\"carrier\":true},"
		"{\"mac\":\"02:00:00:00:00:02\",\"driver\":\"bonding\"},"
		"{\"mac\":\"02:00:00:00:00:03\",\"driver\":\"rndis_host\",\"booted\":true}]}";
	json_t *j = parsed(text);
	char mac[MAC_TEXT];
	struct mac all[8];

	ck_assert_uint_eq(inventory_macs(j, all, 8), 3);
	ck_assert_str_eq(mac_format(&all[0], mac), "02:00:00:00:00:03");
	ck_assert_str_eq(mac_format(&all[1], mac), "02:00:00:00:00:02");
	ck_assert_str_eq(mac_format(&all[2], mac), "02:00:00:00:00:01");
	json_decref(j);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inventory");
	TCase *t = tcase_create("inventory");
	SRunner *r;
	int failed;

	tcase_add_test(t, uniform);
	tcase_add_test(t, again);
	tcase_add_test(t, wrong_json);
	tcase_add_test(t, bounded);
	tcase_add_test(t, bounded_when_escaped);
	tcase_add_test(t, worthless);
	tcase_add_test(t, worthless_uuids);
	tcase_add_test(t, identity);
	tcase_add_test(t, identity_worthless);
	tcase_add_test(t, macs);
	tcase_add_test(t, cards);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
