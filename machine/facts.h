/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen of a machine that boots or installs, by whoever saw it: the network's services, libvirt, its console. Of
 * each fact the newest is kept: when, and one line on it. In memory only, while an attempt is under way; causes.h reads
 * them. Main thread only.
 */
#ifndef USHER_MACHINE_FACTS_H
#define USHER_MACHINE_FACTS_H

#include "core/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FACT_TEXT = 240, /* bytes of a fact's line with its NUL; longer is cut */
	FACT_LINES =
		200, /* of a console or log that are looked through in a second; the others are not */
	FACT_CLIENTS = 4, /* enum dhcp_client */
	/* What was seen this long before a step began belongs to it: a console's output comes later than a packet. */
	FACT_SLACK_MS = 1500,
};

/* What it waits for. */
enum boot_step {
	STEP_START,      /* its power, or its guest, to be switched on */
	STEP_REQUEST,    /* its first DHCP request */
	STEP_LEASE,      /* its address */
	STEP_LOADER,     /* that it fetches its boot program */
	STEP_SCRIPT,     /* that it fetches its boot script */
	STEP_FILES,      /* that it fetches its kernel */
	STEP_ANSWERS,    /* that its installer fetches the answers */
	STEP_INSTALL,    /* its installer's next report */
	STEP_FIRST_BOOT, /* that the installed system reports its first boot */
	STEP_NONE,       /* nothing */
	STEPS
};

enum fact {
	/* Steps: it has come this far. */
	SAW_START,    /* its guest was started, or its power switched on */
	SAW_REQUEST,  /* it asked for an address by DHCP */
	SAW_LEASE,    /* it was given one, which is the line */
	SAW_LOADER,   /* it has fetched a boot program */
	SAW_SCRIPT,   /* it has fetched its boot script */
	SAW_FILE,     /* it has fetched a file of its boot: kernel, initrd … */
	SAW_ANSWERS,  /* it has fetched its answers */
	SAW_PROGRESS, /* its installer reported a step */
	SAW_DONE,     /* its installer reported that it is done */
	SAW_UP,       /* the installed system reported its first boot */
	FACT_STEPS,

	/* What it was told to fetch next, by the newest lease. */
	TOLD_TFTP = FACT_STEPS, /* a boot program by TFTP */
	TOLD_HTTP,              /* its boot script, or a boot program, by HTTP */
	/* What stands in its way. */
	SAW_NO_POWER,    /* its power could not be switched */
	SAW_NO_ADDRESS,  /* DHCP has no address for it, or must not answer */
	SAW_POOL_FULL,   /* the pool of its segment has none left */
	SAW_IN_USE,      /* another host uses its address */
	SAW_ANSWERING,   /* it fetches nothing, and answers ARP */
	SAW_SILENT,      /* it fetches nothing, and does not answer ARP */
	SAW_TWIN,        /* another machine asks with its MAC */
	SAW_UNSTORED,    /* usher cannot keep what it answers it */
	SAW_STORED,      /* and can again */
	SAW_UNSERVED,    /* there is no boot program for its firmware */
	SAW_WITHHELD,    /* it was not told its boot script, or not given it */
	SAW_FOREIGN,     /* another DHCP server answered it */
	SAW_FORGED,      /* another host answered it in our name */
	SAW_ASTRAY,      /* it asked for another machine's boot script */
	SAW_TRANSFER,    /* a transfer to it runs, or has ended in any way */
	SAW_MISSING,     /* a file that it asked for is not there */
	SAW_BROKEN,      /* a transfer to it was aborted */
	SAW_STALLED,     /* of what is sent to it nothing is taken */
	SAW_PORT_CLOSED, /* the bridge does not forward what its port sends */
	SAW_FRAMES,      /* frames of it came to its bridge port */
	SAW_NO_FRAMES,   /* none has come yet */
	SAW_PAUSED,      /* its guest was paused from outside */
	SAW_RESUMED,     /* and goes on */
	SAW_DISK_FULL,   /* its guest is paused: its storage is full */
	SAW_DISK_ERROR,  /* its guest is paused: its storage failed */
	SAW_KILLED,      /* its guest was stopped from outside */
	SAW_PANIC,       /* its panic device says that its kernel panicked */
	SAW_FATAL,       /* its console or log said what no boot survives: signs.h */
	SAW_HINT,        /* its console or log said what may be the reason */
	FACTS
};

struct fact_seen {
	int64_t at;    /* mono ms, of the newest; 0: never */
	int64_t first; /* mono ms: since when it is seen in the step that is under way */
	char *text;    /* or NULL */
	size_t room;   /* of its memory */
};

struct sign;

struct facts {
	struct fact_seen seen[FACTS];
	bool any;                               /* anything was seen */
	int64_t begun;                          /* mono ms: nothing is known of what was before */
	enum fact step;                         /* the newest of FACT_STEPS; FACTS: none yet */
	int64_t step_at;                        /* mono ms: since then there was no other */
	const struct sign *fatal, *hint;        /* of the newest of each */
	uint8_t uuid[FACT_CLIENTS][UUID_BYTES]; /* that it said by DHCP, by kind of client … */
	bool says_uuid[FACT_CLIENTS];           /* … where it said one */
	int64_t heard_at; /* mono ms: `heard` lines were looked through since */
	unsigned heard;
	int64_t asked_at;      /* mono ms: its address was asked for by ARP, last; 0: never */
	enum boot_step waits;  /* for what, when it was last looked at … */
	int64_t waits_since;   /* … and since when (mono ms); 0: it was not looked at */
	int64_t took[STEPS];   /* ms: the longest wait of this attempt for each */
	int64_t line_at;       /* mono ms: its console or log said something, last; 0: never */
	int64_t silent[STEPS]; /* ms: how long they said nothing, at most, in each */
};

void facts_init(struct facts *f, int64_t now);
void facts_fini(struct facts *f);
/* `text` may be NULL. */
void facts_saw(struct facts *f, enum fact what, int64_t now, const char *text);
/* A line of its console or log, not yet made plain: looks for a sign in it. */
void facts_heard(struct facts *f, int64_t now, const char *line);
/* Nothing was heard until then, in the step that it waits in. */
void facts_silence(struct facts *f, int64_t until);
/* A client of this kind said this UUID with its MAC. Another one than before: SAW_TWIN. One kind alone is compared, as a firmware
 * may say another than iPXE does of the same machine. */
void facts_identified(
	struct facts *f, int64_t now, unsigned client, const uint8_t uuid[UUID_BYTES]);
/* Since when it has not gone on (mono ms): files follow each other, and so do an installer's reports. */
int64_t facts_since(const struct facts *f);
/* Was it seen since `since`? */
bool facts_have(const struct facts *f, enum fact what, int64_t since);
/* The line on it, or "". */
const char *facts_line(const struct facts *f, enum fact what);

#endif
