/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_proxy.h"

#include "core/log.h"
#include "dhcpd/dhcp_boot.h"
#include "dhcpd/dhcp_events.h"
#include "dhcpd/dhcp_facts.h"
#include "dhcpd/dhcp_foreign.h"
#include "dhcpd/dhcp_notice.h"
#include "dhcpd/dhcp_origin.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_proxy_answer.h"
#include "dhcpd/dhcp_socket.h"
#include "dhcpd/dhcp_watch.h"
#include "dhcpd/ndp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	ASKED_SLOTS = 1024, /* clients remembered until they have their ACK, 96 kB */
	/* Nobody gives an armed machine an address: it asked so often, and for so long. dnsmasq may
	 * ping for 3 s before it answers. */
	UNANSWERED = 3,
	UNANSWERED_MS = 4000,
};

/* What a client said of itself, for when the other server answers it. */
struct asked {
	struct mac mac;
	uint32_t xid, stage;
	uint32_t told_stage, told_ip; /* of the lease that the timeline has */
	char client[DHCP_CLIENT_TEXT];
	unsigned discovers; /* since an address was offered to it */
	int64_t since;      /* mono ms, of the first of these */
};

/* One of the two ports. */
struct side_port {
	struct dhcp_proxy *side;
	uint16_t number;
	struct dhcp_socket socket;
	struct loop_fd watch;
};

struct dhcp_proxy {
	struct dhcp_proxy_config c;
	const struct segment *segment;
	struct side_port offers, boots; /* 67 and 4011 */
	struct ndp ndp;
	struct dhcp_watch watch;
	struct dhcp_foreign foreign;
	struct dhcp_origin origin; /* of port 67: on the other a neighbour answers */
	struct dhcp_meter errors;
	struct dhcp_notices unanswered;
	struct dhcp_message msg; /* the one that is being worked on */
	const void *bytes;       /* of it, as they came */
	size_t len;
	struct dhcp_packet packet;
	struct asked asked[ASKED_SLOTS]; /* by hash; a newer one takes an older one's place */
};

static struct asked *asked_slot(struct dhcp_proxy *d, const struct mac *mac)
{
	return &d->asked[hash_bytes(mac, sizeof(*mac), 0) % ASKED_SLOTS];
}

/* Somebody made us believe that it leases, or the server there is away: the machine's timeline has to say so. */
static void note_unanswered(struct dhcp_proxy *d, const struct machine *m)
{
	const struct dhcpd_server *by = d->c.server;
	char ip[IP_TEXT], mac[MAC_TEXT], who[160] = "another server should lease (mode proxy)";

	if (!dhcp_notice_due(&d->unanswered, d->segment->id, &d->msg.mac, loop_now(d->c.loop)))
		return;
	if (ip_is_set(&by->address))
		snprintf(who, sizeof(who),
			"%s (MAC %s) should lease, as it answered when usher started",
			ip_format(&by->address, ip), mac_format(&by->mac, mac));
	timeline_add(d->c.timeline, m->name, "unanswered",
		"no server answers its request for an address on %s, where %s: check that server; "
		"if you run none there, set mode='own'",
		d->segment->name, who);
	log_warn("%s: no server answers the request of %s for an address: %s", d->segment->name,
		m->name, who);
}

static void note_discover(struct dhcp_proxy *d, struct asked *a)
{
	const struct machine *m = machines_by_mac(d->c.machines, d->segment->id, &a->mac, NULL);
	int64_t now = loop_now(d->c.loop);

	if (!m || !life_netboots(m->state))
		return;
	if (!a->discovers++)
		a->since = now;
	if (a->discovers >= UNANSWERED && now - a->since >= UNANSWERED_MS)
		note_unanswered(d, m);
}

static void note_asked(struct dhcp_proxy *d)
{
	struct asked *a = asked_slot(d, &d->msg.mac);
	char text[DHCP_CLIENT_TEXT];

	if (d->msg.type != DHCP_REQUEST && d->msg.type != DHCP_DISCOVER)
		return;
	if (!mac_eq(&a->mac, &d->msg.mac))
		*a = (struct asked){.mac = d->msg.mac};
	dhcp_facts_message(
		machines_by_mac(d->c.machines, d->segment->id, &d->msg.mac, NULL), &d->msg);
	if (d->msg.type == DHCP_DISCOVER) {
		note_discover(d, a);
		return;
	}
	a->xid = d->msg.xid;
	a->stage = dhcp_policy_stage(&d->msg);
	snprintf(a->client, sizeof(a->client), "%s",
		dhcp_boot_client_text(dhcp_firmware_of(&d->msg), text));
}

static struct dhcp_route route_to(const struct side_port *p, const struct sockaddr_in *from)
{
	struct dhcp_delivery to = {.msg = &p->side->msg, .answer = DHCP_OFFER};

	if (p->number == DHCP_PROXY_PORT) {
		to.answer = DHCP_ACK;
		to.from = ntohl(from->sin_addr.s_addr);
		to.from_port = ntohs(from->sin_port);
	}
	return dhcp_route_of(&to);
}

static void failed(struct dhcp_proxy *d, const char *what, int rc)
{
	if (dhcp_meter_due(&d->errors, loop_now(d->c.loop)))
		log_warn("dhcp %s: %s: %s", d->segment->name, what, strerror(-rc));
}

static bool is_from_another(struct dhcp_proxy *d)
{
	return dhcp_origin_is_forged(&d->origin, d->bytes, d->len, loop_now(d->c.loop));
}

/* Is the machine alone told? On 4011 by the address that it has by now. */
static bool may_tell(struct side_port *p, const struct machine *m, const struct dhcp_route *to)
{
	struct dhcp_proxy *d = p->side;
	struct ip ip = ip_from_v4(to->ip);
	bool by_frame = to->frame;
	char why[160] = "another card sent the request in the machine's name", text[320],
	     mac[MAC_TEXT];

	/* who sends to 4011 in another's name is not heard */
	if (by_frame && (p->number == DHCP_PROXY_PORT || is_from_another(d)))
		goto refused;
	if (!d->c.hears ||
		d->c.hears(d->c.arg, m, d->segment, &d->msg.mac, by_frame ? NULL : &ip, why,
			sizeof(why)))
		return true;
refused:
	snprintf(text, sizeof(text), "%s from %s on %s gets no boot script: %s",
		dhcp_type_name(d->msg.type), mac_format(&d->msg.mac, mac), d->segment->name, why);
	dhcp_facts_withheld(m, text);
	return false;
}

/* On 4011 the sender's address is its own word, which nobody can check of a stranger: there it is told a program, but no token. */
static int answer_stranger(struct side_port *p, struct dhcp_packet *packet, struct dhcp_boot *boot)
{
	struct dhcp_proxy *d = p->side;
	const char *token = NULL;

	if (p->number != DHCP_PROXY_PORT && dhcp_proxy_is_due(&d->msg, d->segment, p->number) &&
		dhcp_boot_client(dhcp_firmware_of(&d->msg)) == DHCP_CLIENT_IPXE &&
		!is_from_another(d))
		token = d->c.stranger(
			d->c.arg, d->segment, &d->msg.mac, d->msg.has_uuid ? d->msg.uuid : NULL);
	return dhcp_proxy_answer_stranger(
		&d->msg, d->segment, token, p->number, packet->buf + DHCP_FRAME_HEADER, boot);
}

static void answer(struct side_port *p, const struct sockaddr_in *from)
{
	struct dhcp_proxy *d = p->side;
	const struct machine *m = machines_by_mac(d->c.machines, d->segment->id, &d->msg.mac, NULL);
	struct dhcp_packet *packet = &d->packet;
	struct dhcp_boot boot;
	int error = 0, len;

	if (!m && d->segment->discover && d->c.stranger)
		len = answer_stranger(p, packet, &boot);
	else
		len = dhcp_proxy_answer(&d->msg, d->segment, m, d->c.programs, p->number,
			packet->buf + DHCP_FRAME_HEADER, &boot);
	if (boot.unserved && m)
		dhcp_events_note_unserved(d->segment, m, &d->msg);
	if (len <= 0)
		return;
	packet->len = (size_t)len;
	packet->socket = &p->socket;
	packet->route = route_to(p, from);
	if (boot.secret && m && !may_tell(p, m, &packet->route))
		return;
	if (boot.secret && packet->route.frame)
		packet->route.mac = d->msg.mac;
	dhcp_facts_told(m, &boot);
	if (dhcp_socket_send(&p->socket, &packet, 1, &error) < 1)
		failed(d, "a boot offer could not be sent", error);
}

/* A batch a wake-up; the loop comes back when there is more. */
static void readable(struct loop_fd *w, uint32_t events)
{
	struct side_port *p = w->arg;
	struct dhcp_proxy *d = p->side;
	struct dhcp_inbox *in = d->c.inbox;
	int n = dhcp_socket_receive(&p->socket, in);
	const char *why;

	(void)events;
	if (n < 0)
		failed(d, "cannot receive", n);
	for (int i = 0; i < n; i++) {
		d->bytes = in->bytes[i];
		d->len = in->msgs[i].msg_len;
		if (dhcp_wire_decode(d->bytes, d->len, &d->msg, &why) < 0)
			continue;
		dhcp_events_note_message(d->c.events, d->segment, &d->msg);
		note_asked(d);
		answer(p, &in->from[i]);
	}
}

static bool is_computed(const struct segment *s, const struct dhcp_heard *h)
{
	struct ip ip;

	return s->computed && mac_to_ip(&h->client, &ip) == 0 && ip_to_v4(&ip) == h->address;
}

/* A renewal, which is said to the server alone, is no news; nor is the same to the same software. */
static bool is_news(struct dhcp_proxy *d, const struct dhcp_heard *h, const char **ret_client)
{
	struct asked *a = asked_slot(d, &h->client);
	bool known = mac_eq(&a->mac, &h->client);
	bool news;

	if (!known)
		*a = (struct asked){.mac = h->client};
	*ret_client = known && a->xid == h->xid ? a->client : "";
	news = a->told_ip != h->address || a->told_stage != a->stage;
	a->told_ip = h->address;
	a->told_stage = a->stage;
	return news;
}

/* In our name, with another MAC than ours: this host's own server has it as we do. */
static bool is_forged(const struct dhcp_proxy *d, const struct dhcp_heard *h)
{
	return dhcp_foreign_is_forged(d->segment, h) && !mac_eq(&h->from, &d->offers.socket.mac);
}

static void heard(void *arg, const struct dhcp_heard *h)
{
	struct dhcp_proxy *d = arg;
	const struct machine *m = machines_by_mac(d->c.machines, d->segment->id, &h->client, NULL);
	struct ip ip = ip_from_v4(h->address), server = ip_from_v4(h->server);
	char mac[MAC_TEXT], address[IP_TEXT], by[IP_TEXT];
	const char *client;

	if (is_forged(d, h))
		return; /* dhcp_foreign.h tells of it */
	if (h->address && mac_eq(&asked_slot(d, &h->client)->mac, &h->client))
		asked_slot(d, &h->client)->discovers = 0;
	if (h->type != DHCP_ACK || !h->address || (!m && !is_computed(d->segment, h)) ||
		!is_news(d, h, &client))
		return;
	if (m)
		dhcp_facts_leased(m, &ip, NULL);
	timeline_add(d->c.timeline, m ? m->name : "", "leased", "%s to %s by %s (%s%sxid %08x)",
		ip_format(&ip, address), mac_format(&h->client, mac), ip_format(&server, by),
		client, *client ? ", " : "", h->xid);
}

/* Ours, and about to install: other systems may make of an advertisement what they like. */
static bool boots_here(void *arg, const struct mac *mac)
{
	const struct dhcp_proxy *d = arg;
	const struct machine *m = machines_by_mac(d->c.machines, d->segment->id, mac, NULL);

	return m && life_netboots(m->state);
}

/* Without these two machines boot all the same: later, and with less to read. */
static void open_extras(struct dhcp_proxy *d)
{
	const struct dhcp_socket *s = &d->offers.socket;
	char why[512];
	int rc = dhcp_origin_open(&d->origin, d->c.loop, s->ifindex);

	if (rc < 0)
		log_warn("dhcp %s: cannot detect requests forged in another machine's name: %s",
			d->segment->name, strerror(-rc));
	rc = ndp_open(&d->ndp, d->c.loop, s->ifindex, &s->mac, boots_here, d);

	if (rc < 0)
		log_warn("dhcp %s: cannot answer IPv6 router solicitations, so iPXE will wait: %s",
			d->segment->name, strerror(-rc));
	if (dhcp_watch_open(
		    &d->watch, d->c.loop, d->segment->ifname, true, heard, d, why, sizeof(why)) < 0)
		log_warn(
			"dhcp %s: cannot see the other server's leases: %s", d->segment->name, why);
	if (dhcp_foreign_open(&d->foreign, d->c.loop, d->c.timeline, d->c.machines, d->c.segments,
		    d->segment, why, sizeof(why)) < 0)
		log_warn("dhcp %s: cannot detect a third DHCP server: %s", d->segment->name, why);
}

static int watch_port(struct side_port *p, struct dhcp_proxy *d, uint16_t number)
{
	p->side = d;
	p->number = number;
	return loop_watch(d->c.loop, &p->watch, p->socket.udp, EPOLLIN, readable, p);
}

int dhcp_proxy_open(const struct dhcp_proxy_config *c, const struct segment *s,
	struct dhcp_proxy **ret, char *why, size_t why_size)
{
	struct dhcp_proxy *d = calloc(1, sizeof(*d));
	uint32_t server = ip_to_v4(&s->server);
	int rc;

	if (!d) {
		snprintf(why, why_size, "%s: %s", s->name, strerror(ENOMEM));
		return -ENOMEM;
	}
	d->c = *c;
	d->segment = s;
	d->offers.socket = d->boots.socket = DHCP_SOCKET_CLOSED;
	d->ndp = NDP_CLOSED;
	d->origin = DHCP_ORIGIN_CLOSED;
	rc = dhcp_socket_open_beside(&d->offers.socket, s->ifname, server, why, why_size);
	if (rc == 0)
		rc = dhcp_socket_open_proxy(&d->boots.socket, s->ifname, server, why, why_size);
	if (rc == 0) {
		rc = watch_port(&d->offers, d, DHCP_SERVER_PORT);
		if (rc == 0)
			rc = watch_port(&d->boots, d, DHCP_PROXY_PORT);
		if (rc < 0)
			snprintf(why, why_size, "%s: %s", s->ifname, strerror(-rc));
	}
	if (rc < 0) {
		dhcp_proxy_free(d);
		return rc;
	}
	open_extras(d);
	*ret = d;
	return 0;
}

bool dhcp_proxy_fits(struct dhcp_proxy *d)
{
	struct mac was = d->offers.socket.mac;

	return dhcp_socket_fits(&d->offers.socket, d->segment->ifname) &&
		mac_eq(&was, &d->offers.socket.mac);
}

const struct dhcp_foreign *dhcp_proxy_foreign(const struct dhcp_proxy *d)
{
	return &d->foreign;
}

static void port_close(struct dhcp_proxy *d, struct side_port *p)
{
	if (p->watch.watched)
		loop_unwatch(d->c.loop, &p->watch);
	dhcp_socket_close(&p->socket);
}

void dhcp_proxy_free(struct dhcp_proxy *d)
{
	if (!d)
		return;
	port_close(d, &d->offers);
	port_close(d, &d->boots);
	ndp_close(&d->ndp);
	dhcp_watch_close(&d->watch);
	dhcp_foreign_close(&d->foreign);
	dhcp_origin_close(&d->origin);
	free(d);
}
