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
#ifndef USHER_USHER_SERVICE_H
#define USHER_USHER_SERVICE_H

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
#include "usher/config.h"
#include "usher/files.h"
#include "usher/listing.h"
#include "usher/networks.h"

struct creation;
struct copying;
struct follower;
struct pending;
struct job;
struct verifying;
struct networking;
struct deletion;
struct sealing;
struct patch;
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
	struct trial *trials;        /* the same: requests that are judged only */
	struct deletion *deletions;  /* the same */
	struct sealing *sealings;    /* the same: guests that become templates */
	struct patch *patches;       /* the same */
	struct copying *copyings;    /* images that are being copied: copying.h */
	struct verifying *verifying; /* sums of images: verifying.h */
	struct networking *net_jobs; /* requests about networks that wait for libvirt */
	struct job *jobs;            /* libvirt's and the power executables', not yet back */
	struct follower *followers;  /* long polls of the timeline */
	struct listings listings;
	struct place_wait *place_waits; /* requests of who is not known to be the machine: place_look.c */
	int64_t guesses_until;       /* mono ms: boot.c */
	unsigned guesses;
	int64_t started; /* mono ms */
	bool stopping;
	bool abandoned; /* hosts_stop() left threads behind: the mailbox must stay */
};

/* serve.c: blocks until a signal ends it; the program's exit status. `config` is complete. */
int serve(const struct config *config);

/* start_look.c: what is named and not there goes into the log; guests' pool too, if there may be guests. */
void start_look(struct service *s, bool pool);

/* segments.c: looks at libvirt and the links. 0, or -errno with one line in `why`. What is not there, or does not fit, is
 * waited for, unless the command line names it. */
int segments_find(struct service *s, char *why, size_t why_size);
/* A network's or an interface's segment as configuration, libvirt (`net`, of a network) and kernel
 * have it now. 0, or -errno with the line, and `*ret` is what is known all the same. */
int segment_describe(const struct service *s, const struct config_segment *c,
	const struct guest_network *net, struct segment *ret, char *why, size_t why_size);
/* A network of ours begins to be served, or is already: as soon as links_refresh() sees it. 0, or -errno with the
 * line. */
int segment_come(struct service *s, const char *network, char *why, size_t why_size);
/* It is gone for good: closed, and its leases with it. */
void segment_go(struct service *s, const char *network);
/* Who leases there, and why we think so: one line of the log. */
void segment_say_mode(const struct segment *seg, const struct config_segment *c);
/* To the log, as soon as its address is known: a pool that lies elsewhere (of a libvirt network, which is served all the
 * same), subnets behind relays that it overlaps. */
void segment_say_misfits(
	const struct service *s, const struct segment *seg, const struct config_segment *c);

/* links.c: follows what is served. */
/* Opens the sockets of a segment that is there. 0, or -errno with the line. */
int links_open(struct service *s, struct segment *seg, char *why, size_t why_size);
/* A link or its address changed. */
void links_changed(void *service, const char *ifname);
/* A libvirt network was started or stopped. */
void links_network_changed(void *service, const char *network, bool started);
/* Anything may have happened: at the start, and when libvirt is there again. */
void links_look(struct service *s);
/* A network is like this now. */
void links_refresh(struct service *s, const struct guest_network *net);
/* It is about to be deleted, and nobody is to be put there any more; or it stays after all. */
void links_leave(struct service *s, const struct segment *seg);
void links_stay(struct service *s, const struct segment *seg);

/* Whose address it is that reached us on this link: the same segment's, or one's behind a relay. */
uint32_t segment_of_peer(const struct service *s, uint32_t link, const struct ip *peer);
void segments_say(const struct service *s); /* who leases where, and why */
/* Who leases on a segment of mode auto was found out: dhcpd_config's `decided`. */
void segments_decided(void *service, const struct segment *seg, const struct dhcpd_server *server);
/* claims.c: a domain (all: "") may have come, changed or gone. */
void claims_look(struct service *s, const struct segment *seg, const char *domain);
enum dhcp_guest claims_guest(void *service, const struct segment *seg, const struct mac *mac);
void claims_leave(struct service *s, const struct segment *seg); /* it goes */
void claims_fini(struct service *s);
/* timekeeping.c: before anything is read of the store that has a time. 0, or -errno with one line in `why`. */
int timekeeping_load(struct service *s, char *why, size_t why_size);
/* Once there are store_start() and the timeline. */
void timekeeping_start(struct service *s);
void timekeeping_stop(struct service *s);

/* decided.c: before store_start(). 0, or -errno with one line in `why`. */
int decided_load(struct service *s, char *why, size_t why_size);
/* When it was last asked who leases there, it was us, at the same address. */
bool decided_was_own(const struct service *s, const struct segment *seg);
void decided_keep(struct service *s, const struct segment *seg, bool own);
/* "http://192.168.122.1:8067" */
void segment_base_url(const struct segment *seg, char *buf, size_t size);

/* boot.c: requests below /m/. */
void boot_handle(struct service *s, struct http_request *r);
/* The script of the boot that is under way, for this boot loader; a failure is on the timeline. */
int boot_render(struct service *s, struct machine *m, uint32_t segment, enum script_kind kind,
	char **ret, char *why, size_t size);
/* In what state it is, and how to install it. 0 or -ENOMEM. */
int boot_refusal(const struct machine *m, enum script_kind kind, char **ret);
/* Its boot waits to be confirmed: shows the code, and asks again. 0 or -ENOMEM. */
int boot_wait(struct service *s, const struct machine *m, uint32_t segment, enum script_kind kind,
	char **ret);
/* Answers with `text` (heap, taken; NULL: out of memory) once all that was put is on disk. */
void boot_respond_committed(
	struct service *s, struct http_request *r, unsigned status, const char *type, char *text);

/* boot_name.c: boot scripts by fixed names. */
bool boot_is_script(const char *name);
bool boot_tftp_asks(void *service, const char *name); /* TFTP thread */
void boot_tftp_asked(void *service, struct tftp_request *r);
/* libmicrohttpd's threads; `agent` is the client's own word on what it is, or NULL. */
bool boot_http_asks(void *service, const char *path, const char *agent);
void boot_http_asked(struct service *s, struct http_request *r);

/* transfers.c */
/* Whose machine has this address on this link, by its record or its lease; or NULL. */
struct machine *machine_at(struct service *s, uint32_t link, const struct ip *ip);
bool transfer_http_knows(void *service, uint32_t link, const struct ip *peer);
void transfer_http_dropped(void *service, const struct http_dropped *d);
void transfer_http_ended(void *service, const struct http_report *report);
void transfer_tftp_ended(void *service, const struct tftp_report *report);

/* api.c: requests below /api/v1/. */
void api_handle(struct service *s, struct http_request *r);
/* For json_pack()'s "s?": NULL, which is null there, when there is nothing. */
const char *api_some(const char *text);
json_t *api_machine(struct service *s, const struct machine *m, bool full); /* new reference */
/* lists.c */
void lists_machines(struct service *s, struct http_request *r);
void lists_leases(struct service *s, struct http_request *r);
/* Other DHCP servers that were heard on this segment (NULL: none), where we lease. New reference. */
json_t *api_others(struct service *s, const struct segment *seg);
/* Answers with `json` (stolen) once all that was put is on disk, else with 503. */
void api_respond_committed(
	struct service *s, struct http_request *r, unsigned status, json_t *json);
/* host_keys_api.c: GET /host-keys. */
void host_keys_handle(struct service *s, struct http_request *r);
/* The profile of this name with the configuration's medium, or else an imported one, over its own. As
 * profiles_find(). */
int api_profile(
	struct service *s, const char *name, struct profile **ret, char *why, size_t why_size);

/* profiles_api.c: all profiles, or the one of that name. */
void profiles_handle(struct service *s, struct http_request *r, const char *name);

/* render_api.c: below /api/v1/machines/NAME/render/. */
void render_handle(
	struct service *s, struct http_request *r, const struct machine *m, const char *what);

/* media_api.c: /api/v1/media, and what follows: "", "/NAME" … */
void media_handle(struct service *s, struct http_request *r, const char *rest);

/* media_survey.c: all, or the one of this name, are looked at and then told. */
void media_tell_all(struct service *s, struct http_request *r);
void media_tell_one(struct service *s, struct http_request *r, const char *name, unsigned status);
/* The names of the machines that are being installed from it. New reference. */
json_t *media_machines(struct service *s, const char *name);

/* follow_api.c */
void follow_handle(struct service *s, struct http_request *r);
void follow_answer_all(struct service *s); /* those that have something to read */
void follow_drop_all(struct service *s);
json_t *follow_event_json(const struct timeline_event *e);

/* create.c */
void create_handle(struct service *s, struct http_request *r);
/* The action of a machine that is being created: makes volume and domain first. False: it is none. */
bool create_continue(struct service *s, const struct machine *m);
/* guest_spec.c: a spec for libvirt from a record. The strings that it borrows are the record's and those of
 * `*ret_profile`: profile_free(). 0 or -errno with the line. */
int create_guest_spec(struct service *s, const struct machine *m, struct guest_spec *ret,
	struct profile **ret_profile, char *why, size_t why_size);
/* A machine's name and volumes alone: all that deleting it needs. */
void create_guest_disks(const struct machine *m, struct guest_spec *ret);
/* And of its name and NICs alone: what guest_filter() wants. */
void create_guest_nics(struct service *s, const struct machine *m, struct guest_spec *ret);
/* Is somebody in the middle of making this name, or using this address? */
bool create_reserves(
	const struct service *s, const char *name, uint32_t segment, const struct ip *ip);
void create_drop_all(struct service *s);

/* trial.c: POST /judge. */
void trial_handle(struct service *s, struct http_request *r);
void trial_drop_all(struct service *s);

/* clone.c */
/* What libvirt is to be told of a clone beyond others: its base, its SMBIOS strings. */
void clone_put_spec(const struct service *s, const struct machine *m, struct guest_spec *spec);
/* Its guest is to be made still, if there is none. */
bool clone_unmade(const struct machine *m);

/* template.c */
void template_handle(struct service *s, struct http_request *r, struct machine *m);
/* An event of libvirt's; true: it was one of a guest that is becoming a template. */
bool template_event(struct service *s, struct machine *m, int what);
bool template_under_way(const struct service *s, const char *name);
/* It is a template, or is becoming one: answers 409, with what is not done to it ("installed again"). */
bool template_refuses(
	struct service *s, struct http_request *r, const struct machine *m, const char *what);
/* Guests are linked to its disk: answers 409 with some of their names. */
bool template_is_needed(struct service *s, struct http_request *r, const struct machine *m);
void template_drop_all(struct service *s);

/* cache.c */
/*
 * Are kernel and initrds of this snapshot here, with the sums that its profile wants? Asked when it is to be armed
 * with. 0: yes, or its medium is local (`warning` is "" or a line for the timeline); -EINPROGRESS: they are
 * being fetched, *ret_missing (new reference) says how far: ask again; else -errno with the line.
 */
int cache_look(struct service *s, const struct render_input *in, const json_t *snapshot,
	json_t **ret_missing, char *warning, size_t warning_size, char *why, size_t size);
/* fetches_config's. */
void cache_crowded(void *service);
void cache_fetched(void *service, bool ok, const char *line);

/* networks_api.c: /api/v1/networks, and what follows: "", "/NAME" */
void networks_handle(struct service *s, struct http_request *r, const char *rest);
void networks_drop_all(struct service *s);
/* What a request to make one leaves out, as it was made before. 0; -EEXIST, -ENOSPC … with the line: it cannot be made. */
int networks_complete(
	const struct service *s, struct guest_network_spec *spec, char *why, size_t size);

/* fetch_api.c: /api/v1/fetches */
void fetch_api_handle(struct service *s, struct http_request *r);
/* 202: ask again. Steals `missing`. */
void fetch_api_respond(struct http_request *r, json_t *missing);

/* change.c */
void change_reinstall(struct service *s, struct http_request *r, struct machine *m);
void change_disarm(struct service *s, struct http_request *r, struct machine *m);
void change_confirm(struct service *s, struct http_request *r, struct machine *m);
void change_delete(struct service *s, struct http_request *r, struct machine *m);
/* The service died, or libvirt went, in the middle of it. */
void change_go_on_deleting(struct service *s, struct machine *m);
void change_drop_all(struct service *s);
/* The record goes, with its leases and its name in the network's DNS: in the store's open transaction. */
void change_forget(struct service *s, struct machine *m, const char *why);

/* patch.c */
void patch_handle(struct service *s, struct http_request *r, struct machine *m);
void patch_start_machine(struct service *s, struct http_request *r, struct machine *m);
void patch_stop_machine(struct service *s, struct http_request *r, struct machine *m);
/* It may have been asked to: then it is started again. */
void patch_guest_stopped(struct service *s, struct machine *m);
void patch_drop_all(struct service *s);

/* console_record.c: what guests say on their serial consoles, on disk. */
/* Before libvirt is connected. 0 or -errno. */
int record_begin(struct service *s);
void record_started(struct service *s, const struct machine *m);
/* This libvirt is (again) there, or away. */
void record_connected(struct service *s, const struct guests *to);
void record_disconnected(struct service *s, const struct guests *from);
/* The machine goes; what was recorded of it goes too. */
void record_forget(struct service *s, const struct machine *m);
/* Its domain goes when it stops: no stream may be open then (guest/console.h). */
void record_leave(struct service *s, const struct machine *m);
/* After the worker's end. */
void record_drop_all(struct service *s);

/* console_api.c: below /api/v1/machines/NAME/console. */
void console_handle(struct service *s, struct http_request *r, const struct machine *m);

/* seats.c */
/* A libvirt network whose own dnsmasq leases. NULL: no. */
bool seats_are_theirs(const struct segment *seg);
/* A machine's name in its network's DNS and, where libvirt leases, its reservation: into the network or out of it.
 * `done` may be NULL: then nobody waits. -errno: `done` is not called; -ENOENT: it is on no libvirt network. */
int seats_publish(struct service *s, const struct machine *m, bool add, guest_done done, void *arg);
/* A domain (all: "") may have come, changed or gone: guests of others with computed MACs. */
void seats_look(struct service *s, const char *domain);

/* hosts.c */
int hosts_start(struct service *s); /* 0 or -errno; does not connect */
/* Waits for what is in libvirt's hands, but not for ever. False: some threads go on, and may still post to the mailbox. */
bool hosts_stop(struct service *s);
/* The libvirt at this URI; NULL and "" are the own one. One that is new is made, not waited for. 0; -ENOSPC and the like
 * with the line, and `*ret` is NULL. */
int hosts_find(struct service *s, const char *uri, struct guests **ret, char *why, size_t why_size);
/* Where the machine's guest lives. NULL (the jobs of guest.h refuse it): no more libvirts; logged. */
struct guests *guests_of(struct service *s, const struct machine *m);
/* Connects to those where machines live; and to the own one, when asked. */
void hosts_connect(struct service *s, bool own);
json_t *hosts_json(const struct service *s); /* new reference */
/* Place 0 to n_hosts - 1; the URI of one of them. */
struct guests *hosts_at(const struct service *s, size_t i);
const char *hosts_uri(const struct service *s, const struct guests *g);

/* guest_follow.c: what libvirt says of guests */
void guest_follow(struct service *s, struct guests *from, const struct guest_news *news);
/* One of a host's guest_list(): a machine's under another name is renamed. */
void guest_follow_name(struct service *s, struct guests *from, const struct guest_seen *seen);
/* So the machine's guest was (NULL: it was not there) among all of its host's at this time (mono ms). */
void guest_follow_seen(
	struct service *s, struct machine *m, const struct guest_seen *seen, int64_t at);
/* The one of this UUID in a guest_list(), or NULL. */
const struct guest_seen *guest_seen_as(const struct guest_seen *all, size_t n, const char *uuid);

/* act.c */
void act_on(void *service, struct machine *m, unsigned actions); /* machine_act */
/* Before a guest of ours starts, and when the servers on its segments are others: its packet filter, as it should be
 * now. Nobody waits for it; what is asked of the guest later comes after it. Bare metal is fine. */
void act_refilter(struct service *s, struct machine *m);
void act_on_timeline(void *service, const struct timeline_event *e);
void act_settle(struct loop_timer *t);
void act_deadline(struct loop_timer *t);
void act_set_deadline(struct service *s);
/* QEMU paused a guest that could not write. */
void act_on_disk_error(struct service *s, struct guests *from, const char *domain, const char *uuid,
	const char *path, bool full);
/* At the start: bare machines that were armed, and nobody came to switch them before we were killed. */
void act_resume(struct service *s);
/* This libvirt is (again) there: look at every guest of it, as events may have been missed. */
void act_reconcile(struct service *s, struct guests *from);
void act_drop_all(struct service *s);

#endif
