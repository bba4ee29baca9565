/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to guest/: a job, from the main thread to a worker and back. */
#ifndef USHER_GUEST_JOBS_H
#define USHER_GUEST_JOBS_H

#include "guest/guests.h"

enum job_kind {
	JOB_CHECK,
	JOB_CREATE,
	JOB_START_INSTALL,
	JOB_START_LIVE,
	JOB_LEAVE_LIVE,
	JOB_SEAL,
	JOB_START_DISK,
	JOB_FILTER,
	JOB_FILTERS,
	JOB_STOP,
	JOB_DELETE,
	JOB_SHRINK,
	JOB_VOLUME,
	JOB_STATUS,
	JOB_CHANGE,
	JOB_SHUTDOWN,
	JOB_LIST,
	JOB_PUBLISH,
	JOB_NETWORK,
	JOB_NETWORK_MAKE,
	JOB_NETWORK_DROP,
	JOB_NETWORKS,
	JOB_SEATS,
	JOB_SEAT_GUESTS,
	JOB_COMPUTED
};
enum { JOB_KINDS = JOB_COMPUTED + 1 };

struct guest_job {
	struct work work; /* first */
	struct message message;
	struct guests *g;
	enum job_kind kind;
	guest_done done;
	guest_status_done status_done;
	guest_network_done network_done;
	guest_networks_done networks_done;
	guest_seats_done seats_done;
	guest_volume_done volume_done;
	guest_list_done list_done;
	void *arg;
	unsigned behalf; /* core/behalf.h */

	char name[GUEST_NAME], uuid[UUID_TEXT];
	char pool[128], volume[128], network[64];
	struct guest_spec spec;
	struct guest_network_spec net_spec;
	struct guest_change change;
	char *fragment, *description, *going; /* own copies of the spec's, or the change's */
	struct guest_spec *former;            /* the same */
	struct ip ip;
	struct mac mac;
	bool has_mac, add, keep;

	/* what came of it */
	int rc;
	char why[GUEST_WHY];
	unsigned connection;
	struct run_deeds did;
	struct guest_status status;
	struct guest_network net, *nets;
	size_t n_nets;
	struct guest_seat *seats;
	size_t n_seats;
	struct guest_volume vol;
	struct guest_seen *list;
	size_t n_list;
};

/* `uuid` may be NULL. NULL: out of memory. */
struct guest_job *job_new(struct guests *g, enum job_kind kind, const char *name, const char *uuid);
struct guest_job *job_with_spec(
	struct guests *g, enum job_kind kind, const struct guest_spec *spec);
void job_free(struct guest_job *j);
/* Takes the job, which may be NULL. As the calls of guest.h return. */
int job_submit(struct guest_job *j, guest_done done, guest_status_done status_done, void *arg);

#endif
