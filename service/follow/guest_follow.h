/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows what libvirt reports about guests */
#ifndef USHER_SERVICE_FOLLOW_GUEST_FOLLOW_H
#define USHER_SERVICE_FOLLOW_GUEST_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_news;
struct guest_seen;
struct guests;
struct machine;
struct follow;

void guest_follow(struct follow *follow, struct guests *from, const struct guest_news *news);
/* Takes one entry of a host's guest_list(): renames the machine if its guest has another name there. */
void guest_follow_name(struct follow *follow, struct guests *from, const struct guest_seen *seen);
/* The machine's guest as found in its host's guest_list() at this time (mono ms); NULL: not found. */
void guest_follow_seen(
	struct follow *follow, struct machine *m, const struct guest_seen *seen, int64_t at);
/* The one of this UUID in a guest_list(), or NULL. */
const struct guest_seen *guest_seen_as(const struct guest_seen *all, size_t n, const char *uuid);

/* QEMU paused a guest that could not write. */
void guest_follow_disk_error(struct follow *follow, struct guests *from, const char *domain,
	const char *uuid, const char *path, bool full);

/* Questions whose answers nobody will hear. */
void guest_follow_drop_all(struct follow *follow);

#endif
