/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe_fetch.h"

#include "usher/client/http_get.h"
#include "usher/probe/probe_tftp.h"

#include <stdio.h>
#include <string.h>

bool probe_fetch_named(const struct dhcp_told *t, char url[IPXE_URL])
{
	struct ip next = ip_from_v4(t->next_server);
	char ip[IP_TEXT];
	int n;

	if (strstr(t->file, "://"))
		n = snprintf(url, IPXE_URL, "%s", t->file);
	else
		n = snprintf(url, IPXE_URL, "tftp://%s/%s",
			t->next_server ? ip_format(&next, ip) : t->tftp_name, t->file);
	return n > 0 && n < IPXE_URL && (t->next_server || *t->tftp_name || strstr(t->file, "://"));
}

static size_t broken(struct probe_fetch *ret, const char *why)
{
	ret->end = PROBE_BROKEN;
	snprintf(ret->says, sizeof ret->says, "%s", why);
	return 0;
}

/* tftp://ADDRESS/NAME */
static size_t by_tftp(
	const struct probe_fetching *f, char *head, size_t size, struct probe_fetch *ret)
{
	const char *host = f->url + strlen("tftp://"), *slash = strchr(host, '/');
	struct probe_tftp t = {.most = f->look ? PROBE_FETCH_LOOK : 0,
		.stop = f->stop,
		.head = head,
		.head_size = size};
	char address[IP_TEXT];
	struct ip ip;

	ret->tftp = true;
	if (!slash || !slash[1])
		return broken(ret, "no file is named");
	snprintf(address, sizeof address, "%.*s", (int)(slash - host), host);
	if (ip_parse(address, &ip) || ip.family != IP_V4)
		return broken(ret,
			"its server is named by no IPv4 address, and a probe resolves no names");
	t.server = ip_to_v4(&ip);
	t.name = slash + 1;
	return probe_tftp_get(&t, ret);
}

static void take_status(struct probe_fetch *ret, long status)
{
	ret->status = status;
	if (status >= 200 && status < 300)
		ret->end = PROBE_DONE;
	else if (status == 404 || status == 410)
		ret->end = PROBE_MISSING;
	else if (status == 401 || status == 403)
		ret->end = PROBE_DENIED;
	else
		ret->end = PROBE_STATUS;
}

static size_t by_http(
	const struct probe_fetching *f, char *head, size_t size, struct probe_fetch *ret)
{
	static const enum probe_end ends[] = {[HTTP_SILENT] = PROBE_SILENT,
		[HTTP_REFUSED] = PROBE_REFUSED,
		[HTTP_BROKEN] = PROBE_BROKEN};
	const struct http_get g = {.url = f->url,
		.post = f->post,
		.redirects = f->redirects,
		.most = f->look ? PROBE_FETCH_LOOK : 0,
		.stop = f->stop,
		.head = head,
		.head_size = size};
	struct http_got got;

	http_get(&g, &got);
	ret->bytes = got.bytes;
	ret->part = got.part;
	snprintf(ret->says, sizeof ret->says, "%s", got.says);
	if (got.end == HTTP_GOT)
		take_status(ret, got.status);
	else
		ret->end = ends[got.end];
	return got.head_len;
}

size_t probe_fetch(const struct probe_fetching *f, char *head, size_t size, struct probe_fetch *ret)
{
	size_t n;

	*ret = (struct probe_fetch){0};
	snprintf(ret->url, sizeof ret->url, "%s", f->url);
	n = strncmp(f->url, "tftp://", 7) ? by_http(f, head, size, ret)
					  : by_tftp(f, head, size, ret);
	ret->kind = boot_bytes_of(head, n);
	return n;
}
