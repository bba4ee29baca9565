/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receiver over TLS, whose answer a machine's name says: "no…" 500 (until all are liked), "later…" 429 and Retry-After, "cut…" 200 with
 * a body that breaks off, others 200. */
#include "core/clock.h"
#include "core/log.h"
#include "hooks/hooks.h"
#include "hooks/webhook.h"
#include "httpd/http_certificate.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, POSTS = 4096, LATER_S = 300 };

static struct loop *loop;
static struct mailbox home;
static struct timeline *timeline;
static struct webhooks *webhooks;
static struct webhook_place place;
static char dir[64];
static struct http_certificate certificate;
static struct MHD_Daemon *daemon_;
static uint16_t port;
static atomic_bool liked;
/* Written by the receiver's thread; what is below `n_posts` stays. */
static struct {
	char machine[64], type[16];
} posts[POSTS];
static atomic_int n_posts;

/* The receiver */

struct body {
	char text[4096];
	size_t len;
};

static ssize_t cut(void *arg, uint64_t at, char *buf, size_t max)
{
	(void)arg;
	(void)max;
	if (at)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	*buf = '{';
	return 1;
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, bool cuts)
{
	static char empty[1];
	struct MHD_Response *r = cuts
		? MHD_create_response_from_callback(100, 1, cut, NULL, NULL)
		: MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
	char later[16];
	enum MHD_Result rc;

	snprintf(later, sizeof later, "%d", LATER_S);
	if (status == 429)
		MHD_add_response_header(r, "Retry-After", later);
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result judge(struct MHD_Connection *c, const struct body *b)
{
	json_t *j = json_loadb(b->text, b->len, 0, NULL);
	int n = atomic_load(&n_posts);
	const char *name =
		json_string_value(json_object_get(json_object_get(j, "data"), "machine"));
	bool no = name && !strncmp(name, "no", 2) && !atomic_load(&liked);
	bool later = name && !strncmp(name, "later", 5);
	bool cuts = name && !strncmp(name, "cut", 3);

	if (n == POSTS)
		return MHD_NO;
	snprintf(posts[n].machine, sizeof posts[n].machine, "%s", name ? name : "");
	snprintf(posts[n].type, sizeof posts[n].type, "%s",
		json_string_value(json_object_get(j, "type")));
	json_decref(j);
	atomic_store(&n_posts, n + 1);
	return answer(c, no ? 500 : later ? 429 : 200, cuts);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *bytes, size_t *n, void **context)
{
	struct body *b = *context;

	(void)arg;
	(void)url;
	(void)method;
	(void)version;
	if (!b) {
		*context = calloc(1, sizeof *b);
		return MHD_YES;
	}
	if (!*n)
		return judge(c, b);
	if (b->len + *n > sizeof b->text)
		return MHD_NO;
	memcpy(b->text + b->len, bytes, *n);
	b->len += *n;
	*n = 0;
	return MHD_YES;
}

static void on_end(
	void *arg, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)c;
	(void)code;
	free(*context);
	*context = NULL;
}

static void receiver_start(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};

	daemon_ = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL,
		on_request, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_HTTPS_MEM_CERT,
		certificate.certificate, MHD_OPTION_HTTPS_MEM_KEY, certificate.key, MHD_OPTION_END);
	ck_assert_ptr_nonnull(daemon_);
	port = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* The sender */

static void write_file(char *path, size_t size, const char *name, const char *text)
{
	int fd;

	snprintf(path, size, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void setup(void)
{
	struct webhooks_config c = {.home = &home, .places = &place, .n = 1};

	log_init(LOG_INFO);
	snprintf(dir, sizeof dir, "/tmp/usher-webhook-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(
		http_certificate_make("localhost", NULL, 0, clock_wall_ms() / 1000, &certificate),
		0);
	receiver_start();
	place = (struct webhook_place){.kinds = (1u << HOOKS_KINDS) - 1, .retry_s = 3600};
	snprintf(place.url, sizeof place.url, "https://localhost:%u/", port);
	write_file(place.ca, sizeof place.ca, "ca", certificate.certificate);
	write_file(place.secret_file, sizeof place.secret_file, "secret",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(mailbox_attach(&home, loop), 0);
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
	c.loop = loop;
	c.timeline = timeline;
	ck_assert_int_eq(webhooks_new(&c, &webhooks), 0);
}

static void teardown(void)
{
	webhooks_free(webhooks);
	mailbox_fini(&home);
	timeline_free(timeline);
	loop_free(loop);
	if (daemon_)
		MHD_stop_daemon(daemon_);
	http_certificate_fini(&certificate);
	unlink(place.ca);
	unlink(place.secret_file);
	rmdir(dir);
}

static struct webhook_stats stats(void)
{
	return webhooks_stats(webhooks, 0);
}

static void happens(const char *machine, const char *kind)
{
	ck_assert_uint_ne(timeline_add(timeline, machine, kind, "it happened"), 0);
}

static int posted(const char *machine)
{
	int n = 0;

	for (int i = 0; i < atomic_load(&n_posts); i++)
		n += !strcmp(posts[i].machine, machine);
	return n;
}

static bool turn_until(uint64_t delivered, uint64_t failed)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while ((stats().delivered < delivered || stats().failed < failed) && clock_mono_ms() < end)
		loop_once(loop, 20);
	return stats().delivered >= delivered && stats().failed >= failed;
}

static void turn_for(int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end)
		loop_once(loop, 20);
}

START_TEST(test_disliked_events_stop_no_others)
{
	char name[16];

	for (int i = 0; i < 2 * WEBHOOK_AT_ONCE; i++) {
		snprintf(name, sizeof name, "no%d", i);
		happens(name, "armed");
	}
	happens("no0", "up");
	happens("fine", "up");
	ck_assert(turn_until(1, 2 * WEBHOOK_AT_ONCE));
	ck_assert_int_eq(posted("fine"), 1);
	ck_assert_int_ge(posted("no7"), 1);
	ck_assert_uint_eq(stats().waiting, 2 * WEBHOOK_AT_ONCE + 1);
	atomic_store(&liked, true);
	ck_assert(turn_until(2 * WEBHOOK_AT_ONCE + 2, 0));
	ck_assert_uint_eq(stats().waiting, 0);
	ck_assert_uint_eq(stats().dropped, 0);
}
END_TEST

/* What pauses is not overtaken by its machine's next. */
START_TEST(test_order)
{
	const char *last = "armed";

	happens("no", "armed");
	happens("fine", "created");
	happens("no", "up");
	ck_assert(turn_until(1, 1));
	atomic_store(&liked, true);
	ck_assert(turn_until(3, 1));
	for (int i = 0; i < atomic_load(&n_posts); i++) {
		if (strcmp(posts[i].machine, "no"))
			continue;
		ck_assert(!strcmp(posts[i].type, last) || !strcmp(posts[i].type, "up"));
		last = posts[i].type;
	}
	ck_assert_str_eq(last, "up");
}
END_TEST

/* However often others are taken meanwhile; the log says it once. */
START_TEST(test_retry_after_is_heeded)
{
	char path[128], *line = NULL;
	size_t room = 0;
	int said = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/log", dir);
	ck_assert_ptr_nonnull(freopen(path, "w+", stderr));
	for (unsigned i = 0; i < 3; i++) {
		char later[16];

		snprintf(later, sizeof later, "later%u", i);
		happens(later, "up");
		ck_assert(turn_until(0, i + 1));
		happens("fine", "up");
		ck_assert(turn_until(i + 1, 0));
	}
	turn_for(300);
	ck_assert_int_eq(posted("later0"), 1);
	ck_assert_int_eq(posted("later2"), 1);
	ck_assert_uint_eq(stats().waiting, 3);
	f = fopen(path, "re");
	while (getline(&line, &room, f) > 0)
		said += strstr(line, "webhook 1") != NULL;
	ck_assert_int_eq(said, 2); /* it fails; it takes them again */
	free(line);
	fclose(f);
	unlink(path);
}
END_TEST

START_TEST(test_paused_ones_are_bounded)
{
	char name[16];

	for (int i = 0; i < WEBHOOK_QUEUE_MAX; i++) {
		snprintf(name, sizeof name, "later%d", i);
		happens(name, "up");
	}
	ck_assert(turn_until(0, WEBHOOK_QUEUE_MAX));
	ck_assert_uint_eq(stats().dropped, 0);
	happens("fine", "up");
	ck_assert_uint_eq(stats().dropped, 1);
	ck_assert_uint_eq(stats().waiting, WEBHOOK_QUEUE_MAX);
}
END_TEST

/* Only some are tried; when it is back they all come. */
START_TEST(test_away)
{
	char name[16];

	MHD_stop_daemon(daemon_);
	daemon_ = NULL;
	for (int i = 0; i < 3 * WEBHOOK_AT_ONCE; i++) {
		snprintf(name, sizeof name, "m%d", i);
		happens(name, "up");
	}
	ck_assert(turn_until(0, WEBHOOK_AT_ONCE));
	ck_assert_uint_eq(stats().waiting, 3 * WEBHOOK_AT_ONCE);
	receiver_start();
	ck_assert(turn_until(3 * WEBHOOK_AT_ONCE, 0));
	ck_assert_int_eq(posted("m0"), 1);
	ck_assert_uint_eq(stats().waiting, 0);
}
END_TEST

/* It has the event: its status said so before its answer broke off. */
START_TEST(test_broken_answer)
{
	happens("cut", "up");
	ck_assert(turn_until(1, 0));
	ck_assert_uint_eq(stats().failed, 0);
	ck_assert_int_eq(posted("cut"), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("webhook");
	TCase *t = tcase_create("webhook");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_disliked_events_stop_no_others);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_retry_after_is_heeded);
	tcase_add_test(t, test_paused_ones_are_bounded);
	tcase_add_test(t, test_away);
	tcase_add_test(t, test_broken_answer);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
