/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any packet: what decodes keeps its promises, and a request that is written again reads the same.
 */
#include "tftpd/tftp_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool held)
{
	if (!held)
		abort();
}

static void check_text(const char *text, size_t cap)
{
	size_t n = strnlen(text, cap);

	must(n < cap);
	for (size_t i = 0; i < n; i++)
		must(text[i] >= 0x20 && text[i] < 0x7f);
}

static void check_request(const struct tftp_packet *p)
{
	const struct tftp_options *o = &p->options;
	uint8_t buf[TFTP_SMALL];
	struct tftp_packet again;
	int n;

	check_text(p->name, sizeof p->name);
	must(p->name[0] && p->name[0] != '/');
	must(!o->has_blksize || (o->blksize >= TFTP_BLKSIZE_MIN && o->blksize <= TFTP_BLKSIZE_MAX));
	must(!o->has_timeout || o->timeout_s);
	must(!o->has_windowsize || o->windowsize);
	n = tftp_wire_request(buf, sizeof buf, (enum tftp_op)p->op, p->name,
		p->netascii ? "netascii" : "octet", o);
	must(n > 0 && !tftp_wire_decode(buf, (size_t)n, &again));
	must(!strcmp(again.name, p->name) && again.netascii == p->netascii && again.op == p->op);
	must(tftp_options_eq(&again.options, o));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tftp_packet p;
	enum tftp_error code;
	int rc = tftp_wire_decode(data, len, &p);

	if (rc) {
		must(*tftp_wire_refusal(rc, &code) != 0);
		return 0;
	}
	if (p.op == TFTP_RRQ || p.op == TFTP_WRQ)
		check_request(&p);
	else if (p.op == TFTP_ERROR)
		check_text(p.text, sizeof p.text);
	else if (p.op == TFTP_DATA)
		must(p.data_len == len - TFTP_HEADER);
	return 0;
}
