/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <option>: what a site has its clients told beside what usher says of itself, by DHCP and by DHCPv6. */
#include "config/config_xml.h"
#include "core/cursor.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What usher says of itself, from what it knows; "" for what the protocol itself is made of. */
static const char *said_elsewhere(unsigned code)
{
	static const char answers[] = ": it answers a client's option that usher does not support";
	static const struct {
		uint8_t code;
		const char *where;
	} own[] = {{1, ": set by the subnet"}, {3, ": set by <router>"}, {6, ": set by <dns>"},
		{12, ": set by the machine's name"}, {15, ": set by domain="},
		{26, ": set by mtu="}, {28, ": set by the subnet"}, {42, ": set by <ntp>"},
		{43, ""}, {50, ""}, {51, ": set by lease="}, {52, ""}, {53, ""}, {54, ""}, {55, ""},
		{56, ""}, {57, ""}, {58, ": set by lease="}, {59, ": set by lease="}, {60, ""},
		{61, ""}, {66, ""}, {67, ""}, {77, ""}, {82, ""}, {93, ""}, {94, ""}, {80, answers},
		{81, answers}, {90, answers}, {97, ""}, {116, answers}, {118, answers},
		{145, answers}, {119, ": set by <search>"}, {121, ": set by <route>"}, {150, ""},
		{175, ""}, {249, ": set by <route>"}};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (own[i].code == code)
			return own[i].where;
	return NULL;
}

/* The same of DHCPv6. */
static const char *said_elsewhere6(unsigned code)
{
	static const struct {
		uint16_t first, last;
		const char *where;
	} own[] = {{1, 16, ""}, {18, 20, ""}, {23, 23, ": set by <dns>"},
		{24, 24, ": set by <search> or domain="}, {25, 26, ""}, {32, 32, ": set by lease="},
		{37, 39, ""}, {43, 43, ""}, {56, 56, ": set by <ntp>"}, {59, 62, ""}, {79, 79, ""},
		{82, 83, ""}, {135, 135, ""}};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (code >= own[i].first && code <= own[i].last)
			return own[i].where;
	return NULL;
}

static bool write_hex(struct writer *w, const char *text)
{
	unsigned byte;
	int n;

	for (; *text; text += n) {
		if (*text == ':' || *text == ' ')
			text++;
		if (!isxdigit((unsigned char)text[0]) || sscanf(text, "%2x%n", &byte, &n) != 1 ||
			n != 2)
			return false;
		writer_u8(w, (uint8_t)byte);
	}
	return true;
}

static bool write_addresses(struct writer *w, const char *text, enum ip_family family)
{
	char address[IP_TEXT];
	struct ip ip;

	while (*text) {
		size_t n = strcspn(text, ", ");

		if (n >= sizeof address)
			return false;
		memcpy(address, text, n);
		address[n] = '\0';
		if (ip_parse(address, &ip) || ip.family != family)
			return false;
		writer_bytes(w, ip.b, family == IP_V6 ? 16 : 4);
		text += n;
		text += strspn(text, ", ");
	}
	return true;
}

static bool write_number(struct writer *w, const char *text, unsigned bytes)
{
	long n;

	if (!config_number(text, 0, (1L << 8 * bytes) - 1, &n))
		return false;
	while (bytes-- > 0)
		writer_u8(w, (uint8_t)(n >> 8 * bytes));
	return true;
}

/* NULL, or what was expected. */
static const char *write_value(
	struct writer *w, const char *type, const char *value, enum ip_family family)
{
	if (!strcmp(type, "text"))
		writer_bytes(w, value, strlen(value));
	else if (!strcmp(type, "hex"))
		return write_hex(w, value) ? NULL : "hexadecimal bytes like 0a:4d:00";
	else if (!strcmp(type, "address"))
		return write_addresses(w, value, family) ? NULL
			: family == IP_V6                ? "IPv6 addresses"
							 : "IPv4 addresses";
	else if (!strcmp(type, "u8"))
		return write_number(w, value, 1) ? NULL : "a number from 0 to 255";
	else if (!strcmp(type, "u16"))
		return write_number(w, value, 2) ? NULL : "a number from 0 to 65535";
	else if (!strcmp(type, "u32"))
		return write_number(w, value, 4) ? NULL : "a number from 0 to 4294967295";
	else
		return "type= text, hex, address, u8, u16 or u32";
	return NULL;
}

/* Code and length take a byte each in DHCP, two in DHCPv6. */
static unsigned number_at(const uint8_t *at, enum ip_family family)
{
	return family == IP_V6 ? (unsigned)at[0] << 8 | at[1] : at[0];
}

static bool has_option(const struct segment_options *o, enum ip_family family, unsigned code)
{
	size_t half = family == IP_V6 ? 2 : 1;

	for (size_t at = 0; at < o->len; at += 2 * half + number_at(o->bytes + at + half, family))
		if (number_at(o->bytes + at, family) == code)
			return true;
	return false;
}

static void add_option(
	struct segment_options *o, enum ip_family family, unsigned code, const struct writer *value)
{
	struct writer w;

	writer_init(&w, o->bytes + o->len, sizeof o->bytes - o->len);
	if (family == IP_V6) {
		writer_u16(&w, (uint16_t)code);
		writer_u16(&w, (uint16_t)value->len);
	} else {
		writer_u8(&w, (uint8_t)code);
		writer_u8(&w, (uint8_t)value->len);
	}
	writer_bytes(&w, value->start, value->len);
	o->len += w.len;
}

static void read_option(
	struct markup_reader *r, const xmlNode *e, struct segment_options *o, enum ip_family family)
{
	bool six = family == IP_V6;
	char type[8] = "text", value[800] = "";
	uint8_t bytes[255];
	uint16_t code = 0;
	const struct attribute as[] = {{"code", six ? A_CODE6 : A_CODE, &code, 0, true},
		{"value", A_TEXT, value, sizeof value, true},
		{"type", A_TEXT, type, sizeof type, false}, {0}};
	const char *expected, *elsewhere;
	struct writer w;

	config_attributes(r, e, as);
	writer_init(&w, bytes, sizeof bytes);
	elsewhere = six ? said_elsewhere6(code) : said_elsewhere(code);
	expected = write_value(&w, type, value, family);
	if (elsewhere)
		markup_fault(r, e, "<option code='%u'> is sent by usher itself%s", code, elsewhere);
	else if (has_option(o, family, code))
		markup_fault(r, e, "<option code='%u'> is already set", code);
	else if (expected)
		markup_fault(r, e, "<option value='%.80s'>: expected %s", value, expected);
	else if (w.bad || o->len + (six ? 4 : 2) + w.len > sizeof o->bytes)
		markup_fault(r, e, "<option>: one takes at most 255 bytes, all of a segment %d",
			SEGMENT_OPTIONS);
	if (!r->faults)
		add_option(o, family, code, &w);
}

void config_read_option(struct markup_reader *r, const xmlNode *e, void *to)
{
	read_option(r, e, &((struct config_segment *)to)->extra.options, IP_V4);
}

void config_read_option6(struct markup_reader *r, const xmlNode *e, void *to)
{
	read_option(r, e, &((struct config_segment6 *)to)->options, IP_V6);
}
