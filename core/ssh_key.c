/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ssh_key.h"

#include "core/base64.h"
#include "core/cursor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 1024, WORD = 64 }; /* what sshd takes at least */

struct type {
	const char *name;
	const char *curve; /* of ECDSA */
	size_t point;      /* bytes of the key itself; 0: numbers of any size */
	unsigned numbers;  /* of RSA and DSA */
	bool application;  /* of a security key */
};

static const struct type types[] = {
	{.name = "ssh-ed25519", .point = 32},
	{.name = "ssh-rsa", .numbers = 2},
	{.name = "ecdsa-sha2-nistp256", .curve = "nistp256", .point = 65},
	{.name = "ecdsa-sha2-nistp384", .curve = "nistp384", .point = 97},
	{.name = "ecdsa-sha2-nistp521", .curve = "nistp521", .point = 133},
	{.name = "sk-ssh-ed25519@openssh.com", .point = 32, .application = true},
	{.name = "sk-ecdsa-sha2-nistp256@openssh.com",
		.curve = "nistp256",
		.point = 65,
		.application = true},
	{.name = "ssh-dss", .numbers = 4},
};

static const struct type *find_type(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].name) == n && !memcmp(types[i].name, s, n))
			return &types[i];
	return NULL;
}

static size_t word_len(const char *s)
{
	return strcspn(s, " \t\r\n");
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Options stand before the key's type, blanks in them within quotes. */
static const char *after_options(const char *s)
{
	bool quoted = false;

	for (; *s && (quoted || !strchr(" \t", *s)); s++)
		if (*s == '\\' && s[1] == '"')
			s++;
		else if (*s == '"')
			quoted = !quoted;
	return skip_blanks(s);
}

/* A string of RFC 4251, 5. */
static const uint8_t *take_string(struct reader *r, size_t *ret_n)
{
	*ret_n = reader_u32(r);
	return reader_bytes(r, *ret_n);
}

static bool takes_text(struct reader *r, const char *text)
{
	size_t n;
	const uint8_t *s = take_string(r, &n);

	return s && n == strlen(text) && !memcmp(s, text, n);
}

/* A number that is not negative, without needless zeros: its bits; 0: it is none. */
static unsigned take_number(struct reader *r)
{
	size_t n, bits;
	const uint8_t *s = take_string(r, &n);

	if (!s || !n || s[0] & 0x80 || (!s[0] && (n == 1 || !(s[1] & 0x80))))
		return 0;
	if (!s[0]) {
		s++;
		n--;
	}
	bits = 8 * n;
	for (unsigned char top = s[0]; !(top & 0x80); top = (unsigned char)(top << 1))
		bits--;
	return (unsigned)bits;
}

static bool takes_point(struct reader *r, const struct type *t)
{
	size_t n;
	const uint8_t *s = take_string(r, &n);

	return s && n == t->point && (!t->curve || s[0] == 4); /* uncompressed */
}

static const char *fields_error(struct reader *r, const struct type *t)
{
	unsigned bits = 0;
	size_t n;

	if (!takes_text(r, t->name))
		return "its type and what is in its base64 are not the same";
	if (t->curve && !takes_text(r, t->curve))
		return "its curve is another than its type says";
	for (unsigned i = 0; i < t->numbers; i++) {
		bits = take_number(r);
		if (!bits)
			return "it is damaged, or cut off: make its line anew with ssh-keygen -y";
	}
	if (t->point && !takes_point(r, t))
		return "it is damaged, or cut off: make its line anew with ssh-keygen -y";
	if (t->application && (!take_string(r, &n) || !n))
		return "it is damaged, or cut off: its application is missing";
	if (r->bad || r->left)
		return "it is damaged, or cut off: make its line anew with ssh-keygen -y";
	if (t->numbers == 2 && bits < RSA_BITS_MIN)
		return "an RSA key of less than 1024 bits, which sshd refuses";
	return NULL;
}

static const char *blob_error(const char *s, const struct type *t)
{
	size_t n = word_len(s);
	char *text = strndup(s, n);
	const char *error = "its base64 is damaged";
	uint8_t *blob;

	if (!text || !n)
		error = n ? "out of memory" : "there is nothing behind its type";
	else if (!base64_decode(text, &blob, &n)) {
		struct reader r;

		reader_init(&r, blob, n);
		error = fields_error(&r, t);
		free(blob);
	}
	free(text);
	return error;
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* Files that people take for one. */
static const char *file_error(const char *s)
{
	if ((begins(s, "-----BEGIN ") && strstr(s, "PRIVATE KEY")) ||
		begins(s, "PuTTY-User-Key-File"))
		return "a private key, which is not to leave its machine: take the public one, "
		       "FILE.pub (ssh-keygen -y -f FILE prints it)";
	if (begins(s, "---- BEGIN SSH2 PUBLIC KEY") || begins(s, "-----BEGIN"))
		return "a key of another format: ssh-keygen -i -f FILE prints it as OpenSSH has it";
	return NULL;
}

static const char *other_error(const char *s)
{
	size_t n = word_len(s);

	if (n > 21 && begins(s + n - 21, "-cert-v01@openssh.com"))
		return "a certificate: take the key that it is for, or the authority's, with "
		       "cert-authority before it";
	return "no public SSH key: expected TYPE BASE64 COMMENT, as in ~/.ssh/id_ed25519.pub";
}

const char *ssh_key_error(const char *line)
{
	const char *s = skip_blanks(line);
	const struct type *t = find_type(s, word_len(s));
	const char *key = s, *file = file_error(s);

	if (strpbrk(line, "\r\n"))
		return "it is not one line";
	if (file)
		return file;
	if (!t) {
		key = after_options(s);
		t = find_type(key, word_len(key));
	}
	if (!t)
		return other_error(s);
	return blob_error(skip_blanks(key + word_len(key)), t);
}
