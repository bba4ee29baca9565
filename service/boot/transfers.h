/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that were fetched, on the timeline of the machine that fetched them. */
#ifndef USHER_SERVICE_BOOT_TRANSFERS_H
#define USHER_SERVICE_BOOT_TRANSFERS_H

#include <stdbool.h>
#include <stdint.h>

struct http_dropped;
struct http_report;
struct ip;
struct machine;
struct boot;
struct tftp_report;

/* Whose machine has this address on this link, by its record or its lease; or NULL. */
struct machine *machine_at(struct boot *boot, uint32_t link, const struct ip *ip);
bool transfer_http_knows(struct boot *boot, uint32_t link, const struct ip *peer);
void transfer_http_dropped(struct boot *boot, const struct http_dropped *d);
void transfer_http_ended(struct boot *boot, const struct http_report *report);
void transfer_tftp_ended(struct boot *boot, const struct tftp_report *report);

#endif
