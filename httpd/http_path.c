/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_path.h"

#include "core/hex.h"
#include "core/plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { SHOWN = PLAIN_SECRETS | PLAIN_SUMS };

int http_target_split(
	const char *target, const char **ret_path, size_t *ret_path_len, const char **ret_query)
{
	const char *path = target, *query;

	if (strncasecmp(target, "http://", 7) == 0) {
		path = target + 7 + strcspn(target + 7, "/?");
		if (path[0] == '\0')
			path = "/";
	}
	if (path[0] != '/' || strchr(path, '#'))
		return -EINVAL;
	query = strchr(path, '?');
	*ret_path = path;
	*ret_path_len = query ? (size_t)(query - path) : strlen(path);
	*ret_query = query ? query + 1 : NULL;
	return 0;
}

/* One byte, decoded when it is %XX. Returns the bytes taken from `raw`, 0 when the sequence is bad.
 */
static size_t take_byte(const char *raw, size_t left, char *ret)
{
	int high, low;

	if (raw[0] != '%') {
		*ret = raw[0];
		return 1;
	}
	if (left < 3)
		return 0;
	high = hex_digit(raw[1]);
	low = hex_digit(raw[2]);
	if (high < 0 || low < 0)
		return 0;
	*ret = (char)(high << 4 | low);
	return 3;
}

static int decode_path(const char *raw, size_t len, char out[HTTP_PATH_MAX], size_t *ret_len)
{
	size_t n = 0, taken;
	char c;

	for (size_t i = 0; i < len; i += taken) {
		taken = take_byte(raw + i, len - i, &c);
		if (taken == 0 || (unsigned char)c < 0x20 || c == 0x7f || c == '\\')
			return -EINVAL;
		if (n == HTTP_PATH_MAX - 1)
			return -ENAMETOOLONG;
		out[n++] = c;
	}
	out[n] = '\0';
	*ret_len = n;
	return http_utf8_valid(out, n) ? 0 : -EINVAL;
}

int http_path_normalise(const char *raw, size_t len, char ret[HTTP_PATH_MAX])
{
	char in[HTTP_PATH_MAX];
	size_t n, out = 0, piece;
	int r = decode_path(raw, len, in, &n);

	if (r < 0)
		return r;
	if (in[0] != '/')
		return -EINVAL;
	for (const char *at = in; *at;) {
		at += strspn(at, "/");
		piece = strcspn(at, "/");
		if (piece == 2 && memcmp(at, "..", 2) == 0)
			return -EINVAL;
		if (piece > 0 && !(piece == 1 && at[0] == '.')) {
			in[out++] = '/'; /* never ahead of `at`: each piece had a slash before it */
			memmove(in + out, at, piece);
			out += piece;
		}
		at += piece;
	}
	/* "/a/" and "/a/." name a directory. */
	if (out == 0 || in[n - 1] == '/' || (n >= 2 && memcmp(in + n - 2, "/.", 2) == 0))
		in[out++] = '/';
	memcpy(ret, in, out);
	ret[out] = '\0';
	return 0;
}

size_t http_path_split(const char *path, struct http_piece *ret, size_t max)
{
	size_t n = 0, len;

	for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
		len = strcspn(path, "/");
		if (n < max)
			ret[n] = (struct http_piece){path, len};
		n++;
		path += len;
	}
	return n;
}

bool http_piece_is(const struct http_piece *p, const char *text)
{
	return p->len == strlen(text) && memcmp(p->at, text, p->len) == 0;
}

bool http_path_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && path[len] != '\0';
}

const char *http_path_shown(const char *path, char ret[HTTP_SHOWN_MAX])
{
	const char *secret = strstr(path, "/m/"), *rest = path;
	size_t n = 0;

	if (secret) {
		secret += strlen("/m/");
		secret += strspn(secret, "/");
		rest = secret + strcspn(secret, "/?");
		n = plain_copy(ret, HTTP_SHOWN_MAX, path, (size_t)(secret - path), SHOWN);
		if (rest > secret)
			n += plain_copy(ret + n, HTTP_SHOWN_MAX - n, "*", 1, 0);
	}
	plain_copy(ret + n, HTTP_SHOWN_MAX - n, rest, strlen(rest), SHOWN);
	return ret;
}

static int decode_text(char *text)
{
	size_t out = 0, left = strlen(text), taken;
	char c;

	for (char *at = text; *at; at += taken, left -= taken) {
		taken = take_byte(at, left, &c);
		if (taken == 0 || c == '\0')
			return -EINVAL;
		text[out++] = taken == 1 && c == '+' ? ' ' : c;
	}
	text[out] = '\0';
	return http_utf8_valid(text, out) ? 0 : -EINVAL;
}

int http_args_parse(char *query, struct http_arg ret[HTTP_ARGS_MAX], size_t *ret_count)
{
	char *name, *value, *save = NULL;
	size_t n = 0;

	for (name = strtok_r(query, "&", &save); name; name = strtok_r(NULL, "&", &save)) {
		if (n == HTTP_ARGS_MAX)
			return -E2BIG;
		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		else
			value = name + strlen(name);
		if (decode_text(name) < 0 || decode_text(value) < 0)
			return -EINVAL;
		ret[n++] = (struct http_arg){name, value};
	}
	*ret_count = n;
	return 0;
}

/* Bytes of the sequence that `lead` begins (RFC 3629), 0: none; narrows the second byte's range. */
static size_t utf8_lead(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (lead < 0x80)
		return lead ? 1 : 0;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead == 0xe0)
		*low = 0xa0; /* shorter forms exist */
	if (lead == 0xed)
		*high = 0x9f; /* surrogates */
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead == 0xf0)
		*low = 0x90;
	if (lead == 0xf4)
		*high = 0x8f; /* past U+10FFFF */
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

bool http_utf8_valid(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low, high;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_lead(s[i], &low, &high);
		if (n == 0 || n > len - i)
			return false;
		if (n > 1 && (s[i + 1] < low || s[i + 1] > high))
			return false;
		for (size_t k = 2; k < n; k++)
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

const char *http_content_type(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		/* UEFI HTTP Boot starts what has this type, or else a name that ends in .efi */
		{".efi", "application/efi"},
		{".efi.signed", "application/efi"}, /* as Debian names shim and GRUB */
		{".ipxe", "text/plain; charset=utf-8"},
		{".txt", "text/plain; charset=utf-8"},
		{".cfg", "text/plain; charset=utf-8"},
		{".ks", "text/plain; charset=utf-8"},
		{".conf", "text/plain; charset=utf-8"},
		{".sh", "text/plain; charset=utf-8"},
		{".yaml", "application/yaml"},
		{".yml", "application/yaml"},
		{".json", "application/json"},
		{".xml", "application/xml"},
		{".html", "text/html; charset=utf-8"},
	};
	size_t len = strlen(path), n;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		n = strlen(types[i].ending);
		if (len > n && strcasecmp(path + len - n, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* Digits only, as the grammar has it. Returns the first byte after them, NULL when there are none
 * or too many. */
static const char *take_number(const char *at, uint64_t *ret)
{
	uint64_t v = 0;
	const char *start = at;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *at - '0', &v))
			return NULL;
	}
	*ret = v;
	return at == start ? NULL : at;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static enum http_range range_suffix(
	const char *at, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	uint64_t n;

	at = take_number(at, &n);
	if (!at || *skip_blanks(at) != '\0')
		return HTTP_RANGE_NONE;
	if (n == 0 || size == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	*ret_len = n < size ? n : size;
	*ret_first = size - *ret_len;
	return HTTP_RANGE_PART;
}

enum http_range http_range_parse(
	const char *value, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	uint64_t first, last = UINT64_MAX;
	const char *at;

	if (!value)
		return HTTP_RANGE_NONE;
	at = skip_blanks(value);
	if (strncasecmp(at, "bytes=", 6) != 0)
		return HTTP_RANGE_NONE;
	at = skip_blanks(at + 6);
	if (*at == '-')
		return range_suffix(at + 1, size, ret_first, ret_len);
	at = take_number(at, &first);
	if (!at || *at != '-')
		return HTTP_RANGE_NONE;
	at++;
	if (*skip_blanks(at) != '\0')
		at = take_number(at, &last);
	if (!at || *skip_blanks(at) != '\0' || last < first)
		return HTTP_RANGE_NONE;
	if (first >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	*ret_first = first;
	*ret_len = (last < size ? last + 1 : size) - first;
	return HTTP_RANGE_PART;
}

/* Does a list name `etag`, or is it "*"? If-Match compares strongly: a weak tag is nobody's (RFC 9110 8.8.3.2). */
static bool etag_listed(const char *value, const char *etag, bool strong)
{
	size_t len = etag ? strlen(etag) : 0;
	const char *end;
	bool weak;

	for (const char *at = value; *at;) {
		at += strspn(at, " \t,");
		if (at[0] == '*')
			return true;
		weak = strncmp(at, "W/", 2) == 0;
		if (weak)
			at += 2;
		end = at[0] == '"' ? strchr(at + 1, '"') : NULL;
		if (!end)
			return false;
		end++;
		if (etag && !(weak && strong) && (size_t)(end - at) == len &&
			memcmp(at, etag, len) == 0)
			return true;
		at = end;
	}
	return false;
}

enum http_outcome http_conditions_judge(
	const struct http_conditions *c, const char *etag, int64_t mtime)
{
	int64_t when;

	if (c->match && !etag_listed(c->match, etag, true))
		return HTTP_FAILED;
	if (!etag) /* "*" of If-None-Match too: whether there is such a thing is not known here */
		return HTTP_GO_ON;
	if (!c->match && c->unmodified_since && http_date_parse(c->unmodified_since, &when) == 0 &&
		mtime > when)
		return HTTP_FAILED;
	if (c->none_match)
		return etag_listed(c->none_match, etag, false) ? HTTP_UNCHANGED : HTTP_GO_ON;
	return c->modified_since && http_date_parse(c->modified_since, &when) == 0 && mtime <= when
		? HTTP_UNCHANGED
		: HTTP_GO_ON;
}

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Not strftime(): its names follow the locale. */
void http_date_format(int64_t seconds, char ret[HTTP_DATE_TEXT])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	snprintf(ret, HTTP_DATE_TEXT, "%s, %02u %s %04u %02u:%02u:%02u GMT",
		days[(unsigned)tm.tm_wday % 7], (unsigned)tm.tm_mday % 100,
		months[(unsigned)tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
		(unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* `n` digits at `at`, -1 when one of them is not. */
static int fixed_number(const char *at, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		v = v * 10 + (at[i] - '0');
	}
	return v;
}

int http_date_parse(const char *text, int64_t *ret_seconds)
{
	struct tm tm = {0};
	char again[HTTP_DATE_TEXT];
	int64_t seconds;

	if (strlen(text) != HTTP_DATE_TEXT - 1)
		return -EINVAL;
	tm.tm_mday = fixed_number(text + 5, 2);
	for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
		if (memcmp(text + 8, months[tm.tm_mon], 3) == 0)
			break;
	tm.tm_year = fixed_number(text + 12, 4) - 1900;
	tm.tm_hour = fixed_number(text + 17, 2);
	tm.tm_min = fixed_number(text + 20, 2);
	tm.tm_sec = fixed_number(text + 23, 2);
	seconds = (int64_t)timegm(&tm);
	/* What does not come out the same was not such a date: punctuation, week day, 31 February.
	 */
	http_date_format(seconds, again);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*ret_seconds = seconds;
	return 0;
}
