/* Any bytes as a client's message: decoded without a stray read, and answered within what the
 * client takes. */
#include "dhcpd/dhcp_answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool right)
{
	if (!right)
		abort();
}

static void answer(const struct dhcp_message *m, enum dhcp_verdict verdict)
{
	static const struct dhcp_boot_for armed = {.armed = true,
		.token = "00112233445566778899aabbccddeeff",
		.server = 0xc0a87a01,
		.http_port = 8080,
		.loaders = &DHCP_LOADERS};
	struct segment seg = {.server = ip_from_v4(0xc0a87a01),
		.prefix_len = 24,
		.n_dns = 1,
		.router = ip_from_v4(0xc0a87a01),
		.domain = "lab.example"};
	struct dhcp_policy p = {.msg = m, .segment = &seg};
	struct dhcp_decision d = {
		.verdict = verdict, .address = ip_from_v4(0xc0a87a03), .lease_s = 3600};
	struct dhcp_boot boot = dhcp_boot_decide(m, &armed);
	uint8_t *buf = malloc(DHCP_REPLY_MAX);
	int n;

	if (!buf)
		return;
	seg.dns[0] = seg.server;
	n = dhcp_answer_encode(&p, &d, &boot, buf);
	check(n < 0 || (n >= DHCP_REPLY_MIN && n <= DHCP_REPLY_MAX && n <= m->max_size - 28));
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_message m;
	char text[DHCP_CLIENT_TEXT];
	const char *why = NULL;

	if (dhcp_wire_decode(data, len, &m, &why) < 0) {
		check(why != NULL);
		return 0;
	}
	for (unsigned code = 0; code < 256; code++) {
		size_t n;
		const uint8_t *p = dhcp_wire_option(&m, (uint8_t)code, &n);

		check(!p || (p >= m.arena && p + n <= m.arena + sizeof(m.arena)));
	}
	check(strlen(m.hostname) < sizeof(m.hostname));
	check(strlen(m.vendor_class) < sizeof(m.vendor_class));
	check(strlen(dhcp_boot_client_text(&m, text)) < sizeof(text));
	answer(&m, DHCP_SEND_OFFER);
	answer(&m, DHCP_SEND_ACK);
	answer(&m, DHCP_SEND_NAK);
	return 0;
}
