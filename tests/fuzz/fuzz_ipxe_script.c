/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what a boot server sent: as a script of iPXE, a boot file, the head of an HTTP answer. Read without a stray read,
 * and what is found ends where it should. */
#include "usher/probe/boot_bytes.h"
#include "usher/probe/ipxe_script.h"
#include "usher/probe/storm_http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool right)
{
	if (!right)
		abort();
}

static void check_script(const struct ipxe_script *s)
{
	char answers[IPXE_URL];

	check(strlen(s->kernel) < IPXE_URL && strlen(s->words) < IPXE_WORDS &&
		strlen(s->chain) < IPXE_URL);
	check(s->n_initrds <= IPXE_INITRDS);
	for (size_t i = 0; i < s->n_initrds; i++)
		check(*s->initrd[i] && strlen(s->initrd[i]) < IPXE_URL);
	check(s->is_script || !*s->kernel);
	check(ipxe_script_answers(s->words, "http://10.0.0.1/m/", answers) == (*answers != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ipxe_script s;
	const struct ipxe_known known = {.next_server = "10.0.0.1", .ip = "10.0.0.2"};
	struct storm_head head;

	ipxe_script_read((const char *)data, len, &known, &s);
	check_script(&s);
	check(boot_bytes_name(boot_bytes_of(data, len)));
	if (storm_head_parse((const char *)data, len, &head) > 0)
		check(head.len <= len);
	return 0;
}
