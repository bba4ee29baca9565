/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_certificate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_certificate make(void)
{
	struct http_certificate c;
	struct ip ip[2];

	ck_assert_int_eq(ip_parse("10.66.0.1", &ip[0]), 0);
	ck_assert_int_eq(ip_parse("2001:db8::1", &ip[1]), 0);
	ck_assert_int_eq(http_certificate_make("host.example", ip, 2, 1700000000, &c), 0);
	return c;
}

START_TEST(one_of_our_own)
{
	struct http_certificate c = make(), other = make();

	ck_assert_int_eq(strlen(c.fingerprint), SHA256_HEX - 1);
	ck_assert_str_ne(c.fingerprint, other.fingerprint);
	ck_assert_int_eq(c.until, 1700000000 + HTTP_CERTIFICATE_YEARS * 365LL * 24 * 3600);
	ck_assert_ptr_nonnull(strstr(c.certificate, "-----BEGIN CERTIFICATE-----"));
	ck_assert_ptr_nonnull(strstr(c.key, "PRIVATE KEY-----"));
	http_certificate_fini(&c);
	http_certificate_fini(&other);
}
END_TEST

/* As another program reads it. */
START_TEST(as_openssl_reads_it)
{
	struct http_certificate c = make();
	char text[4096], path[] = "/tmp/test_certificate.XXXXXX", command[256];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	size_t n;

	fputs(c.certificate, f);
	fclose(f);
	snprintf(command, sizeof command,
		"openssl x509 -in %s -noout -subject -ext subjectAltName,keyUsage,extendedKeyUsage,"
		"basicConstraints 2>&1; openssl verify -CAfile %s %s 2>&1",
		path, path, path);
	f = popen(command, "r");
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	pclose(f);
	remove(path);
	ck_assert_msg(strstr(text,
			      "DNS:host.example, DNS:localhost, IP Address:10.66.0.1, "
			      "IP Address:2001:DB8:0:0:0:0:0:1"),
		"%s", text);
	ck_assert_msg(strstr(text, "TLS Web Server Authentication"), "%s", text);
	ck_assert_msg(strstr(text, "CA:FALSE"), "%s", text);
	http_certificate_fini(&c);
}
END_TEST

START_TEST(what_does_not_belong_together)
{
	struct http_certificate c = make(), other = make(), mixed = {0};
	char why[256];

	mixed.certificate = c.certificate;
	mixed.key = other.key;
	ck_assert_int_lt(http_certificate_look(&mixed, why, sizeof why), 0);
	ck_assert_msg(strstr(why, "the key is not this certificate's"), "%s", why);
	mixed.key = c.key;
	ck_assert_int_eq(http_certificate_look(&mixed, why, sizeof why), 0);
	ck_assert_str_eq(mixed.fingerprint, c.fingerprint);
	mixed.certificate = c.key;
	ck_assert_int_lt(http_certificate_look(&mixed, why, sizeof why), 0);
	ck_assert_msg(strstr(why, "no certificate"), "%s", why);
	http_certificate_fini(&c);
	http_certificate_fini(&other);
}
END_TEST

START_TEST(whose_address_is_in_it)
{
	struct http_certificate c = make(), none = {.certificate = strdup("nonsense")};
	struct ip ip;

	ck_assert_int_eq(ip_parse("10.66.0.1", &ip), 0);
	ck_assert(http_certificate_names(&c, &ip));
	ck_assert(!http_certificate_names(&none, &ip));
	ck_assert_int_eq(ip_parse("2001:db8::1", &ip), 0);
	ck_assert(http_certificate_names(&c, &ip));
	ck_assert_int_eq(ip_parse("10.66.0.2", &ip), 0);
	ck_assert(!http_certificate_names(&c, &ip));
	http_certificate_fini(&c);
	http_certificate_fini(&none);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_certificate");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, one_of_our_own);
	tcase_add_test(t, as_openssl_reads_it);
	tcase_add_test(t, whose_address_is_in_it);
	tcase_add_test(t, what_does_not_belong_together);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
