/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listener with TLS, and its certificate. */
#include "service/access/access.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/sockaddr.h"
#include "core/text.h"
#include "core/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ADDRESSES = 32, /* in a certificate of our own: more are left out */
	SOON_S = 14 * 24 * 3600,
};

static int read_pem(const char *path, const char *what, char **ret, char *why, size_t size)
{
	int rc = text_read_file(AT_FDCWD, path, HTTP_CERTIFICATE_MAX, ret);

	if (rc)
		snprintf(why, size, "%s: the %s of <api> cannot be read: %s%s", path, what,
			rc == -EINVAL ? "it is no text file" : strerror(-rc),
			rc == -EACCES ? " (usher runs as its own user: chgrp usher, chmod g+r)"
				      : "");
	return rc;
}

static int read_pair(
	struct access *a, const char *certificate, const char *key, char *why, size_t size)
{
	char wrong[256];
	int rc = read_pem(certificate, "certificate", &a->certificate.certificate, why, size);

	if (!rc)
		rc = read_pem(key, "key", &a->certificate.key, why, size);
	if (rc)
		return rc;
	rc = http_certificate_look(&a->certificate, wrong, sizeof wrong);
	if (rc)
		snprintf(why, size, "%s, with the key %s: %s", certificate, key, wrong);
	return rc;
}

static void go_without(struct access *a, const char *why)
{
	http_certificate_fini(&a->certificate);
	snprintf(a->problem, sizeof a->problem, "%s", why);
	log_error("%s: the API does not answer by TLS: put that right, and restart usher", why);
}

void access_read_certificate(struct access *a)
{
	const struct config *c = &a->base->config;
	char why[sizeof a->problem] = "";

	if (c->api && *c->api_certificate &&
		read_pair(a, c->api_certificate, c->api_key, why, sizeof why))
		go_without(a, why);
}

static bool is_useful(const struct ip *ip)
{
	return ip_is_set(ip) && !(ip->family == IP_V6 && ip->b[0] == 0xfe && ip->b[1] == 0x80);
}

/* By what the host may be asked for: the address that is listened on, or all that there are. */
static size_t own_addresses(const struct ip *on, struct ip ret[ADDRESSES])
{
	struct ifaddrs *all = NULL;
	size_t n = 0;
	struct ip any = {.family = on->family};

	if (!ip_eq(on, &any))
		ret[n++] = *on;
	if (n || getifaddrs(&all))
		return n;
	for (struct ifaddrs *i = all; i && n < ADDRESSES; i = i->ifa_next) {
		ret[n] = sockaddr_ip(i->ifa_addr, NULL);
		n += is_useful(&ret[n]);
	}
	freeifaddrs(all);
	return n;
}

static int make_pair(
	struct access *a, const char *certificate, const char *key, char *why, size_t size)
{
	struct ip addresses[ADDRESSES];
	char host[256] = "";
	size_t n = own_addresses(&a->base->config.api_address, addresses);
	struct http_certificate *made = &a->certificate;
	int rc;

	(void)gethostname(host, sizeof host - 1);
	rc = http_certificate_make(
		*host ? host : "usher", addresses, n, clock_wall_ms() / 1000, made);
	if (!rc)
		rc = whole_file_write(key, 0600, made->key, strlen(made->key));
	if (!rc)
		rc = whole_file_write(
			certificate, 0644, made->certificate, strlen(made->certificate));
	if (rc)
		snprintf(why, size, "%s: the certificate of <api> cannot be made: %s", certificate,
			strerror(-rc));
	else
		log_info("api: made %s, with the sum (SHA-256) %s", certificate, made->fingerprint);
	return rc;
}

/* It stays as it is: clients may know its sum. */
static void say_unnamed(const struct access *a, const char *certificate, const char *key)
{
	const struct ip *on = &a->base->config.api_address, any = {.family = on->family};
	char ip[IP_TEXT];

	if (!ip_eq(on, &any) && !http_certificate_names(&a->certificate, on))
		log_warn("api: %s was made for another address than %s: clients that look at names "
			 "refuse it; remove it and %s for a new one",
			certificate, ip_format(on, ip), key);
}

/* A pair that does not belong together is half of what was made when the host failed: nobody has seen it. */
static int own_pair(struct access *a, char *why, size_t size)
{
	char certificate[PATH_MAX + 32], key[PATH_MAX + 32];

	snprintf(certificate, sizeof certificate, "%s/api-certificate.pem", a->base->config.state);
	snprintf(key, sizeof key, "%s/api-key.pem", a->base->config.state);
	if (!access(certificate, F_OK) && !access(key, F_OK)) {
		int rc = read_pair(a, certificate, key, why, size);

		if (!rc)
			say_unnamed(a, certificate, key);
		if (rc != -EINVAL) /* also what cannot be read: clients know that sum */
			return rc;
	}
	http_certificate_fini(&a->certificate);
	return make_pair(a, certificate, key, why, size);
}

static void say_expiry(const struct http_certificate *c)
{
	int64_t left = c->until - clock_wall_ms() / 1000;

	if (left < SOON_S)
		log_warn("api: the certificate of <api> %s: clients refuse it then",
			left < 0 ? "has expired" : "expires within two weeks");
}

/* A wrong address is listened on as one that comes later is: nobody notices. */
static void say_unreachable(const struct ip *on)
{
	const struct ip any = {.family = on->family};
	struct ifaddrs *all = NULL;
	char text[IP_TEXT];
	bool found = ip_eq(on, &any) || getifaddrs(&all);

	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		const struct ip has = sockaddr_ip(i->ifa_addr, NULL);

		found = ip_eq(&has, on);
	}
	freeifaddrs(all);
	if (!found)
		log_warn(
			"api: no interface of this host has the address %s: <api> cannot be reached "
			"until one has it",
			ip_format(on, text));
}

static int open_door(struct access *a, struct httpd *h, char *why, size_t size)
{
	const struct config *c = &a->base->config;
	int rc = 0;

	if (!a->certificate.certificate)
		rc = own_pair(a, why, size);
	if (rc)
		return rc;
	say_expiry(&a->certificate);
	say_unreachable(&c->api_address);
	return httpd_open_tls(h, &c->api_address, c->api_port, a->certificate.certificate,
		a->certificate.key, why, size);
}

void access_listen(struct access *a, struct httpd *h)
{
	char why[sizeof a->problem] = "";

	if (a->base->config.api && !*a->problem && open_door(a, h, why, sizeof why))
		go_without(a, why);
}

void access_fini(struct access *a)
{
	http_certificate_fini(&a->certificate);
}
