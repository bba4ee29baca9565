/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/storm.h"

#include "core/cursor.h"
#include "dhcpd/arp_wire.h"
#include "dhcpd/dhcp_told.h"
#include "usher/client/http_get.h"
#include "usher/probe/ipxe_script.h"
#include "usher/probe/probe.h"
#include "usher/probe/storm_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEAD = 4096, /* of an answer; the script is in it, too */
	URLS = IPXE_INITRDS + 3,
	EVENTS = 256,
	FRAMES_AT_ONCE = 256,
	LOOK_MS = 50, /* between two looks at who asks again */
	SOCKET_ROOM = 8 << 20,
	FRAME = 1514,
	SINK = 256 << 10,
};

struct machine_url {
	char *text;
	enum storm_step step;
};

struct booting {
	struct mac mac;
	enum storm_step step;
	bool begun, over;
	unsigned tries;
	uint32_t xid, address, server;
	struct mac server_mac;
	bool leased;
	int64_t asked, due; /* µs */
	char *script;       /* its URL */
	struct machine_url urls[URLS];
	size_t n_urls, at;
	/* the request under way */
	int fd;
	bool sent;
	char *head; /* heap, HEAD bytes, until it is read */
	size_t head_len;
	uint64_t left; /* of the body, once the head is over (head NULL, or the script) */
	bool has_head;
	struct storm_head answer;
};

struct running {
	const struct storm *s;
	struct storm_result *ret;
	struct booting *all;
	size_t begun, over;
	int epoll, dhcp, arp;
	uint32_t *by_address; /* open addressing: index + 1 */
	size_t slots;
	int64_t *offers;
	size_t n_offers;
	bool has_router; /* the server's MAC is known to the kernel */
	struct dhcp_message scratch;
};

const char *storm_step_name(enum storm_step s)
{
	static const char *const names[] = {"offer", "lease", "offer to iPXE", "lease of iPXE",
		"script", "kernel and initrd", "answers", "done"};

	return names[s];
}

/* The end of one */

static void close_request(struct booting *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	free(b->head);
	b->head = NULL;
}

static void end(struct running *r, struct booting *b)
{
	close_request(b);
	for (size_t i = 0; i < b->n_urls; i++)
		free(b->urls[i].text);
	free(b->script);
	b->n_urls = 0;
	b->script = NULL;
	b->over = true;
	r->over++;
}

/* Its lease, if it has one. */
static void give_back(struct running *r, struct booting *b)
{
	const struct dhcp_asking a = {.type = DHCP_RELEASE,
		.mac = b->mac,
		.xid = b->xid,
		.arch = DHCP_ARCH_NONE,
		.address = b->address,
		.server = b->server};
	uint8_t frame[DHCP_ASKING_FRAME];
	int n = b->leased ? dhcp_asking_frame(&a, &b->server_mac, frame) : 0;

	if (n > 0)
		(void)!send(r->dhcp, frame, (size_t)n, 0);
	b->leased = false;
}

static void fail(struct running *r, struct booting *b, const char *why)
{
	r->ret->failed[b->step]++;
	snprintf(r->ret->why[b->step], sizeof r->ret->why[0], "%s", why);
	give_back(r, b);
	end(r, b);
}

static void come_through(struct running *r, struct booting *b)
{
	r->ret->through++;
	end(r, b);
}

/* Addresses, and ARP for them */

static size_t slot_of(const struct running *r, uint32_t address)
{
	size_t at = (address * 2654435761u) % r->slots;

	while (r->by_address[at] && r->all[r->by_address[at] - 1].address != address)
		at = (at + 1) % r->slots;
	return at;
}

/* The first brings the way to its subnet. */
static int settle_in(struct running *r, struct booting *b, const struct dhcp_told *t)
{
	unsigned prefix = t->netmask ? (unsigned)__builtin_popcount(t->netmask) : 24;
	int rc;

	if (r->by_address[slot_of(r, b->address)])
		return 0;
	rc = station_add_address(r->s->station, b->address, r->has_router ? 32 : prefix);
	if (rc == 0 && !r->has_router)
		rc = station_set_neighbour(r->s->station, t->from_ip, &t->from);
	r->has_router |= rc == 0;
	if (rc == 0)
		r->by_address[slot_of(r, b->address)] = (uint32_t)(b - r->all) + 1;
	return rc;
}

static void answer_arp(struct running *r, const uint8_t *frame, size_t len)
{
	uint8_t reply[60] = {0};
	struct mac asker;
	uint32_t asker_ip, wanted;
	struct reader in;
	struct writer w;
	size_t at;

	reader_init(&in, frame, len);
	reader_skip(&in, 20);
	if (reader_u16(&in) != 1) /* a question */
		return;
	reader_copy(&in, asker.b, sizeof asker.b);
	asker_ip = reader_u32(&in);
	reader_skip(&in, 6);
	wanted = reader_u32(&in);
	if (in.bad || !wanted || !r->by_address[at = slot_of(r, wanted)])
		return;
	writer_init(&w, reply, sizeof reply);
	writer_bytes(&w, asker.b, 6);
	writer_bytes(&w, r->all[r->by_address[at] - 1].mac.b, 6);
	writer_bytes(&w, "\x08\x06\0\1\x08\0\6\4\0\2", 10);
	writer_bytes(&w, r->all[r->by_address[at] - 1].mac.b, 6);
	writer_u32(&w, wanted);
	writer_bytes(&w, asker.b, 6);
	writer_u32(&w, asker_ip);
	(void)!send(r->arp, reply, sizeof reply, 0);
}

/* DHCP */

static void send_dhcp(struct running *r, struct booting *b)
{
	bool ipxe = b->step >= STORM_OFFER_IPXE;
	bool request = b->step == STORM_ACK || b->step == STORM_ACK_IPXE;
	struct dhcp_asking a = {.type = request ? DHCP_REQUEST : DHCP_DISCOVER,
		.mac = b->mac,
		.xid = b->xid,
		.vendor_class = "PXEClient:Arch:00000:UNDI:002001",
		.ipxe = ipxe,
		.broadcast = false};
	uint8_t frame[DHCP_ASKING_FRAME];
	int n;

	memcpy(a.uuid, b->mac.b, sizeof b->mac.b);
	if (request) {
		a.address = b->address;
		a.server = b->server;
	}
	n = dhcp_asking_frame(&a, NULL, frame);
	if (n > 0)
		(void)!send(r->dhcp, frame, (size_t)n, 0);
	b->tries++;
	b->asked = b->tries == 1 ? probe_now_us() : 0;
	b->due = probe_now_us() + (b->tries < 3 ? INT64_C(1000000) << (b->tries - 1) : 4000000);
}

static void ask_next(struct running *r, struct booting *b, enum storm_step step)
{
	b->step = step;
	b->tries = 0;
	if (step == STORM_OFFER_IPXE)
		b->xid += 0x10000;
	send_dhcp(r, b);
}

static void request(struct running *r, struct booting *b, const char *url, enum storm_step step);

static void on_offer(struct running *r, struct booting *b, const struct dhcp_told *t)
{
	if (!t->address)
		return;
	if (b->asked)
		r->offers[r->n_offers++] = probe_now_us() - b->asked;
	if (b->step == STORM_OFFER_IPXE) {
		free(b->script);
		b->script = strdup(t->file);
	}
	b->address = t->address;
	b->server = t->server;
	ask_next(r, b, b->step == STORM_OFFER ? STORM_ACK : STORM_ACK_IPXE);
}

static void on_ack(struct running *r, struct booting *b, const struct dhcp_told *t)
{
	b->leased = t->type != DHCP_NAK;
	b->server_mac = t->from;
	if (!b->leased) {
		fail(r, b, "refused (NAK)");
	} else if (b->step == STORM_ACK) {
		ask_next(r, b, STORM_OFFER_IPXE);
	} else if (!r->s->install) {
		give_back(r, b);
		come_through(r, b);
	} else if (!b->script || !*b->script) {
		b->step = STORM_SCRIPT;
		fail(r, b, "DHCP named no boot script");
	} else if (settle_in(r, b, t)) {
		fail(r, b, "its address cannot be used");
	} else {
		request(r, b, b->script, STORM_SCRIPT);
	}
}

static void on_dhcp(struct running *r, const uint8_t *frame, size_t len)
{
	struct dhcp_told t;
	struct booting *b;

	if (dhcp_told_decode(frame, len, &r->scratch, &t) || (t.xid & 0xffff) >= r->s->n)
		return;
	b = &r->all[t.xid & 0xffff];
	if (b->over || !b->begun || t.xid != b->xid || !mac_eq(&t.client, &b->mac))
		return;
	if (t.type == DHCP_OFFER && (b->step == STORM_OFFER || b->step == STORM_OFFER_IPXE))
		on_offer(r, b, &t);
	else if (t.type != DHCP_OFFER && (b->step == STORM_ACK || b->step == STORM_ACK_IPXE))
		on_ack(r, b, &t);
}

static void read_frames(struct running *r, int fd,
	void (*each)(struct running *r, const uint8_t *frame, size_t len))
{
	uint8_t frame[FRAME];

	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		ssize_t n = recv(fd, frame, sizeof frame, MSG_DONTWAIT);

		if (n < 0)
			return;
		each(r, frame, (size_t)n);
	}
}

/* HTTP */

static int start_connection(struct running *r, struct booting *b, const struct storm_url *u)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(b->address)},
			   to = {.sin_family = AF_INET,
				   .sin_port = htons(u->port),
				   .sin_addr.s_addr = htonl(u->address)};
	struct epoll_event e = {.events = EPOLLOUT, .data.u32 = (uint32_t)(b - r->all) + 2};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	b->fd = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		(connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) ||
		epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	return 0;
}

static void request(struct running *r, struct booting *b, const char *url, enum storm_step step)
{
	struct storm_url u;
	int rc;

	close_request(b);
	b->step = step;
	b->sent = b->has_head = false;
	b->head_len = 0;
	b->left = UINT64_MAX; /* until its answer says how much there is */
	b->due = probe_now_us() + (int64_t)STORM_STEP_MS * 1000;
	if (storm_url_parse(url, &u)) {
		fail(r, b, "its URL has no IPv4 address");
		return;
	}
	b->head = malloc(HEAD + 1);
	rc = b->head ? start_connection(r, b, &u) : -ENOMEM;
	if (rc)
		fail(r, b, strerror(-rc));
}

static void send_request(struct running *r, struct booting *b, const char *url)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)(b - r->all) + 2};
	char text[IPXE_URL + 128];
	struct storm_url u;
	int n, error = 0;
	socklen_t size = sizeof error;

	getsockopt(b->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error || storm_url_parse(url, &u)) {
		fail(r, b, strerror(error ? error : EINVAL));
		return;
	}
	n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n",
		b->step == STORM_DONE ? "POST" : "GET", u.path, u.host,
		b->step == STORM_DONE ? "Content-Length: 0\r\n" : "");
	if (n >= (int)sizeof text || send(b->fd, text, (size_t)n, MSG_NOSIGNAL) != n ||
		epoll_ctl(r->epoll, EPOLL_CTL_MOD, b->fd, &e) < 0)
		fail(r, b, "its request cannot be sent");
	b->sent = true;
}

static bool add_url(
	struct booting *b, const char *base, const char *reference, enum storm_step step)
{
	char whole[IPXE_URL];

	if (b->n_urls == URLS || http_get_resolve(base, reference, whole, sizeof whole))
		return false;
	b->urls[b->n_urls] = (struct machine_url){strdup(whole), step};
	return b->urls[b->n_urls++].text;
}

/* What is fetched after the script. */
static bool plan(struct booting *b, const char *text, size_t len)
{
	static struct ipxe_script s;
	char base[IPXE_URL], answers[IPXE_URL];
	const struct ipxe_known known = {.url = b->script};
	bool ok;

	ipxe_script_read(text, len, &known, &s);
	snprintf(base, sizeof base, "%.*s", (int)(strrchr(b->script, '/') + 1 - b->script),
		b->script);
	ok = *s.kernel && add_url(b, b->script, s.kernel, STORM_FILES);
	for (size_t i = 0; i < s.n_initrds && ok; i++)
		ok = add_url(b, b->script, s.initrd[i], STORM_FILES);
	if (ok && ipxe_script_answers(s.words, base, answers))
		ok = add_url(b, b->script, answers, STORM_ANSWERS);
	return ok && add_url(b, base, "done", STORM_DONE);
}

static void next_file(struct running *r, struct booting *b)
{
	if (b->at == b->n_urls)
		come_through(r, b);
	else
		request(r, b, b->urls[b->at].text, b->urls[b->at].step);
}

static void on_whole(struct running *r, struct booting *b)
{
	if (b->step != STORM_SCRIPT) {
		b->at++;
	} else if (!plan(b, b->head + b->answer.len, b->head_len - b->answer.len)) {
		fail(r, b, "its script loads no kernel");
		return;
	}
	next_file(r, b);
}

static void take_head(struct running *r, struct booting *b, size_t came)
{
	char why[32];
	int rc;

	b->head_len += came;
	rc = storm_head_parse(b->head, b->head_len, &b->answer);
	if (rc < 0 || (!rc && b->head_len == HEAD)) {
		fail(r, b, "no answer of HTTP");
	} else if (rc && (b->answer.status < 200 || b->answer.status > 299)) {
		snprintf(why, sizeof why, "HTTP %u", b->answer.status);
		fail(r, b, why);
	} else if (rc) {
		b->has_head = true;
		b->left = b->answer.length;
		came = b->head_len - b->answer.len;
		r->ret->bytes += came;
		b->left -= b->left == UINT64_MAX ? 0 : came < b->left ? came : b->left;
	}
}

/* The script is kept, everything else is thrown away where it is (tcp(7), MSG_TRUNC). */
static ssize_t read_some(struct booting *b)
{
	bool keeps = !b->has_head || b->step == STORM_SCRIPT;

	if (keeps && b->head_len == HEAD)
		return -2;
	return keeps ? recv(b->fd, b->head + b->head_len, HEAD - b->head_len, 0)
		     : recv(b->fd, NULL, SINK, MSG_TRUNC);
}

static void on_answer(struct running *r, struct booting *b)
{
	ssize_t n = read_some(b);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(r, b, n == -2 ? "its script is too long" : strerror(errno));
		return;
	}
	if (n > 0 && !b->has_head) {
		take_head(r, b, (size_t)n);
		if (b->over || !b->has_head)
			return;
	} else if (n > 0) {
		r->ret->bytes += (uint64_t)n;
		b->head_len += b->step == STORM_SCRIPT ? (size_t)n : 0;
		b->left -= b->left == UINT64_MAX ? 0
			: (uint64_t)n < b->left  ? (uint64_t)n
						 : b->left;
	}
	if (!b->left || (!n && b->has_head && b->left == UINT64_MAX))
		on_whole(r, b);
	else if (!n)
		fail(r, b, "the connection was closed before the end");
}

static void on_socket(struct running *r, struct booting *b)
{
	if (b->over || b->fd < 0)
		return;
	if (!b->sent)
		send_request(r, b, b->step == STORM_SCRIPT ? b->script : b->urls[b->at].text);
	else
		on_answer(r, b);
}

/* Time */

static void begin_due(struct running *r, int64_t since)
{
	size_t due = r->s->over_ms > 0
		? (size_t)((double)r->s->n * (double)since / 1000.0 / (double)r->s->over_ms) + 1
		: r->s->n;

	for (; r->begun < r->s->n && r->begun < due; r->begun++) {
		r->all[r->begun].begun = true;
		ask_next(r, &r->all[r->begun], STORM_OFFER);
	}
}

static void on_late(struct running *r, struct booting *b)
{
	if (b->step >= STORM_SCRIPT)
		fail(r, b, "no answer in time");
	else if (b->tries == STORM_DHCP_TRIES)
		fail(r, b, "no answer");
	else
		send_dhcp(r, b);
}

static void look_at_time(struct running *r, int64_t now)
{
	for (size_t i = 0; i < r->begun; i++)
		if (!r->all[i].over && now >= r->all[i].due)
			on_late(r, &r->all[i]);
}

static void run(struct running *r)
{
	int64_t began = probe_now_us(), looked = began, now = began;
	struct epoll_event events[EVENTS];

	while (r->over < r->s->n && !*r->s->stop) {
		int n;

		begin_due(r, now - began);
		n = epoll_wait(r->epoll, events, EVENTS, r->begun < r->s->n ? 1 : LOOK_MS);
		for (int i = 0; i < n; i++) {
			uint32_t what = events[i].data.u32;

			if (what == 0)
				read_frames(r, r->dhcp, on_dhcp);
			else if (what == 1)
				read_frames(r, r->arp, answer_arp);
			else
				on_socket(r, &r->all[what - 2]);
		}
		now = probe_now_us();
		if (now - looked > LOOK_MS * 1000) {
			look_at_time(r, now);
			looked = now;
		}
	}
	r->ret->seconds = (double)(now - began) / 1e6;
}

/* Making ready */

static int watch(struct running *r, int fd, uint32_t what)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = what};
	int room = SOCKET_ROOM;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* Frames for the crowd's MACs are no other station's: the kernel is told so before it looks at their IP. */
static int take_all_frames(char *why, size_t size)
{
	FILE *nft = popen("PATH=$PATH:/usr/sbin:/sbin nft -f - 2>/dev/null", "we");
	int rc;

	if (!nft)
		return -errno;
	fputs("table netdev probe {\nchain crowd {\ntype filter hook ingress device \"" STATION_LINK
	      "\" priority 0;\nmeta pkttype set host\n}\n}\n",
		nft);
	rc = pclose(nft);
	if (rc)
		snprintf(why, size,
			"a storm needs nft (apt-get install nftables) and its netdev family");
	return rc ? -EOPNOTSUPP : 0;
}

static void more_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int prepare(struct running *r, char *why, size_t size)
{
	uint32_t base = 0;
	int rc;

	(void)!getrandom(&base, sizeof base, 0);
	for (size_t i = 0; i < r->s->n; i++)
		r->all[i] = (struct booting){
			.mac = r->s->macs[i], .fd = -1, .xid = (base & 0x7ffe0000) | (uint32_t)i};
	more_descriptors();
	station_no_arp();
	rc = take_all_frames(why, size);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->dhcp = probe_wire_frames(station_index(r->s->station), ETH_P_IP);
	r->arp = probe_wire_frames(station_index(r->s->station), ETH_P_ARP);
	if (rc == 0)
		rc = watch(r, r->dhcp, 0);
	if (rc == 0)
		rc = watch(r, r->arp, 1);
	if (rc && !*why)
		snprintf(why, size, "%s", strerror(-rc));
	return rc;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void finish(struct running *r)
{
	for (size_t i = 0; i < r->s->n; i++)
		if (!r->all[i].over)
			fail(r, &r->all[i], "interrupted");
	if (!r->n_offers)
		return;
	qsort(r->offers, r->n_offers, sizeof *r->offers, by_size);
	r->ret->offer_p50_us = r->offers[(r->n_offers - 1) / 2];
	r->ret->offer_p99_us = r->offers[(r->n_offers - 1) * 99 / 100];
}

int storm_run(const struct storm *s, struct storm_result *ret, char *why, size_t why_size)
{
	struct running *r = calloc(1, sizeof *r);
	int rc = -ENOMEM;

	memset(ret, 0, sizeof *ret);
	snprintf(why, why_size, "out of memory");
	if (!r)
		return rc;
	*r = (struct running){
		.s = s, .ret = ret, .epoll = -1, .dhcp = -1, .arp = -1, .slots = 4 * s->n};
	r->all = calloc(s->n, sizeof *r->all);
	r->by_address = calloc(r->slots, sizeof *r->by_address);
	r->offers = calloc(2 * s->n, sizeof *r->offers);
	if (r->all && r->by_address && r->offers) {
		*why = '\0';
		rc = prepare(r, why, why_size);
	}
	if (rc == 0) {
		run(r);
		finish(r);
	}
	for (int i = 0; i < 3; i++)
		if ((const int[]){r->epoll, r->dhcp, r->arp}[i] >= 0)
			close((const int[]){r->epoll, r->dhcp, r->arp}[i]);
	free(r->offers);
	free(r->by_address);
	free(r->all);
	free(r);
	return rc;
}
