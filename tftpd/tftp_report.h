/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report on its way to the main thread. It is made when a transfer begins, so that its end needs
 * no memory.
 */
#ifndef USHER_TFTPD_TFTP_REPORT_H
#define USHER_TFTPD_TFTP_REPORT_H

#include "tftpd/tftpd.h"

enum {
	TFTP_WHY = 192, /* bytes of a reason and its NUL */
};

struct tftp_report_message {
	struct message m;
	void (*ended)(void *arg, const struct tftp_report *r);
	void *arg;
	struct tftp_report r;
	char name[TFTP_NAME], why[TFTP_WHY];
};

/* NULL: no memory. */
struct tftp_report_message *tftp_report_new(const struct tftpd_config *c, uint32_t segment,
	const struct ip *peer, uint16_t port, const char *name);
/* Gives it away. */
void tftp_report_post(struct tftp_report_message *p, struct mailbox *home);

#endif
