/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_watch.h"

#include "core/log.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	FRAME_MAX = 1514,
	RING = 128 << 10, /* bytes of kernel memory; only servers' replies get into it */
	AT_ONCE = 64,     /* frames a wake-up */
	AGAIN_MS = 1000,
};

/* From any port: not all clients look at it. Requests on 4011 come in besides, which are few. */
static const char FILTER[] = "udp dst port 68 or udp dst port 4011";

static void on_frame(u_char *arg, const struct pcap_pkthdr *h, const u_char *frame)
{
	struct dhcp_watch *w = (struct dhcp_watch *)arg;
	struct dhcp_heard heard;

	if (dhcp_heard_decode(frame, h->caplen, &heard) == 0)
		w->heard(w->arg, &heard);
}

static void drop(struct dhcp_watch *w)
{
	if (w->fd.watched)
		loop_unwatch(w->loop, &w->fd);
	if (w->pcap)
		pcap_close(w->pcap);
	w->pcap = NULL;
}

static void readable(struct loop_fd *fd, uint32_t events)
{
	struct dhcp_watch *w = fd->arg;

	(void)events;
	if (pcap_dispatch(w->pcap, AT_ONCE, on_frame, (u_char *)w) >= 0)
		return;
	log_debug("dhcp: listening on %s: %s", w->ifname, pcap_geterr(w->pcap));
	drop(w);
	(void)loop_timer_set(w->loop, &w->again, AGAIN_MS);
}

static int set_filter(struct pcap *p)
{
	struct bpf_program program;
	int rc;

	if (pcap_datalink(p) != DLT_EN10MB)
		return PCAP_ERROR;
	if (pcap_compile(p, &program, FILTER, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return PCAP_ERROR;
	rc = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	return rc;
}

/* Else every reply of ours would be copied, and would wake us: 20,000 of them a second. */
static void ignore_our_own(struct pcap *p)
{
	int one = 1;

	if (setsockopt(pcap_fileno(p), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
		(void)pcap_setdirection(p, PCAP_D_IN);
}

/* Promiscuous: a bridge does not hand us what one port says to another, nor a card what is for
 * another's MAC, and many offers are. */
static int capture(struct dhcp_watch *w, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap *p = pcap_create(w->ifname, error);
	int rc = p ? 0 : PCAP_ERROR;

	if (p) {
		pcap_set_snaplen(p, FRAME_MAX);
		pcap_set_promisc(p, 1);
		pcap_set_immediate_mode(p, 1);
		pcap_set_buffer_size(p, RING);
		rc = pcap_activate(p);
	}
	if (rc >= 0)
		rc = pcap_setnonblock(p, 1, error);
	if (rc >= 0 && !w->of_host)
		ignore_our_own(p);
	if (rc >= 0)
		rc = set_filter(p);
	if (rc >= 0) {
		w->pcap = p;
		return 0;
	}
	if (p && !*error)
		snprintf(error, sizeof(error), "%s",
			*pcap_geterr(p) ? pcap_geterr(p) : pcap_statustostr(rc));
	snprintf(why, why_size, "cannot listen on %s: %s", w->ifname, error);
	if (p)
		pcap_close(p);
	return -EIO;
}

static int start(struct dhcp_watch *w, char *why, size_t why_size)
{
	int rc = capture(w, why, why_size);

	if (rc == 0) {
		rc = loop_watch(
			w->loop, &w->fd, pcap_get_selectable_fd(w->pcap), EPOLLIN, readable, w);
		if (rc < 0) {
			snprintf(
				why, why_size, "cannot listen on %s: %s", w->ifname, strerror(-rc));
			drop(w);
		}
	}
	return rc;
}

static void try_again(struct loop_timer *t)
{
	struct dhcp_watch *w = t->arg;
	char why[512];

	if (start(w, why, sizeof(why)) < 0)
		(void)loop_timer_set(w->loop, &w->again, AGAIN_MS);
}

int dhcp_watch_open(struct dhcp_watch *w, struct loop *l, const char *ifname, bool of_host,
	void (*heard)(void *arg, const struct dhcp_heard *h), void *arg, char *why, size_t why_size)
{
	int rc;

	*w = (struct dhcp_watch){.loop = l, .of_host = of_host, .heard = heard, .arg = arg};
	snprintf(w->ifname, sizeof(w->ifname), "%s", ifname);
	loop_timer_init(&w->again, try_again, w);
	rc = start(w, why, why_size);
	if (rc < 0)
		*w = (struct dhcp_watch){0};
	return rc;
}

void dhcp_watch_close(struct dhcp_watch *w)
{
	if (!w->loop)
		return;
	loop_timer_clear(w->loop, &w->again);
	drop(w);
	*w = (struct dhcp_watch){0};
}
