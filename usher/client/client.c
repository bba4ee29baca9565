/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's client. */
#include "usher/client/client.h"
#include "usher/client/cli_fail.h"

#include "core/clock.h"
#include "core/wipe.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REPLY_MAX = 64 << 20, /* a whole timeline as JSON */
	CALL_TIMEOUT_S = 300, /* a create waits for libvirt */
	WAITED_MS = 1000,     /* after that long the user is told what is waited for */
};

struct client {
	CURL *curl;
	int64_t began; /* mono ms; of a request of which the user may be told why it takes so long; 0: he need not */
	char *socket;
	char *reply;
	size_t len;
};

struct client *client_new(const char *socket)
{
	struct client *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->curl = curl_easy_init();
	c->socket = strdup(socket);
	if (!c->curl || !c->socket) {
		client_free(c);
		return NULL;
	}
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	if (c->curl)
		curl_easy_cleanup(c->curl);
	free(c->socket);
	free(c->reply);
	free(c);
}

static size_t on_reply(char *bytes, size_t size, size_t n, void *arg)
{
	struct client *c = arg;
	size_t more = size * n;
	char *grown;

	if (c->len + more > REPLY_MAX)
		return 0;
	grown = realloc(c->reply, c->len + more + 1);
	if (!grown)
		return 0;
	memcpy(grown + c->len, bytes, more);
	c->reply = grown;
	c->len += more;
	c->reply[c->len] = '\0';
	return more;
}

/* What the service waits for, if it can tell: its store that cannot be written. */
static void say_waiting(const char *socket)
{
	struct client *other = client_new(socket);
	char why[CLIENT_WHY];
	json_t *reply = NULL;
	const char *trouble;
	long status;

	if (other && !client_try(other, "GET", "/status", NULL, &reply, &status, why, sizeof why)) {
		trouble = json_string_value(
			json_object_get(json_object_get(reply, "store"), "trouble"));
		if (trouble)
			fprintf(stderr, "usher: this waits for the service's state folder: %s\n",
				trouble);
	}
	json_decref(reply);
	client_free(other);
}

/* libcurl calls it about once a second. */
static int on_time(
	void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	struct client *c = arg;

	(void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
	if (c->began && clock_mono_ms() - c->began >= WAITED_MS) {
		c->began = 0;
		say_waiting(c->socket);
	}
	return 0;
}

static CURLcode perform(struct client *c, const char *method, const char *path, const char *type,
	const void *body, size_t len)
{
	struct curl_slist *headers = curl_slist_append(NULL, type);
	char url[2048];
	CURLcode rc;

	snprintf(url, sizeof url, "http://usher/api/v1%s", path);
	c->len = 0;
	curl_easy_reset(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)CALL_TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_reply);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	if (strcmp(method, "GET") != 0) { /* those that write */
		c->began = clock_mono_ms();
		curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_time);
		curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c);
	}
	if (body) {
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)len);
		/* else libcurl waits a second for a word that our server gives only after the body */
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	}
	rc = curl_easy_perform(c->curl);
	curl_slist_free_all(headers);
	return rc;
}

static void explain(const struct client *c, CURLcode rc, char *why, size_t size)
{
	if (rc == CURLE_COULDNT_CONNECT && access(c->socket, W_OK) && errno == EACCES)
		snprintf(why, size,
			"%s: this user may not talk to the service: be root, or in the socket's "
			"group (ls -l)",
			c->socket);
	else if (rc == CURLE_COULDNT_CONNECT)
		snprintf(why, size,
			"no service answers on %s: start one with 'usher serve', or give --socket",
			c->socket);
	else
		snprintf(why, size, "talking to the service on %s: %s", c->socket,
			curl_easy_strerror(rc));
}

/* "FILE:LINE:COL: error: TEXT", as compilers have it. */
static size_t finding_line(const json_t *f, char *buf, size_t size)
{
	const char *file = json_string_value(json_object_get(f, "file"));
	const char *level = json_string_value(json_object_get(f, "level"));
	const char *text = json_string_value(json_object_get(f, "text"));
	json_int_t line = json_integer_value(json_object_get(f, "line"));
	json_int_t column = json_integer_value(json_object_get(f, "column"));
	char place[64] = "";
	int n;

	if (line && column)
		snprintf(place, sizeof place, ":%lld:%lld", (long long)line, (long long)column);
	else if (line)
		snprintf(place, sizeof place, ":%lld", (long long)line);
	n = snprintf(buf, size, "%s%s: %s: %s\n", file ? file : "", place, level ? level : "error",
		text ? text : "");
	return n < 0 ? 0 : (size_t)n;
}

int client_once(
	const char *socket, const char *method, const char *path, json_t *body, json_t **ret)
{
	struct client *c = client_new(socket);
	int rc;

	if (!c) {
		json_decref(body);
		cli_fail("out of memory");
		return -1;
	}
	rc = client_call(c, method, path, body, ret);
	client_free(c);
	return rc;
}

json_t *client_machines(struct client *c, char **names)
{
	json_t *all = json_array();
	bool missing = false;

	for (; *names; names++) {
		char path[300], escaped[256], why[CLIENT_WHY];
		json_t *m = NULL;
		long status;

		snprintf(path, sizeof path, "/machines/%s",
			client_escape(*names, escaped, sizeof escaped));
		if (!client_try(c, "GET", path, NULL, &m, &status, why, sizeof why)) {
			json_array_append_new(all, m);
			continue;
		}
		cli_fail("%s", why);
		missing = true;
		if (!status) /* no service */
			break;
	}
	if (!missing)
		return all;
	json_decref(all);
	return NULL;
}

void client_say_findings(const json_t *reply)
{
	const json_t *all = json_object_get(reply, "findings");
	char line[2048];

	for (size_t i = 0; i < json_array_size(all); i++) {
		finding_line(json_array_get(all, i), line, sizeof line);
		fputs(line, stderr);
	}
}

/* The reason, and after it what the linters found, a line each as far as there is room. */
static void take_reason(const json_t *reply, char *why, size_t size)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	const json_t *all = json_object_get(reply, "findings");
	char line[2048];
	size_t used;

	snprintf(why, size, "%s",
		error ? error : "the service answered with an error and no reason");
	used = strlen(why);
	for (size_t i = 0; i < json_array_size(all); i++) {
		size_t n = finding_line(json_array_get(all, i), line, sizeof line);

		if (n >= sizeof line || used + n + 1 >= size)
			break;
		line[n - 1] = '\0'; /* its line break goes before it */
		used += (size_t)snprintf(why + used, size - used, "\n%s", line);
	}
}

/* What came of it, as client_try() tells it. */
static int take_reply(
	struct client *c, CURLcode rc, json_t **ret, long *ret_status, char *why, size_t why_size)
{
	json_t *reply = NULL;

	*ret_status = 0;
	if (rc != CURLE_OK) {
		explain(c, rc, why, why_size);
		return -1;
	}
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, ret_status);
	if (c->len)
		reply = json_loads(c->reply, JSON_DECODE_ANY, NULL);
	if (*ret_status < 200 || *ret_status > 299) {
		take_reason(reply, why, why_size);
		json_decref(reply);
		return -1;
	}
	if (ret)
		*ret = reply;
	else
		json_decref(reply);
	return 0;
}

int client_try(struct client *c, const char *method, const char *path, json_t *body, json_t **ret,
	long *ret_status, char *why, size_t why_size)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	CURLcode rc = perform(
		c, method, path, "Content-Type: application/json", text, text ? strlen(text) : 0);

	wipe_free(text);
	json_decref(body);
	return take_reply(c, rc, ret, ret_status, why, why_size);
}

int client_get(struct client *c, const char *path, int patience_s, json_t **ret, char *why,
	size_t why_size)
{
	long status;

	while (client_try(c, "GET", path, NULL, ret, &status, why, why_size)) {
		/* 503: it is stopping; 429: too many of this user's wait */
		if ((status && status != 503 && status != 429) || !patience_s--)
			return -1;
		sleep(1);
	}
	return 0;
}

int client_put(struct client *c, const char *path, const void *bytes, size_t len)
{
	CURLcode rc = perform(c, "PUT", path, "Content-Type: application/octet-stream", bytes, len);
	char why[CLIENT_WHY];
	long status;

	if (!take_reply(c, rc, NULL, &status, why, sizeof why))
		return 0;
	fprintf(stderr, "usher: %s\n", why);
	return -1;
}

int client_call(struct client *c, const char *method, const char *path, json_t *body, json_t **ret)
{
	char why[CLIENT_WHY];
	long status;

	if (client_try(c, method, path, body, ret, &status, why, sizeof why)) {
		fprintf(stderr, "usher: %s\n", why);
		return -1;
	}
	return 0;
}

const char *client_escape(const char *text, char *buf, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *text && n + 4 < size; text++) {
		unsigned char ch = (unsigned char)*text;

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			(ch >= '0' && ch <= '9') || strchr("-._~", ch)) {
			buf[n++] = (char)ch;
		} else {
			buf[n++] = '%';
			buf[n++] = hex[ch >> 4];
			buf[n++] = hex[ch & 15];
		}
	}
	buf[n] = '\0';
	return buf;
}
