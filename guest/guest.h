/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt guests: jobs, events, networks.
 *
 * The main thread submits jobs and gets every answer and event by its mailbox, so all callbacks
 * here run on the main thread. libvirt's blocking calls run in a few workers; the jobs of one
 * domain run in the order they were submitted, one at a time. A further thread runs libvirt's own
 * event loop and only posts messages, and one keeps the connection: opened when first wanted,
 * opened again (1 to 10 s apart) when libvirtd goes away. A `struct guests` is one libvirt; several
 * share the event loop and nothing else, so that one that is away holds up nobody but its own.
 *
 *   guest.c, jobs.c  what is asked, and how a worker does it   notices.c  what libvirt says by itself; runs.c: whose doing
 *   conn.c     the connection, event_loop.c   ops*.c      libvirt's calls for one job
 *   domain/    the domain's XML               volume*.c   disks, by what their pool can
 *   network_*.c  networks' XML                netfilter.c, virt.c, xml.c  what these share
 *   ops_filter.c  guests' filters kept as they should be
 *   console.c  serial consoles                macs.c      who has which MAC
 *   accel.c    does KVM work                  host.c      what is asked without a service
 *   domain_type.c  KVM or emulation for a guest
 *
 * Strings given are copied; those handed to callbacks live for the callback.
 */
#ifndef USHER_GUEST_GUEST_H
#define USHER_GUEST_GUEST_H

#include "core/addr.h"
#include "core/mailbox.h"
#include "core/subnet.h"
#include "core/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GUEST_NAME = 64,
	GUEST_WHY = 512, /* bytes for one line of reason */
	GUEST_NICS = 8,
	GUEST_DISKS = 8,      /* beside its own */
	GUEST_OEM = 8,        /* SMBIOS OEM strings */
	GUEST_OEM_TEXT = 256, /* a URL with a token, and its name */
	GUEST_WORKERS =
		4, /* libvirt calls at a time unless configured: a start takes 5-8 s on a loaded host */
	GUEST_WORKERS_MAX =
		32, /* libvirtd takes 5 of a connection's, unless its max_client_requests says more */
	GUEST_JOBS_MAX = 20000,        /* jobs waiting: a few for each machine of the largest lab */
	GUEST_CONNECT_WAIT_MS = 10000, /* a job waits this long for libvirtd, then fails */
};

/* The generation of the filters that guests get: one with older ones is to be given to guest_filter(), once. */
enum { GUEST_FILTERS = 1 };

struct guests;
struct guest_news;

struct guests_config {
	struct mailbox *home;
	const char *uri; /* NULL: qemu:///system */
	/* "kvm", "qemu"; "auto" or NULL: KVM unless a test boot shows that it does not work */
	const char *accel;
	const char *state_dir; /* where the verdict on KVM is kept; NULL: not kept */
	unsigned workers;      /* libvirt calls at a time; 0: GUEST_WORKERS */
	const char *kernel;    /* to test KVM with when the spec has none; NULL: the host's own */
	void *arg;             /* for the callbacks below, each of which may be NULL */
	/* Connected, for the first time or again: events may have been missed, so look at every
	 * guest. */
	void (*connected)(void *arg);
	void (*disconnected)(void *arg, const char *why);
	void (*event)(void *arg, const struct guest_news *news);
	void (*network)(void *arg, const char *network, bool started);
	/* A guest could not write to its disk `path`, and QEMU paused it: `full`, for want of room. Told
	 * for each write that was under way. */
	void (*disk_error)(
		void *arg, const char *domain, const char *uuid, const char *path, bool full);
};

enum guest_event {
	GUEST_STARTED,
	GUEST_STOPPED_SELF, /* power-off by the guest, or its reset in an installing run: libvirt
			       cannot tell them apart */
	GUEST_KILLED,       /* destroyed from outside, crashed, or QEMU died */
	GUEST_DEFINED,      /* also: changed; by us, too */
	GUEST_UNDEFINED,
	GUEST_PAUSED,
	GUEST_RESUMED,
	GUEST_PANICKED, /* and stopped, or not: as its definition has it */
	GUEST_RENAMED,
};
const char *guest_event_name(int what);

/* What libvirt last said of a domain. */
enum guest_state {
	GUEST_UNKNOWN,
	GUEST_RUNNING,
	GUEST_OFF,
	GUEST_HELD, /* paused, or asleep (ACPI S3) */
	GUEST_CRASHED,
	GUEST_GONE, /* undefined, or migrated away */
};

/*
 * What happened to a domain, any domain of the host. While a job of the domain is under way its events wait until that
 * job's `done`, but for stops and undefinings of our own doing (late stops of a run that a job has meanwhile
 * replaced are that, too): these are told at once.
 */
struct guest_news {
	const char *domain, *uuid; /* the name that it has now */
	enum guest_event what;
	enum guest_state state; /* in which it is now; GUEST_UNKNOWN: in that in which it was */
	bool ours;              /* a job of ours did it */
	const char *how;        /* in plain words; NULL: another event tells it */
};

/* Does not connect. 0 or -errno. */
int guests_new(const struct guests_config *config, struct guests **ret);
/* Waits for the jobs that are in libvirt's hands; drops the others: no `done` is called any
 * more. The mailbox must still exist; messages left in it are harmless. */
void guests_free(struct guests *g);
/* Wants a connection now and keeps it; a job wants one too. Not needed while only interfaces are
 * served. */
void guests_connect(struct guests *g);
bool guests_connected(const struct guests *g);

struct guest_nic {
	char network[64]; /* libvirt network */
	struct mac mac;
	struct ip ip; /* for the filter: the guest may speak with it alone; not set: not known */
	bool coming; /* its network is to be made before the guest is: guest_check() does not look for it */
	/* For the filter, too: our own address there (not set: not known, then there is no filter of ours), and who
	 * leases there (len 0: anybody). */
	struct ip server;
	struct subnet lessors;
	/* IPv6 is served there: the guest's address, and 128; 64 where it makes itself others in the same prefix. */
	struct ip ip6;
	uint8_t ip6_len;
};

/* A disk beside the machine's own. */
struct guest_disk {
	uint64_t size;    /* bytes */
	char pool[128];   /* "": as the machine's own */
	char volume[128]; /* "": NAME_2.qcow2, NAME_3.qcow2 …; block volumes NAME_2 … */
};

/* What others that are made together with a guest take of one pool before it. */
struct guest_taken {
	char pool[128];
	uint64_t size; /* bytes */
	unsigned disks;
};

struct guest_spec {
	char name[GUEST_NAME];
	char uuid[UUID_TEXT]; /* "": libvirt draws one */
	char profile[64];     /* goes into the domain's metadata */
	unsigned memory_mib, vcpus;
	uint64_t disk;    /* bytes */
	char pool[128];   /* "": default */
	char volume[128]; /* "": NAME.qcow2; a block volume: NAME */
	char made_as
		[GUEST_NAME]; /* NAME of its volumes, which a guest that is renamed keeps; "": its own */
	char accel[8];        /* "kvm", "qemu"; "" or "auto": as configured */
	char kernel[512];       /* the profile's kernel as a file, to test KVM with; "" none */
	const char *fragment;   /* the profile's <domain> element as text, or NULL */
	unsigned fragment_line; /* line of the profile on which it begins, for messages; 0: 1 */
	bool fragment_own;      /* it is the machine's own instead, and messages say so */
	/* What stands over the fragment's; "" or NULL: it decides. */
	char cpu[64];            /* "host-passthrough", "host-model", "maximum" or a model */
	char firmware[16];       /* "bios", "efi", "efi-secure" */
	char graphics[16];       /* "none", "vnc", "spice" */
	char os_variant[64];     /* libosinfo's short id */
	const char *description; /* or NULL */
	bool autostart;          /* with its host */
	struct guest_disk more[GUEST_DISKS];
	size_t n_more;
	/* What its own disk is made from: a volume; "" an empty one is made. */
	char base_volume[128];
	char base_pool[128]; /* "": as the machine's own */
	bool linked;         /* the base stays beneath it (a backing file), else it is copied */
	/* "usher:KEY=VALUE" for whoever reads SMBIOS type 11 inside */
	char oem[GUEST_OEM][GUEST_OEM_TEXT];
	size_t n_oem;
	struct guest_nic nics[GUEST_NICS];
	size_t n_nics;
	bool filter;  /* packet filters on the NICs (netfilter.h), where the host has nwfilter */
	bool replace; /* an older guest of this name is removed, with its volumes: no others are */
	/* Which those are, beside the ones that its domain has: its name and disks count, as its record has them. NULL: it
	 * has none. */
	const struct guest_spec *former;
	/* For guest_check() of one among several. */
	struct guest_taken taken[GUEST_DISKS];
	size_t n_taken;
	const char
		*going; /* domains that go before: each name between two line breaks; NULL: none */
	bool fresh;     /* the pools were looked at just now */
};

/* rc is 0 or -errno and `why` one line; with rc 0 it is "" or a warning. */
typedef void (*guest_done)(void *arg, int rc, const char *why);

/*
 * Jobs. Each returns 0 and will call `done`, or -ENOMEM (also: `g` is NULL) or -ENOSPC (too many) and will not. A
 * `uuid` that is neither NULL nor "" must be that of the domain, or the job fails with -EPERM: the
 * name is another's by now.
 */

/* Could it be created? Looks at name, MACs, pool, volume, networks, memory and fragment; changes
 * nothing. */
int guest_check(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg);
/* Checks, then makes the volume and defines the domain in its final form (disk first, restart on
 * reboot). Does not start it. When it fails nothing is left behind. With `replace`, what had the
 * name before is gone for good. A domain that is not ours, and a volume that is another domain's
 * disk or nobody's, are never replaced. */
int guest_create(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg);
/* Starts an installing run over the persistent definition: network first, and a reset stops it.
 * Stops what runs. */
int guest_start_install(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* Turns the persistent definition to boot from the network first, at every boot, and starts it anew. Any other start of an
 * installing run, and guest_leave_live(), turn it back. */
int guest_start_live(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* The disk first again; and pulls the plug. Fine when it was never turned, does not run, or does not exist. */
int guest_leave_live(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* Starts, over the persistent definition, the run in which it gives up its identity; it has done so when it stops by itself
 * (GUEST_STOPPED_SELF). Stops what runs. */
int guest_seal(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* Starts the persistent definition; fine when it runs already, and what is paused or asleep goes on. */
int guest_start_disk(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* Brings the filters of its NICs, by their MACs, in line with the spec's NICs: in its definition and, where it runs, at
 * once. -ENOSYS: this libvirt has no filters. Filters that are not ours stay as they are; so do NICs without any, and
 * domains that are gone or not ours. Of the spec name, uuid and NICs count. */
int guest_filter(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg);
/* Sees to it that this libvirt has our filters, for guests that migrate there. Fine when it has no filters at all. */
int guest_filters(struct guests *g, guest_done done, void *arg);
/* Pulls the plug; fine when it does not run, or does not exist. */
int guest_stop(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);
/* Stops and undefines it with its NVRAM, and deletes its volumes: the spec's name, uuid, disk and
 * further disks say which, and what snapshots have put on these. What is missing already is fine. When a volume cannot
 * go – another domain's disk, or beneath another volume (-EBUSY) – nothing does. With `keep` the volumes stay, and `why`
 * names their paths. */
int guest_delete(
	struct guests *g, const struct guest_spec *spec, bool keep, guest_done done, void *arg);

struct guest_volume {
	char pool[128], volume[128];
	char path[1024];
	char format[16];               /* "qcow2", "raw" … */
	char backing[1024];            /* path of the volume beneath it; "": none */
	uint64_t capacity, allocation; /* bytes */
	uint64_t before; /* guest_shrink(): bytes that were allocated before; else 0 */
};
/* `v` is all zero when rc is not 0: -ENOENT, there is no such pool or volume. */
typedef void (*guest_volume_done)(void *arg, int rc, const struct guest_volume *v, const char *why);
int guest_volume_info(
	struct guests *g, const char *pool, const char *volume, guest_volume_done done, void *arg);
/* Makes the first disk of a domain that does not run as small as it gets: a volume of files is
 * copied into a compact one beside it (zeros take no room; without a backing file), which takes its
 * place in the definition, read-only from then on, and the old one is deleted. `v` is the new one,
 * under another name: NAME.base (or NAME.qcow2 again), which the record must keep. A block volume stays what it is. When
 * it fails everything is as before. Takes as long as the copying. */
int guest_shrink(
	struct guests *g, const char *name, const char *uuid, guest_volume_done done, void *arg);

struct guest_status {
	bool defined, running;
	bool installing; /* running, and this run is an installing one */
	bool live;       /* running, and it booted from the network first, as always */
	bool ours;       /* carries our mark */
	char uuid[UUID_TEXT];
};
/* rc 0 also when there is no such domain: all false. `st` is all false when rc is not 0. */
typedef void (*guest_status_done)(
	void *arg, int rc, const struct guest_status *st, const char *why);
int guest_status(struct guests *g, const char *name, guest_status_done done, void *arg);

/* Into the persistent definition: what runs stays as it is until it is started again. */
struct guest_change {
	unsigned memory_mib, vcpus; /* 0: as it is */
	int autostart;              /* 0, 1; -1: as it is */
	const char *description;    /* "": none; NULL: as it is */
};
/* `st` is what it is like afterwards. When it fails, a part may have been changed. */
int guest_change(struct guests *g, const char *name, const char *uuid,
	const struct guest_change *change, guest_status_done done, void *arg);
/* Asks it to shut down (ACPI): when it does is an event. Fails when it does not run. */
int guest_shutdown(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);

enum guest_pause {
	GUEST_PAUSE_NONE,
	GUEST_PAUSE_OUTSIDE,  /* or libvirt does not say why; or it suspended itself */
	GUEST_PAUSE_STORAGE,  /* a disk failed */
	GUEST_PAUSE_NO_SPACE, /* a disk's storage is full */
};

/* A domain of the host, in a list sorted by `uuid`. */
struct guest_seen {
	char uuid[UUID_TEXT];
	char name[GUEST_NAME]; /* "": longer than any of ours */
	bool defined, running;
	enum guest_pause paused;
};
typedef void (*guest_list_done)(
	void *arg, int rc, const struct guest_seen *all, size_t n, const char *why);
/* All of them, in a few calls however many they are, and up to two for each that is paused; `all` lives for the call. */
int guest_list(struct guests *g, guest_list_done done, void *arg);

/* Publishes a machine in a libvirt network, live and for its next start: its name in the
 * network's DNS and, when `mac` is not NULL and the network has <dhcp>, its address there.
 * Adding what is there and removing what is not is fine. A name that the DNS cannot have is a warning. */
int guest_publish(struct guests *g, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add, guest_done done, void *arg);

/* An address that is taken in a libvirt network's eyes. */
struct guest_seat {
	enum {
		GUEST_SEAT_HOST, /* reserved in the network's <dhcp> */
		GUEST_SEAT_LEASE,
		GUEST_SEAT_DOMAIN /* a domain's NIC there has the MAC that is computed from it */
	} what;
	struct ip ip;
	struct mac mac; /* zero: not known */
	bool ours;      /* GUEST_SEAT_DOMAIN: the domain carries our mark */
	char name[GUEST_NAME];
};
/* `seats` live for the call; an address may be there several times. */
typedef void (*guest_seats_done)(
	void *arg, int rc, const struct guest_seat *seats, size_t n, const char *why);
int guest_seats(struct guests *g, const char *network, guest_seats_done done, void *arg);
/* The computed MACs there of this domain (none, when it is gone), or of all (""), whoever made them: GUEST_SEAT_DOMAIN
 * alone. */
int guest_computed(struct guests *g, const char *network, const char *domain, guest_seats_done done,
	void *arg);
/* In a network that leases, reserves the computed addresses of guests that others made: of this
 * domain (once it is gone, they are taken back), or of all (""). What is somebody else's is left
 * alone. */
int guest_seat_guests(
	struct guests *g, const char *network, const char *domain, guest_done done, void *arg);

/* A network that usher makes. */
struct guest_network_spec {
	char name[64];
	struct subnet subnet; /* len 0: the first free /24 of GUEST_NETWORK_RANGE */
	struct ip prefix6;    /* its IPv6 prefix of 64 bits; not set: IPv4 alone */
	bool ipv6_only;       /* no subnet at all */
	char forward[16];     /* "none", "nat", "route"; "": GUEST_NETWORK_FORWARD */
	char domain[254];     /* of its DNS; "": none */
	uint16_t mtu;         /* bytes; 0: the usual one */
	char lab[64];         /* the lab that it was made for, or "": libvirt does not know */
	int64_t made_at;      /* wall ms, the same; 0: not known */
	bool judged_only;     /* guest_network_make() changes nothing, and says what it would say */
};
#define GUEST_NETWORK_RANGE ((struct subnet){0x0a4d0000, 16}) /* 10.77.0.0/16 */
#define GUEST_NETWORK_FORWARD "nat"
enum { GUEST_NETWORK_PREFIX6 = 64 };

struct guest_network {
	char name[64]; /* also when it could not be looked at */
	bool active, autostart, persistent;
	bool ours;    /* usher made it: carries our mark */
	bool made;    /* by this guest_network_make(), or started by it */
	bool dhcp;    /* libvirt's dnsmasq leases here */
	bool dns;     /* libvirt's dnsmasq answers DNS on `address` */
	bool forward; /* it leads somewhere (nat, route, open): else isolated, `address` is no
			     gateway */
	bool bridged; /* `bridge` is the host's own (mode bridge): libvirt has no address there, `forward` is
			 false */
	char forward_mode[16]; /* libvirt's word: "nat", "route", "open", "bridge" …, or "none" */
	char bridge[16];       /* "" when libvirt has none for it */
	struct ip
		address; /* IPv4 address of the bridge, the one where libvirt leases or else the first;
				  not set when it has none */
	uint8_t prefix_len;
	struct ip address6; /* its first IPv6 address, the same */
	uint8_t prefix_len6;
	bool advertises; /* libvirt's dnsmasq sends router advertisements there */
	bool nat6;       /* IPv6 is masqueraded, too */
	char domain[254];
	uint16_t mtu;                    /* bytes; 0: it does not say */
	struct ip dhcp_first, dhcp_last; /* libvirt's pool, when it has one */
	size_t leases;                   /* of libvirt's dnsmasq: guest_networks() only */
};
/* Of `net` only the name is set when rc is not 0: -ENOENT, there is no such network. */
typedef void (*guest_network_done)(
	void *arg, int rc, const struct guest_network *net, const char *why);
/* What a network is like now, after what was asked of it before. */
int guest_network(struct guests *g, const char *network, guest_network_done done, void *arg);

/*
 * Makes a network, or finds it as wanted (what `spec` leaves out may be as it is): defined, started at once and with the
 * host. One that is there is started again; `net->made` says whether anything was done. -EEXIST: it is there and
 * otherwise, or not ours; -EADDRINUSE: its subnet is somebody's; then nothing was changed. Networks are made and
 * removed one after the other.
 */
int guest_network_make(struct guests *g, const struct guest_network_spec *spec,
	guest_network_done done, void *arg);
/* Stops and undefines it. -ENOENT: it is not there. -EPERM: it is not ours; -EBUSY: a domain has a NIC there. */
int guest_network_drop(struct guests *g, const char *network, guest_done done, void *arg);
/* All that libvirt has, by name; they live for the call. */
typedef void (*guest_networks_done)(
	void *arg, int rc, const struct guest_network *all, size_t n, const char *why);
int guest_networks(struct guests *g, guest_networks_done done, void *arg);

/*
 * The serial console of a running guest (its first one), as bytes.
 *
 * A console that ended, for whatever reason, stays ended: close it and open another.
 */
struct guest_console;

/* `look` is called, on the main thread, whenever guest_console_take() has something new to say. */
typedef void (*guest_console_look)(void *arg);

/* 0 or -ENOMEM, -ENOSPC. A libvirtd that is not there ends it soon, with -ENOTCONN. */
int guest_console_open(struct guests *g, const char *uuid, guest_console_look look, void *arg,
	struct guest_console **ret);

struct guest_console_news {
	bool open;      /* it is, or was, attached to the guest */
	uint8_t *bytes; /* what came since the last time, for free(); may be NULL */
	size_t n;
	uint64_t dropped; /* bytes that came after these, and were dropped: nobody took them */
	bool over;
	/* Why it is over: 0, the guest closed it (or went); -ESHUTDOWN it is not running; -ENOENT there is no such
	 * domain; -EBUSY somebody else has its console; -EPIPE the stream broke, as when somebody took it by force;
	 * -ENOTCONN; others. `why` lives as long as the console. */
	int rc;
	const char *why;
};
void guest_console_take(struct guest_console *c, struct guest_console_news *ret);

enum {
	/* Typed ahead without a byte in return. A guest that reads nothing lets libvirtd's buffers fill, and then libvirtd
	 * reads no more of our connection at all: the terminal's own buffers hold three times this. */
	GUEST_CONSOLE_TYPED = 4096,
};
/* 0; -EAGAIN: it would be more than GUEST_CONSOLE_TYPED; -EPIPE: not open, or over; -ENOMEM, -ENOSPC. */
int guest_console_send(struct guest_console *c, const void *bytes, size_t n);
/* Lets go of it; `look` is not called any more. Before guests_free(). NULL is fine. */
void guest_console_close(struct guest_console *c);

/* Blocking, for the start and for `usher check`; they use a connection of their own. */

/* 0; -ENOENT no such network; -ENOTCONN libvirtd does not answer; or -errno, with the reason in
 * `why`. */
int guest_network_info(const char *uri, const char *network, struct guest_network *ret, char *why,
	size_t why_size);
/* The same for as long as `wait_ms`: then -ETIMEDOUT. A libvirtd that stands still takes a connection and says nothing. */
int guest_network_info_within(const char *uri, const char *network, int wait_ms,
	struct guest_network *ret, char *why, size_t why_size);
/* The same, from the network's XML; pure. */
int guest_network_parse(const char *xml, struct guest_network *ret, char *why, size_t why_size);

struct guest_host {
	unsigned long libvirt, qemu; /* 1000000 * major + 1000 * minor + release; qemu 0: unknown */
	uint64_t memory_mib;
	unsigned cpus;
	bool nwfilter;          /* clean-traffic is there */
	bool emulator;          /* it can say what its guests may be like: QEMU is there */
	bool kvm;               /* libvirt can run guests with it */
	char kvm_emulator[256]; /* which it starts then; "" */
	bool efi, efi_secure;   /* firmware for guests, found by libvirt; with Secure Boot */
};
int guest_host_info(const char *uri, struct guest_host *ret, char *why, size_t why_size);
/* Guests that run with a NIC on this network and no packet filter: how many there are, and one of their names. */
struct guest_unfiltered {
	size_t n;
	char name[GUEST_NAME];
};
int guest_unfiltered_info(const char *uri, const struct guest_network *net,
	struct guest_unfiltered *ret, char *why, size_t why_size);
struct guest_pool {
	uint64_t free; /* bytes */
	bool autostart;
};
/* 0: the pool is there and active. -ENOENT or -errno, with the fix in `why`. */
int guest_pool_info(
	const char *uri, const char *pool, struct guest_pool *ret, char *why, size_t why_size);
/* All networks, by name; `*ret` is for free(). */
int guest_networks_info(
	const char *uri, struct guest_network **ret, size_t *ret_n, char *why, size_t why_size);

#endif
