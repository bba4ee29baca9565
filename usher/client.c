/* The API's client. */
#include "usher/client.h"

#include "core/wipe.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REPLY_MAX = 64 << 20, /* a whole timeline as JSON */
	CALL_TIMEOUT_S = 300, /* a create waits for libvirt */
};

struct client {
	CURL *curl;
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

static CURLcode perform(struct client *c, const char *method, const char *path, const char *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
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
	if (body)
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
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

int client_try(struct client *c, const char *method, const char *path, json_t *body, json_t **ret,
	long *ret_status, char *why, size_t why_size)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	CURLcode rc = perform(c, method, path, text);
	json_t *reply = NULL;

	wipe_free(text);
	json_decref(body);
	*ret_status = 0;
	if (rc != CURLE_OK) {
		explain(c, rc, why, why_size);
		return -1;
	}
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, ret_status);
	if (c->len)
		reply = json_loads(c->reply, JSON_DECODE_ANY, NULL);
	if (*ret_status < 200 || *ret_status > 299) {
		const char *error = json_string_value(json_object_get(reply, "error"));

		snprintf(why, why_size, "%s",
			error ? error : "the service answered with an error and no reason");
		json_decref(reply);
		return -1;
	}
	if (ret)
		*ret = reply;
	else
		json_decref(reply);
	return 0;
}

int client_call(struct client *c, const char *method, const char *path, json_t *body, json_t **ret)
{
	char why[2048];
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
