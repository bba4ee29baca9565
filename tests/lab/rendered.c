/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rendered SERVER PORT FIRST COUNT DIR: COUNT machines, an address each from FIRST on, all at once. Each
 * asks for its boot script as GRUB does and as iPXE does, and for the answers that they name, three times over; then, when
 * all have their own, for those of the next machine. What it got is in DIR/N.grub, DIR/N.ipxe and DIR/N.answers (N from 1),
 * the first answers with the later ones behind them, and what it got of its neighbour's, which is to be refused, in
 * DIR/N.other: status and body.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	MACHINES = 1000,
	REPLY = 65536,
	TIMES = 3,
	PATIENCE = 60, /* seconds for one answer, on a loaded machine */
};

struct machine {
	unsigned n;
	char path[256]; /* of its answers */
	bool ok;
};

static struct machine machines[MACHINES];
static unsigned count;
static struct sockaddr_in server, first;
static const char *dir;
static pthread_barrier_t all;

static int dial(unsigned n)
{
	struct sockaddr_in from = first;
	struct timeval patience = {.tv_sec = PATIENCE};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	from.sin_addr.s_addr = htonl(ntohl(first.sin_addr.s_addr) + n);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
		perror("rendered: connect");
		close(fd);
		return -1;
	}
	return fd;
}

/* The reply whole, its headers cut off; the status, or 0. */
static unsigned get(unsigned n, const char *path, const char *agent, char reply[REPLY])
{
	unsigned status = 0;
	size_t have = 0;
	ssize_t got;
	char *body;
	int fd = dial(n);

	if (fd < 0)
		return 0;
	dprintf(fd, "GET %s HTTP/1.0\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n", path, agent);
	while (have < REPLY - 1 && (got = recv(fd, reply + have, REPLY - 1 - have, 0)) > 0)
		have += (size_t)got;
	close(fd);
	reply[have] = '\0';
	body = strstr(reply, "\r\n\r\n");
	if (!body || sscanf(reply, "HTTP/1.%*c %u", &status) != 1) {
		fprintf(stderr, "rendered: machine %u: no reply to %s\n", n + 1, path);
		return 0;
	}
	memmove(reply, body + 4, strlen(body + 4) + 1);
	return status;
}

static void keep(unsigned n, const char *what, const char *mode, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%u.%s", dir, n + 1, what);
	f = fopen(path, mode);
	if (!f || fputs(text, f) < 0 || fclose(f))
		perror(path);
}

static bool keep_if_ok(unsigned n, const char *path, const char *agent, const char *what,
	const char *mode, char reply[REPLY])
{
	unsigned status = get(n, path, agent, reply);

	keep(n, what, mode, reply);
	if (status != 200)
		fprintf(stderr, "rendered: machine %u: %s: status %u\n", n + 1, path, status);
	return status == 200;
}

/* The path of the URL behind "answers=". */
static bool find_answers(struct machine *m, const char *script)
{
	const char *url = strstr(script, "answers=http://");

	url = url ? strchr(url + strlen("answers=http://"), '/') : NULL;
	if (!url)
		return false;
	snprintf(m->path, sizeof m->path, "%.*s", (int)strcspn(url, " '\n"), url);
	return true;
}

static bool own(struct machine *m, char reply[REPLY])
{
	char script[sizeof m->path];
	bool ok = keep_if_ok(m->n, "/grub/grub.cfg", "GRUB 2.06", "grub", "w", reply) &&
		find_answers(m, reply);

	if (!ok)
		return false;
	snprintf(script, sizeof script, "%.*s/boot.ipxe", (int)(strrchr(m->path, '/') - m->path),
		m->path);
	ok = keep_if_ok(m->n, script, "iPXE/1.0.0+", "ipxe", "w", reply);
	for (unsigned i = 0; ok && i < TIMES; i++)
		ok = keep_if_ok(m->n, m->path, "Wget", "answers", i ? "a" : "w", reply);
	return ok;
}

static void *run(void *arg)
{
	struct machine *m = arg;
	char *reply = malloc(REPLY), status[32];

	pthread_barrier_wait(&all);
	m->ok = reply && own(m, reply);
	pthread_barrier_wait(&all);
	if (m->ok) {
		snprintf(status, sizeof status, "%u\n",
			get(m->n, machines[(m->n + 1) % count].path, "Wget", reply));
		keep(m->n, "other", "w", status);
		keep(m->n, "other", "a", reply);
	}
	free(reply);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[MACHINES];
	unsigned failed = 0;

	if (argc != 6 || (count = (unsigned)atoi(argv[4])) > MACHINES || !count)
		return 2;
	server.sin_family = first.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(argv[2]));
	dir = argv[5];
	if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 ||
		inet_pton(AF_INET, argv[3], &first.sin_addr) != 1)
		return 2;
	pthread_barrier_init(&all, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		machines[i].n = i;
		if (pthread_create(&threads[i], NULL, run, &machines[i]))
			return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		failed += !machines[i].ok;
	}
	return failed != 0;
}
