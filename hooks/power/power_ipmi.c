/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A management controller by IPMI 2.0 over LAN: ipmitool does the session, we say what bytes to send. Sections are those
 * of the IPMI specification 2.0. One command is one child process, and the next one begins when it has ended:
 *
 *   status   look
 *   on, off  look ─▶ switch, unless it is so ─▶ look until it is so
 *   cycle    look ─▶ (on when it is off; else cycle; off, and on again, where cycle is refused) ─▶ look until it is on
 *   netboot  keep the flag ─▶ set it ─▶ read it back
 *
 * The password goes to ipmitool as a file without a name, on its standard input: neither its arguments nor its environment
 * have it.
 */
#include "hooks/power/driver.h"
#include "hooks/power/ipmitool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COMMAND_LIMIT_MS = 25 * 1000, /* for one: ipmitool's own retries are within it */
	LOOK_MS = 1000,               /* between two looks whether it is done */
	AWAY_MS = 3 * 1000,           /* before one that did not answer is asked again */
	SETTLE_MS = 30 * 1000,        /* for a chassis to switch */
	ANSWER_MAX = 16,              /* bytes: ours are shorter */
	/* 28.2 Get Chassis Status, byte 1 */
	CHASSIS_ON = 0x01,
	/* 28.12 Set System Boot Options, parameter 5 (table 28-14), bytes 1 and 2 */
	BOOT_VALID = 0x80,
	BOOT_EFI = 0x20,
	BOOT_DEVICE = 0x3c,
	BOOT_PXE = 0x04,
};

enum step { LOOK, SWITCH_ON, SWITCH_OFF, SWITCH_CYCLE, KEEP_FLAG, SET_FLAG, READ_FLAG };

struct command {
	const char *bytes; /* as ipmitool takes them: network function, command, data */
	const char *what;
};

/* 28.3 Chassis Control; 28.12, parameter 3: the flag shall not be cleared when the boot takes longer than a minute. */
static const struct command commands[] = {
	[LOOK] = {"0x00 0x01", "to tell its power"},
	[SWITCH_ON] = {"0x00 0x02 0x01", "to switch on"},
	[SWITCH_OFF] = {"0x00 0x02 0x00", "to switch off"},
	[SWITCH_CYCLE] = {"0x00 0x02 0x02", "a power cycle"},
	[KEEP_FLAG] = {"0x00 0x08 0x03 0x08", "to keep its boot flag"},
	[SET_FLAG] = {NULL, "to boot from the network once"},
	[READ_FLAG] = {"0x00 0x09 0x05 0x00 0x00", "to tell its boot flag"},
};

struct ipmi {
	struct power_call *c;
	struct loop_timer pause;
	enum step step;
	bool want_on, switched;
	bool heard;       /* it answered: its user and password are right */
	bool again;       /* off is on the way to on */
	int64_t deadline; /* of the whole call */
	int64_t settle;   /* until when it has to be switched */
	uint8_t flag;     /* byte 1 of parameter 5 */
};

struct answer {
	uint8_t bytes[ANSWER_MAX];
	size_t n;
};

static void go(struct ipmi *s, enum step step, int64_t after_ms);

/* Where it is remembered when this controller was last spoken to. */
static int64_t *spoke(struct power_call *c)
{
	uint8_t hash = 0;

	for (const char *at = c->target.host; *at; at++)
		hash = (uint8_t)(hash * 31 + (uint8_t)*at);
	return &c->power->spoke[hash];
}

static void succeed(struct ipmi *s, const char *text)
{
	power_call_end(s->c, &(struct power_result){.on = s->want_on, .text = text});
}

/* " 21 10 40 54\n" */
static struct answer parse_answer(const char *out)
{
	struct answer a = {.n = 0};
	char *end;

	while (a.n < ANSWER_MAX) {
		unsigned long byte = strtoul(out, &end, 16);

		if (end == out || byte > 0xff)
			break;
		a.bytes[a.n++] = (uint8_t)byte;
		out = end;
	}
	return a;
}

static void command_failed(struct ipmi *s, const struct run_result *r)
{
	char name[POWER_HOST + 40], line[200];
	const char *means = ipmitool_means(r->err);

	power_target_name(&s->c->target, name, sizeof name);
	if (r->timed_out)
		means = "no answer in time";
	power_call_fail(s->c, r->timed_out ? -ETIMEDOUT : -EPROTO, "%s, asked %s: %s", name,
		commands[s->step].what, means ? means : run_last_line(r->err, line, sizeof line));
}

/* One that has answered in this call is asked again: a controller that shares the machine's port, or whose switch waits for
 * STP, is away for a while when the power is switched. Nothing is sent twice that must not be: a cycle is off and on then. One
 * that has not answered yet is not: a second wrong password may lock the user out. */
static void not_answered(struct ipmi *s, const struct run_result *r)
{
	bool of_power = s->step <= SWITCH_CYCLE; /* many refuse the others, and mean it */

	if (of_power && s->heard && loop_now(s->c->power->loop) + AWAY_MS < s->deadline)
		go(s, s->step, AWAY_MS);
	else if (s->switched && s->step == LOOK && !s->again && s->c->verb == POWER_CYCLE)
		succeed(s, "its controller took the command, and has not answered since");
	else
		command_failed(s, r);
}

/* Whether it is as it shall be; else what leads there. */
static void looked(struct ipmi *s, bool on)
{
	struct power_call *c = s->c;

	if (c->verb == POWER_STATUS) {
		s->want_on = on;
		succeed(s, on ? "on" : "off");
	} else if (c->verb == POWER_NETBOOT) {
		go(s, KEEP_FLAG, 0);
	} else if (c->verb == POWER_CYCLE && !s->switched && on) {
		go(s, SWITCH_CYCLE, 0);
	} else if (on == s->want_on && s->again) {
		s->again = false;
		s->want_on = true;
		go(s, SWITCH_ON, 0);
	} else if (on == s->want_on) {
		succeed(s,
			s->switched || c->verb == POWER_CYCLE ? ""
				: on                          ? "it was on"
							      : "it was off");
	} else if (!s->switched) {
		go(s, s->want_on ? SWITCH_ON : SWITCH_OFF, 0);
	} else if (loop_now(c->power->loop) < s->settle) {
		go(s, LOOK, LOOK_MS);
	} else {
		power_call_fail(c, -EPROTO,
			"it took the command to switch %s, and is still %s after %d s",
			s->want_on ? "on" : "off", on ? "on" : "off", SETTLE_MS / 1000);
	}
}

static void switched(struct ipmi *s)
{
	int64_t now = loop_now(s->c->power->loop);

	if (!s->switched) /* twice the limit in all, as long as who asked waits */
		s->deadline = now + s->c->power->limit_ms;
	s->switched = true;
	s->settle = now + SETTLE_MS;
	go(s, LOOK, LOOK_MS);
}

/* It refuses a cycle (28.3: not all have it): off, then on. */
static void cycle_in_two(struct ipmi *s)
{
	s->again = true;
	s->want_on = false;
	go(s, SWITCH_OFF, 0);
}

static void read_back(struct ipmi *s, const struct answer *a)
{
	char line[POWER_TEXT];
	uint8_t flag = a->n > 3 ? a->bytes[2] : 0, device = a->n > 3 ? a->bytes[3] : 0;

	if (a->n < 4) {
		succeed(s, "once; the controller does not tell its boot flag back");
	} else if ((device & BOOT_DEVICE) != BOOT_PXE) {
		power_call_fail(s->c, -EPROTO,
			"the controller took the boot flag %02x %02x and has %02x %02x: the network is not "
			"first at the next boot",
			s->flag, BOOT_PXE, flag, device);
	} else if (flag != s->flag) {
		snprintf(line, sizeof line,
			"once; the boot flag is %02x %02x, and the controller tells back %02x %02x%s",
			s->flag, BOOT_PXE, flag, device,
			(flag ^ s->flag) & BOOT_EFI ? ": it may boot by BIOS instead of UEFI" : "");
		succeed(s, line);
	} else {
		succeed(s, s->flag & BOOT_EFI ? "once, by UEFI" : "once, by BIOS");
	}
}

static void on_end(void *arg, const struct run_result *r)
{
	struct ipmi *s = arg;
	struct answer a = parse_answer(r->out);
	bool ok = r->exit_status == 0;

	s->c->run = NULL;
	*spoke(s->c) = loop_now(s->c->power->loop);
	s->heard |= ok;
	if (s->step == KEEP_FLAG) /* many do not have it */
		go(s, SET_FLAG, 0);
	else if (!ok && s->step == SWITCH_CYCLE)
		cycle_in_two(s);
	else if (!ok)
		not_answered(s, r);
	else if (s->step == LOOK && !a.n)
		power_call_fail(s->c, -EPROTO, "the controller tells nothing about its power");
	else if (s->step == LOOK)
		looked(s, a.bytes[0] & CHASSIS_ON);
	else if (s->step == SET_FLAG)
		go(s, READ_FLAG, 0);
	else if (s->step == READ_FLAG)
		read_back(s, &a);
	else
		switched(s);
}

enum { WORDS = 128, ARGS_MAX = IPMITOOL_ARGS + 16 };

/* Splits "0x00 0x01" in place. */
static size_t add_words(const char *argv[], size_t n, char *words)
{
	char *kept;

	for (char *at = strtok_r(words, " ", &kept); at; at = strtok_r(NULL, " ", &kept))
		argv[n++] = at;
	return n;
}

static void bytes_of(const struct ipmi *s, char *buf, size_t size)
{
	if (s->step == SET_FLAG)
		snprintf(buf, size, "0x00 0x08 0x05 0x%02x 0x%02x 0x00 0x00 0x00", s->flag,
			BOOT_PXE);
	else
		snprintf(buf, size, "%s", commands[s->step].bytes);
}

static int run_command(struct ipmi *s)
{
	struct power_call *c = s->c;
	char port[IPMITOOL_NUMBER], cipher[IPMITOOL_NUMBER], words[WORDS],
		input[POWER_PASSWORD_MAX + 2];
	const char *argv[ARGS_MAX];
	struct run_spec spec = {
		.path = IPMITOOL, .argv = (char *const *)(uintptr_t)argv, .input = input};
	size_t n = ipmitool_args(&c->target, "/dev/stdin", argv, port, cipher);
	int rc;

	argv[n++] = "raw";
	bytes_of(s, words, sizeof words);
	n = add_words(argv, n, words);
	argv[n] = NULL;
	spec.input_len = (size_t)snprintf(input, sizeof input, "%s\n", c->password);
	spec.limit_ms = s->deadline - loop_now(c->power->loop);
	if (spec.limit_ms > COMMAND_LIMIT_MS)
		spec.limit_ms = COMMAND_LIMIT_MS;
	rc = spec.limit_ms <= 0 ? -ETIMEDOUT : run_start(c->power->loop, &spec, on_end, s, &c->run);
	explicit_bzero(input, sizeof input);
	return rc;
}

static void on_pause(struct loop_timer *t)
{
	struct ipmi *s = t->arg;
	int rc = run_command(s);

	if (rc == -ENOENT)
		power_call_fail(s->c, rc, "%s is missing: apt install ipmitool", IPMITOOL);
	else if (rc)
		power_call_fail(s->c, rc, "%s: %s", IPMITOOL, strerror(-rc));
}

/* Not before the controller has had its pause, and never from inside start(). */
static void go(struct ipmi *s, enum step step, int64_t after_ms)
{
	struct loop *l = s->c->power->loop;
	int64_t due = *spoke(s->c) + s->c->target.spacing_ms - loop_now(l);

	s->step = step;
	if (!*spoke(s->c) || due < after_ms)
		due = after_ms;
	if (loop_timer_set(l, &s->pause, due > 0 ? due : 0) < 0)
		power_call_fail(s->c, -ENOMEM, "out of memory");
}

static bool by_uefi(const struct power_call *c)
{
	return c->target.boot == POWER_BOOT_UEFI || (c->target.boot == POWER_BOOT_AUTO && c->uefi);
}

static void start(struct power_call *c)
{
	struct ipmi *s = calloc(1, sizeof *s);

	if (!s) {
		power_call_fail(c, -ENOMEM, "out of memory");
		return;
	}
	c->state = s;
	s->c = c;
	s->want_on = c->verb == POWER_ON || c->verb == POWER_CYCLE;
	s->flag = by_uefi(c) ? BOOT_VALID | BOOT_EFI : BOOT_VALID;
	s->deadline = loop_now(c->power->loop) + c->power->limit_ms;
	loop_timer_init(&s->pause, on_pause, s);
	/* All controllers answer that: a wrong password is found out before more is sent. */
	go(s, LOOK, 0);
}

static void end(struct power_call *c)
{
	struct ipmi *s = c->state;

	if (s)
		loop_timer_clear(c->power->loop, &s->pause);
	free(s);
}

const struct power_driver power_ipmi = {start, end};
