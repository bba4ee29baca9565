/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast answers are rendered, in one thread:
 *
 *     bench_render text TEMPLATE CONTEXT.json SECONDS OUT    a text by itself: parsed and rendered each time
 *     bench_render profile DIR SECONDS OUT                   a profile's answers as a machine that asks is served them:
 *                                                            out of its snapshot, context and all
 *
 * The last rendering is left in OUT. Says one line: renders, and the CPU time that they took.
 */
#include "kickstart/profile.h"
#include "kickstart/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char why[512];

static void die(const char *what)
{
	fprintf(stderr, "bench_render: %s: %s\n", what, why);
	exit(1);
}

struct subject {
	const char *text;
	json_t *context; /* of a text */
	struct render_input in;
	json_t *snapshot; /* of a profile */
};

static char *once_text(const struct subject *s)
{
	struct mustache_options o = {.file = "template", .format = MUSTACHE_KICKSTART};
	char *out = NULL;

	if (mustache_render(s->text, s->context, &o, &out, why, sizeof why) < 0)
		die("text");
	return out;
}

static char *once_profile(const struct subject *s)
{
	struct rendering *r = NULL;
	char *out = NULL;

	if (rendering_new(&s->in, s->snapshot, &r, why, sizeof why) < 0 ||
		render_answers(r, &out, why, sizeof why) < 0)
		die("profile");
	rendering_free(r);
	return out;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(char *(*once)(const struct subject *), const struct subject *s, double seconds,
	const char *path)
{
	char *out = once(s); /* the first one warms up */
	double start = cpu_seconds(), now;
	unsigned long n = 0;
	FILE *f;

	do {
		free(out);
		out = once(s);
		n++;
	} while ((n % 64) || (now = cpu_seconds()) < start + seconds);
	f = fopen(path, "w");
	if (!f || fputs(out, f) < 0 || fclose(f))
		die(path);
	free(out);
	printf("renders=%lu cpu_ns=%.0f\n", n, (now - start) * 1e9);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, MUSTACHE_TEXT_MAX);

	if (!f || !text || !fread(text, 1, MUSTACHE_TEXT_MAX - 1, f))
		die(path);
	fclose(f);
	return text;
}

/* A guest of which everything is known. */
static void machine_known(struct machine *m, struct segment *seg)
{
	m->guest = true;
	m->n_nics = 1;
	m->nics[0].n_addrs = 1;
	mac_parse("52:54:c0:a8:7a:03", &m->nics[0].mac);
	ip_parse("192.168.122.3", &m->nics[0].addrs[0]);
	ip_parse("192.168.122.1", &seg->server);
	seg->router = seg->dns[0] = seg->server;
	m->settings = json_object();
	m->ssh_keys = json_pack("[s, s]", "ssh-ed25519 AAAA one@host", "ssh-ed25519 BBBB two@host");
}

static void profile(const char *dir, double seconds, const char *path)
{
	static struct machine m = {.name = "web01", .uuid = "7a6b1f3e-0d5c-4f0e-9d59-0c8a5ef6a001"};
	static struct segment seg = {.prefix_len = 24, .n_dns = 1, .domain = "lab.example"};
	struct subject s = {.in = {.machine = &m,
				    .segment = &seg,
				    .base_url = "http://192.168.122.1:8067",
				    .token = "0123456789abcdef0123456789abcdef",
				    .up_token = "fedcba9876543210fedcba9876543210"}};
	struct profile *p = NULL;

	machine_known(&m, &seg);
	if (profile_read(dir, &p, why, sizeof why) < 0 ||
		render_validate(p, &s.in, 0, 0, &s.snapshot, why, sizeof why) < 0)
		die(dir);
	measure(once_profile, &s, seconds, path);
}

int main(int argc, char **argv)
{
	struct subject s = {0};

	if (argc == 5 && !strcmp(argv[1], "profile")) {
		profile(argv[2], atof(argv[3]), argv[4]);
		return 0;
	}
	if (argc != 6 || strcmp(argv[1], "text"))
		return 2;
	s.text = read_file(argv[2]);
	s.context = json_load_file(argv[3], 0, NULL);
	if (!s.context)
		die(argv[3]);
	measure(once_text, &s, atof(argv[4]), argv[5]);
	return 0;
}
