/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_certificate.h"

#include "core/draw.h"
#include "core/wipe.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DAY_S = 24 * 3600, /* a clock that goes slow does not find it to be of tomorrow */
	SERIAL = 16,
};

/* GnuTLS keeps its own heap. */
static char *text_of(const gnutls_datum_t *d)
{
	return strndup((const char *)d->data, d->size);
}

static int export_both(
	gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, struct http_certificate *ret)
{
	gnutls_datum_t c = {0}, k = {0};
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &c);

	if (!rc)
		rc = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &k);
	if (!rc) {
		ret->certificate = text_of(&c);
		ret->key = text_of(&k);
	}
	if (k.data)
		explicit_bzero(k.data, k.size);
	gnutls_free(c.data);
	gnutls_free(k.data);
	return rc ? rc : ret->certificate && ret->key ? 0 : GNUTLS_E_MEMORY_ERROR;
}

/* Both names by which it is asked for, and its addresses. */
static int name(gnutls_x509_crt_t crt, const char *host, const struct ip *addresses, size_t n)
{
	static const char local[] = "localhost";
	int rc = gnutls_x509_crt_set_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, host, (unsigned)strlen(host));

	if (!rc)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_SET);
	if (!rc)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_DNSNAME, local, sizeof local - 1, GNUTLS_FSAN_APPEND);
	for (size_t i = 0; i < n && !rc; i++)
		rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, addresses[i].b,
			addresses[i].family == IP_V6 ? 16 : 4, GNUTLS_FSAN_APPEND);
	return rc;
}

/* What RFC 5280 wants of one that only serves. */
static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, int64_t now_s)
{
	uint8_t serial[SERIAL];
	int rc = gnutls_x509_crt_set_version(crt, 3);

	draw_bytes(serial, sizeof serial);
	serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and no leading zero: section 4.1.2.2 */
	if (!rc)
		rc = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	if (!rc)
		rc = gnutls_x509_crt_set_activation_time(crt, (time_t)(now_s - DAY_S));
	if (!rc)
		rc = gnutls_x509_crt_set_expiration_time(
			crt, (time_t)(now_s + HTTP_CERTIFICATE_YEARS * 365LL * DAY_S));
	if (!rc)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (!rc)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (!rc)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (!rc)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	return rc;
}

static int make(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *host,
	const struct ip *addresses, size_t n, int64_t now_s)
{
	int rc = gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

	if (!rc)
		rc = fill(crt, key, now_s);
	if (!rc)
		rc = name(crt, host, addresses, n);
	return rc ? rc : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

int http_certificate_make(const char *host, const struct ip *addresses, size_t n, int64_t now_s,
	struct http_certificate *ret)
{
	struct http_certificate made = {0};
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	char why[256];
	int rc = gnutls_x509_privkey_init(&key);

	if (!rc)
		rc = gnutls_x509_crt_init(&crt);
	if (!rc)
		rc = make(crt, key, host, addresses, n, now_s);
	if (!rc)
		rc = export_both(crt, key, &made);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	if (!rc)
		rc = http_certificate_look(&made, why, sizeof why) ? GNUTLS_E_INTERNAL_ERROR : 0;
	if (!rc)
		*ret = made;
	else
		http_certificate_fini(&made);
	return rc == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : rc ? -EIO : 0;
}

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

/* The first of the file is the server's own: RFC 8446 4.4.2. */
static int look_at_first(struct http_certificate *c, char *why, size_t size)
{
	const gnutls_datum_t pem = datum(c->certificate);
	gnutls_x509_crt_t *crts = NULL;
	unsigned n = 0;
	unsigned char sum[32];
	size_t len = sizeof sum;
	int rc = gnutls_x509_crt_list_import2(&crts, &n, &pem, GNUTLS_X509_FMT_PEM, 0);

	if (rc < 0 || !n) {
		snprintf(why, size, "it has no certificate in PEM: %s", gnutls_strerror(rc));
		return -EINVAL;
	}
	rc = gnutls_x509_crt_get_fingerprint(crts[0], GNUTLS_DIG_SHA256, sum, &len);
	c->until = gnutls_x509_crt_get_expiration_time(crts[0]);
	for (size_t i = 0; i < sizeof sum; i++)
		snprintf(c->fingerprint + 2 * i, 3, "%02x", sum[i]);
	while (n)
		gnutls_x509_crt_deinit(crts[--n]);
	gnutls_free(crts);
	if (rc)
		snprintf(why, size, "its sum cannot be made: %s", gnutls_strerror(rc));
	return rc ? -EINVAL : 0;
}

int http_certificate_look(struct http_certificate *c, char *why, size_t size)
{
	const gnutls_datum_t crt = datum(c->certificate), key = datum(c->key);
	gnutls_certificate_credentials_t both;
	int rc = look_at_first(c, why, size);

	if (rc)
		return rc;
	rc = gnutls_certificate_allocate_credentials(&both);
	if (!rc) {
		rc = gnutls_certificate_set_x509_key_mem2(
			both, &crt, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
		gnutls_certificate_free_credentials(both);
	}
	if (rc < 0)
		snprintf(why, size, "the key is not this certificate's: %s", gnutls_strerror(rc));
	return rc < 0 ? -EINVAL : 0;
}

bool http_certificate_names(const struct http_certificate *c, const struct ip *address)
{
	const gnutls_datum_t pem = datum(c->certificate);
	gnutls_x509_crt_t crt;
	bool named;

	if (gnutls_x509_crt_init(&crt))
		return false;
	named = !gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM) &&
		gnutls_x509_crt_check_ip(crt, address->b, address->family == IP_V6 ? 16 : 4, 0);
	gnutls_x509_crt_deinit(crt);
	return named;
}

void http_certificate_fini(struct http_certificate *c)
{
	free(c->certificate);
	wipe_free(c->key);
	*c = (struct http_certificate){0};
}
