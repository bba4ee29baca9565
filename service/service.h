/*
 * The running service: all rooms put together. Main thread only, but for files.h.
 *
 *   serve.c     starts and stops it           segments.c  finds out what is served; links.c follows it
 *   boot.c      /m/TOKEN/…: what machines ask  files.c     /boot/… and TFTP: files, on any thread
 *   boot_name.c  boot scripts by fixed names: GRUB's, PXELINUX's
 *   api.c       /api/v1: reading, and routes  create.c    making a machine; judge*.c: is the request right,
 *                                             linted.c: and what the linters say of its answers
 *   change.c    arming, disarming, deleting; patch.c: a guest's memory and the like, starting it
 *   act.c       doing what life asks for: power
 *   cache.c     kernels and initrds by URL: are they here; fetch_api.c: the API's side of it
 *   template.c  making a template of a guest  clone.c     a guest of a template
 *   seats.c     addresses where libvirt leases  transfers.c  files fetched, on the timeline
 *   follow_api.c  the timeline, long polled
 *   profiles_api.c, media_api.c  the API's other calls; imported.c: the media that were imported
 *   copying.c   copies of images, sent in pieces
 *   media_survey.c  what is told of media; verifying.c: their sums
 *   render_api.c  what a machine would be served  place.c, place_look.c  is who asks the machine itself
 *   networks_api.c  networks made and removed; networks.c: those that were made
 *   console_record.c  guests' consoles, recorded (console_log.c: on disk); console_api.c: the API's side of it
 *   timekeeping.c  steady time, and a host's clock that is set
 *   decided.c  who leased on an interface the last time  claims.c  guests' computed MACs, where we lease
 *   ready.c   are the files of an install there, asked of the worker
 *   hosts.c   the libvirts that guests live in  guest_follow.c  and what they say of them
 */
#ifndef USHER_SERVICE_SERVICE_H
#define USHER_SERVICE_SERVICE_H

#include "core/link.h"
#include "core/clock.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "core/store.h"
#include "core/table.h"
#include "core/worker.h"
#include "dhcpd/dhcpd.h"
#include "guest/guest.h"
#include "hooks/hooks.h"
#include "hooks/power.h"
#include "httpd/httpd.h"
#include "kickstart/media/fetch.h"
#include "kickstart/profiles.h"
#include "kickstart/render.h"
#include "kickstart/script.h"
#include "machine/machine.h"
#include "tftpd/tftpd.h"
#include "config/config.h"
#include "service/files/files.h"
#include "service/api/listing.h"
#include "service/network/networks.h"
#include "service/operation.h"
#include "service/reserved.h"

struct creation;
struct copying;
struct follower;
struct pending;
struct operation;
struct verifying;
struct networking;
struct host;
struct look;
struct place_wait;

enum { HOSTS_MAX = 16 }; /* libvirts: each has a connection and six threads */

/* How one segment is followed: links.c. */
struct served {
	struct service *service;
	struct segment *segment;
	unsigned link;      /* index of its interface when it was opened; 0: closed */
	unsigned last_link; /* the last that it had in this run; 0: none yet */
	int waits;          /* why it is not served, as it was last told: -errno; 0: it is */
	bool asking;        /* libvirt is asked what the network is like */
	bool again;         /* and is to be asked once more */
	bool leaving; /* its network is being deleted: it is closed, whatever happens to the link */
	char decided[64]; /* decided.c */
	bool guests_known;      /* claims.c: libvirt's guests with computed MACs were read */
	int64_t guests_looked;  /* and when, mono ms */
};

/* timekeeping.c */
struct timekeeping {
	struct clock_mark mark; /* the last */
	int64_t slept;          /* clock_slept_ms() then */
	uint64_t commits;       /* of the store, then */
	struct loop_fd set;     /* wakes up when somebody sets the wall clock */
	struct loop_timer again;
};

struct service {
	struct config config;
	struct loop *loop;
	struct mailbox home;
	struct worker *worker; /* for what blocks: disks, downloads; NULL: we are stopping */
	struct store *store;
	struct timekeeping time;
	struct segments segments;
	struct served served[SEGMENT_MAX]; /* by segment id - 1 */
	struct timeline *timeline;
	struct machines *machines;
	struct profiles profiles;
	struct imported imported;
	struct networks networks;
	struct files files;
	struct fetches *fetches; /* NULL before the start and while it stops */
	struct dhcpd *dhcpd;
	struct tftpd *tftpd;
	struct httpd *httpd;
	struct hooks *hooks;
	struct power *power;
	struct table recordings; /* struct recording: console_record.h */
	struct table claims; /* claims.c */
	struct look *looks;  /* the same: under way */
	struct guests
		*guests; /* the own libvirt's: its networks are ours; a machine's: guests_of() */
	struct host *hosts[HOSTS_MAX]; /* [0] is the own */
	size_t n_hosts;
	struct link_monitor *links;
	struct loop_timer deadline;  /* of the attempt that is over next */
	struct loop_timer settle;    /* commits what happened in this turn, then acts on it */
	struct pending *pending;     /* actions that wait for that commit */
	struct creation *creations;  /* under way */
	struct reservation *reserved; /* by them */
	struct trial *trials;        /* the same: requests that are judged only */
	struct operation *rearmings; /* the same */
	struct operation *deletions; /* the same */
	struct operation *sealings;  /* the same: guests that become templates */
	struct operation *patches;   /* the same */
	struct copying *copyings;    /* images that are being copied: copying.h */
	struct verifying *verifying; /* sums of images: verifying.h */
	struct networking *net_jobs; /* requests about networks that wait for libvirt */
	struct operation *jobs;      /* libvirt's and the power executables', not yet back */
	struct operation *glances;   /* reconcile.c: at guests, not yet back */
	struct follower *followers;  /* long polls of the timeline */
	struct listings listings;
	struct place_wait *place_waits; /* requests of who is not known to be the machine: place_look.c */
	int64_t guesses_until;       /* mono ms: boot.c */
	unsigned guesses;
	int64_t started; /* mono ms */
	bool stopping;
	bool abandoned; /* hosts_stop() left threads behind: the mailbox must stay */
};

#endif
