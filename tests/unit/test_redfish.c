/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redfish: what is read, decided and known of vendors; and the whole against the simulator of the labs, on loopback. */
#include "core/clock.h"
#include "hooks/power/redfish.h"
#include "hooks/power/redfish_pin.h"
#include "hooks/power/redfish_plan.h"
#include "hooks/power/redfish_quirks.h"
#include "hooks/power/redfish_read.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static json_t *json(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(j);
	return j;
}

/* Bounds */

static int load(const char *text)
{
	json_t *j = NULL;
	int rc = redfish_load(text, strlen(text), &j);

	ck_assert(!rc == !!j);
	json_decref(j);
	return rc;
}

static char *nested(size_t depth)
{
	char *s = malloc(6 * depth + 2);

	*s = '\0';
	for (size_t i = 0; i < depth; i++)
		strcat(s, "{\"a\":");
	strcat(s, "1");
	for (size_t i = 0; i < depth; i++)
		strcat(s, "}");
	return s;
}

START_TEST(bodies_are_bounded)
{
	char *deep = nested(REDFISH_DEPTH_MAX), *deeper = nested(REDFISH_DEPTH_MAX + 1);
	char *large = malloc(REDFISH_BODY_MAX + 2);

	ck_assert_int_eq(load("{}"), 0);
	ck_assert_int_eq(load("{\"a\":\"\\\"{{{{\"}"), 0);
	ck_assert_int_eq(load(""), -EBADMSG);
	ck_assert_int_eq(load("[]"), -EBADMSG);
	ck_assert_int_eq(load("1"), -EBADMSG);
	ck_assert_int_eq(load("{\"a\":"), -EBADMSG);
	ck_assert_int_eq(load("<html>"), -EBADMSG);
	ck_assert_int_eq(load("{\"SerialNumber\":\"\377\377\377\",\"Model\":\"\\u0000\"}"), 0);
	ck_assert_int_eq(load(deep), 0);
	ck_assert_int_eq(load(deeper), -E2BIG);
	memset(large, ' ', REDFISH_BODY_MAX + 1);
	memcpy(large, "{}", 2);
	large[REDFISH_BODY_MAX] = '\0';
	ck_assert_int_eq(load(large), 0);
	large[REDFISH_BODY_MAX] = ' ';
	large[REDFISH_BODY_MAX + 1] = '\0';
	ck_assert_int_eq(load(large), -E2BIG);
	free(large);
	free(deeper);
	free(deep);
}
END_TEST

START_TEST(values_are_counted)
{
	size_t n = 2 * REDFISH_VALUES_MAX + 20;
	char *s = calloc(1, n);

	strcpy(s, "{\"a\":[0");
	for (size_t i = 0; i < REDFISH_VALUES_MAX - 2; i++)
		memcpy(s + 7 + 2 * i, ",0", 2);
	strcat(s, "]}");
	ck_assert_int_eq(load(s), 0);
	s[strlen(s) - 2] = '\0';
	strcat(s, ",0]}");
	ck_assert_int_eq(load(s), -E2BIG);
	free(s);
}
END_TEST

/* Links */

START_TEST(links_stay_at_the_host)
{
	static const struct {
		const char *link, *path; /* NULL: refused */
	} all[] = {
		{"/redfish/v1/Systems/1", "/redfish/v1/Systems/1"},
		{"/redfish/v1/Systems/437XR1138R2?x=1", "/redfish/v1/Systems/437XR1138R2?x=1"},
		{"https://bmc.lab/redfish/v1", "/redfish/v1"},
		{"https://BMC.lab:443/redfish/v1", "/redfish/v1"},
		{"https://bmc.lab:444/redfish/v1", NULL},
		{"https://bmc.lab:443x/redfish/v1", NULL},
		{"https://bmc.lab:-443/redfish/v1", NULL},
		{"https://bmc.lab.evil/redfish/v1", NULL},
		{"https://bmc.lab@evil/redfish/v1", NULL},
		{"http://bmc.lab/redfish/v1", NULL},
		{"//evil/redfish/v1", NULL},
		{"redfish/v1", NULL},
		{"", NULL},
		{"/a/../b", NULL},
		{"/a/..", NULL},
		{"/..?x", NULL},
		{"/a/..b", "/a/..b"},
		{"/a b", NULL},
		{"/a\r\nHost: evil", NULL},
		{"/a#b", NULL},
		{"/a\\b", NULL},
		{"/\xc3\xa4", NULL},
	};
	char path[REDFISH_PATH], longest[REDFISH_PATH + 1];

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bool ok = redfish_path(all[i].link, "bmc.lab", 443, path);

		ck_assert_msg(ok == (all[i].path != NULL), "%s", all[i].link);
		ck_assert_str_eq(path, all[i].path ? all[i].path : "");
	}
	ck_assert(redfish_path("https://[fe80::1]:8443/x", "fe80::1", 8443, path));
	memset(longest, '/', sizeof longest);
	longest[1] = 'a';
	longest[REDFISH_PATH] = '\0';
	ck_assert(!redfish_path(longest, "b", 443, path));
	longest[REDFISH_PATH - 1] = '\0';
	ck_assert(redfish_path(longest, "b", 443, path));
}
END_TEST

/* Messages */

static void says(const char *body, const char *expected)
{
	char line[REDFISH_LINE];
	json_t *j = json(body);

	ck_assert_str_eq(redfish_message(j, line, sizeof line), expected);
	json_decref(j);
}

START_TEST(messages)
{
	says("{}", "");
	says("{\"error\":{\"message\":\"See below.\"}}", "See below.");
	says("{\"error\":{\"message\":\"See below.\",\"@Message.ExtendedInfo\":[{\"Message\":\"No.\"}]}}",
		"No.");
	says("{\"error\":{\"@Message.ExtendedInfo\":{\"MessageId\":\"Base.1.8.No\"}}}",
		"Base.1.8.No");
	says("{\"error\":{\"@Message.ExtendedInfo\":[{\"Message\":\"A.\"},{\"Message\":\"B.\"},{\"Message\":\"C.\"}]}}",
		"A. B.");
	says("{\"error\":{\"@Message.ExtendedInfo\":[{\"Message\":\"A.\"},{\"Message\":\"A.\"}]}}",
		"A.");
	says("{\"Boot\":{\"BootSourceOverrideMode@Message.ExtendedInfo\":[{\"Message\":\"Read only.\"}]}}",
		"Read only.");
	says("{\"error\":{\"@Message.ExtendedInfo\":[{\"Message\":\"a\\nb\\u001b[31mc\"}]}}",
		"a b\\u001b[31mc");
	says("{\"error\":{\"@Message.ExtendedInfo\":[1,[],null]}}", "");
	says("{\"error\":[\"message\"]}", "");
}
END_TEST

/* Power and boot */

static enum redfish_state state(const char *text)
{
	json_t *j = json(text);
	enum redfish_state s = redfish_state(j);

	json_decref(j);
	return s;
}

START_TEST(states)
{
	ck_assert_int_eq(state("{\"PowerState\":\"On\"}"), REDFISH_ON);
	ck_assert_int_eq(state("{\"PowerState\":\"Off\"}"), REDFISH_OFF);
	ck_assert_int_eq(state("{\"PowerState\":\"PoweringOn\"}"), REDFISH_TURNING_ON);
	ck_assert_int_eq(state("{\"PowerState\":\"PoweringOff\"}"), REDFISH_TURNING_OFF);
	ck_assert_int_eq(state("{\"PowerState\":\"on\"}"), REDFISH_UNKNOWN);
	ck_assert_int_eq(state("{\"PowerState\":null}"), REDFISH_UNKNOWN);
	ck_assert_int_eq(state("{}"), REDFISH_UNKNOWN);
}
END_TEST

START_TEST(allowed_values)
{
	json_t *j = json(
		"{\"X@Redfish.AllowableValues\":[\"A\",1,\"B\"],\"Y@Redfish.AllowableValues\":[],"
		"\"Parameters\":[{\"Name\":\"Z\"},{\"Name\":\"X\",\"AllowableValues\":[\"C\"]}]}");
	const json_t *x = redfish_allowed(j, "X"), *c = redfish_action_allowed(j, "X");
	char line[REDFISH_LINE];

	ck_assert(redfish_allows(x, "A") && redfish_allows(x, "B") && !redfish_allows(x, "C"));
	ck_assert_str_eq(redfish_list(x, line, sizeof line), "A, B");
	ck_assert(redfish_allows(c, "C") && !redfish_allows(c, "A"));
	ck_assert_ptr_null(redfish_allowed(j, "Y"));
	ck_assert_ptr_null(redfish_action_allowed(j, "Z"));
	ck_assert(redfish_allows(NULL, "anything"));
	json_decref(j);
}
END_TEST

/* The first type of the best way that is allowed; "" none. */
static const char *best(enum power_verb verb, enum redfish_state s, const char *allowed)
{
	json_t *list = allowed ? json(allowed) : NULL;
	const char *type = "";
	size_t n;
	const struct redfish_way *w = redfish_ways(verb, s, &n);

	for (size_t i = 0; i < n && !*type; i++)
		if (redfish_way_allowed(&w[i], list))
			type = w[i].steps[0].type;
	json_decref(list);
	return type;
}

START_TEST(ways)
{
	static const char no_restart[] = "[\"On\",\"ForceOff\",\"GracefulRestart\"]";

	ck_assert_str_eq(best(POWER_ON, REDFISH_OFF, NULL), "On");
	ck_assert_str_eq(best(POWER_ON, REDFISH_OFF, "[\"PushPowerButton\"]"), "PushPowerButton");
	ck_assert_str_eq(best(POWER_ON, REDFISH_ON, NULL), "");
	ck_assert_str_eq(best(POWER_ON, REDFISH_TURNING_ON, NULL), "");
	ck_assert_str_eq(best(POWER_ON, REDFISH_UNKNOWN, NULL), "On");
	ck_assert_str_eq(best(POWER_OFF, REDFISH_OFF, NULL), "");
	ck_assert_str_eq(best(POWER_OFF, REDFISH_ON, NULL), "ForceOff");
	ck_assert_str_eq(best(POWER_OFF, REDFISH_TURNING_OFF, NULL), "ForceOff");
	ck_assert_str_eq(best(POWER_OFF, REDFISH_ON, "[\"On\"]"), "");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_OFF, NULL), "On");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_ON, NULL), "ForceRestart");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_UNKNOWN, NULL), "ForceRestart");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_ON, "[\"PowerCycle\",\"On\"]"), "PowerCycle");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_ON, no_restart), "ForceOff");
	ck_assert_str_eq(best(POWER_CYCLE, REDFISH_ON, "[\"ForceOff\",\"GracefulRestart\"]"),
		"GracefulRestart");
}
END_TEST

START_TEST(wishes)
{
	json_t *pxe = json("[\"None\",\"Pxe\"]"), *none = json("[\"None\"]");
	struct redfish_wish w;

	ck_assert(redfish_wish(POWER_BOOT_UEFI, POWER_BOOT_AUTO, NULL, &w));
	ck_assert_str_eq(w.target, "Pxe");
	ck_assert_str_eq(w.mode, "UEFI");
	ck_assert(redfish_wish(POWER_BOOT_BIOS, POWER_BOOT_BIOS, pxe, &w));
	ck_assert_str_eq(w.mode, "Legacy");
	ck_assert(redfish_wish(POWER_BOOT_BIOS, POWER_BOOT_AUTO, pxe, &w));
	ck_assert_ptr_null(w.mode);
	ck_assert(redfish_wish(POWER_BOOT_HTTP, POWER_BOOT_HTTP, NULL, &w));
	ck_assert_str_eq(w.target, "UefiHttp");
	ck_assert(!w.instead);
	ck_assert(redfish_wish(POWER_BOOT_HTTP, POWER_BOOT_HTTP, pxe, &w));
	ck_assert_str_eq(w.target, "Pxe");
	ck_assert(w.instead);
	ck_assert(!redfish_wish(POWER_BOOT_HTTP, POWER_BOOT_HTTP, none, &w));
	ck_assert(!redfish_wish(POWER_BOOT_UEFI, POWER_BOOT_UEFI, none, &w));
	json_decref(none);
	json_decref(pxe);
}
END_TEST

/* "s+" is the system with the mode, "S-" its settings without, … */
static const char *order(unsigned quirks, const char *mode, bool has_settings)
{
	static char text[2 * REDFISH_ATTEMPTS + 1];
	struct redfish_wish wish = {.target = "Pxe", .mode = "UEFI"};
	struct redfish_attempt all[REDFISH_ATTEMPTS];
	struct redfish_boot now = {.target = "None"};
	size_t n;

	snprintf(now.mode, sizeof now.mode, "%s", mode);
	n = redfish_attempts(quirks, &now, &wish, has_settings, all);
	*text = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(text, all[i].settings ? "S" : "s");
		strcat(text, all[i].mode ? "+" : "-");
	}
	return text;
}

START_TEST(attempts)
{
	ck_assert_str_eq(order(0, "UEFI", false), "s-s+");
	ck_assert_str_eq(order(0, "Legacy", false), "s+s-");
	ck_assert_str_eq(order(0, "", false), "s-");
	ck_assert_str_eq(order(0, "UEFI", true), "s-S-s+S+");
	ck_assert_str_eq(order(0, "", true), "s-S-");
	ck_assert_str_eq(order(REDFISH_MODE_ALWAYS, "UEFI", false), "s+s-");
	ck_assert_str_eq(order(REDFISH_MODE_ALWAYS, "", false), "s-");
	ck_assert_str_eq(order(REDFISH_MODE_NEVER, "Legacy", false), "s-");
	ck_assert_str_eq(order(REDFISH_MODE_COSTS, "UEFI", false), "s-");
	ck_assert_str_eq(order(REDFISH_MODE_COSTS, "Legacy", false), "s+s-");
	ck_assert_str_eq(order(REDFISH_SETTINGS_FIRST, "", true), "S-s-");
	ck_assert_str_eq(order(REDFISH_SETTINGS_FIRST, "", false), "s-");
}
END_TEST

START_TEST(boot_bodies_are_small)
{
	struct redfish_wish wish = {.target = "Pxe", .mode = "UEFI"}, any = {.target = "Pxe"};
	struct redfish_boot now = {.mode = "Legacy"};
	json_t *without = redfish_boot_body(&wish, &now, false);
	json_t *with = redfish_boot_body(&wish, &now, true),
	       *kept = redfish_boot_body(&any, &now, true);
	json_t *small = json(
		"{\"Boot\":{\"BootSourceOverrideTarget\":\"Pxe\",\"BootSourceOverrideEnabled\":\"Once\"}}");
	json_t *boot = json_object_get(small, "Boot");

	ck_assert(json_equal(without, small));
	json_object_set_new(boot, "BootSourceOverrideMode", json_string("UEFI"));
	ck_assert(json_equal(with, small));
	json_object_set_new(boot, "BootSourceOverrideMode", json_string("Legacy"));
	ck_assert(json_equal(kept, small));
	json_decref(small);
	json_decref(kept);
	json_decref(with);
	json_decref(without);
}
END_TEST

START_TEST(what_took)
{
	static const struct {
		struct redfish_boot now;
		enum redfish_took took;
		const char *text;
	} all[] = {
		{{"Pxe", "Once", "UEFI"}, REDFISH_TOOK,
			"asked for Pxe once, the controller says Pxe/Once"},
		{{"Pxe", "Once", ""}, REDFISH_TOOK,
			"asked for Pxe once, the controller says Pxe/Once"},
		{{"Pxe", "Continuous", "UEFI"}, REDFISH_TOOK_OTHERWISE,
			"asked for Pxe once, the controller says Pxe/Continuous"},
		{{"Pxe", "Once", "Legacy"}, REDFISH_TOOK_OTHERWISE,
			"asked for Pxe once in mode UEFI, the controller says Pxe/Once in mode Legacy"},
		{{"Pxe", "Disabled", "UEFI"}, REDFISH_TOOK_NOT,
			"asked for Pxe once, the controller says Pxe/Disabled"},
		{{"Hdd", "Once", "UEFI"}, REDFISH_TOOK_NOT,
			"asked for Pxe once, the controller says Hdd/Once"},
		{{"", "", ""}, REDFISH_TOOK_NOT,
			"asked for Pxe once, the controller says nothing/nothing"},
	};
	struct redfish_wish wish = {.target = "Pxe", .mode = "UEFI"};
	char line[REDFISH_LINE];

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		ck_assert_int_eq(redfish_took(&wish, &all[i].now), all[i].took);
		redfish_took_text(&wish, &all[i].now, line, sizeof line);
		ck_assert_str_eq(line, all[i].text);
	}
}
END_TEST

START_TEST(etags)
{
	char all[REDFISH_ETAGS][REDFISH_ETAG];

	ck_assert_uint_eq(redfish_etags("W/\"1\"", all), 4);
	ck_assert_str_eq(all[0], "W/\"1\"");
	ck_assert_str_eq(all[1], "\"1\"");
	ck_assert_str_eq(all[2], "");
	ck_assert_str_eq(all[3], "*");
	ck_assert_uint_eq(redfish_etags("\"1\"", all), 3);
	ck_assert_str_eq(all[1], "");
	ck_assert_uint_eq(redfish_etags("", all), 2);
	ck_assert_str_eq(all[0], "");
	ck_assert_uint_eq(redfish_etags("*", all), 2);
}
END_TEST

START_TEST(patience)
{
	ck_assert_int_eq(redfish_pause(1, 0, 0), 500);
	ck_assert_int_eq(redfish_pause(3, 503, 0), 2000);
	ck_assert_int_eq(redfish_pause(1, 429, 7), 7000);
	ck_assert_int_eq(redfish_pause(1, 503, 9999), 30000);
	ck_assert_int_eq(redfish_pause(6, 503, 1), -1);
	ck_assert_int_eq(redfish_pause(1, 200, 0), -1);
	ck_assert_int_eq(redfish_pause(1, 400, 1), -1);
	ck_assert_int_eq(redfish_pause(1, 500, 0), -1);
}
END_TEST

START_TEST(vendors)
{
	ck_assert_uint_eq(redfish_quirks("", ""), 0);
	ck_assert_uint_eq(redfish_quirks("", "QEMU"), 0);
	ck_assert_uint_eq(redfish_quirks("Supermicro", ""), REDFISH_MODE_ALWAYS);
	ck_assert_uint_eq(redfish_quirks("", "Super Micro Computer, Inc."), REDFISH_MODE_ALWAYS);
	ck_assert_uint_eq(redfish_quirks("HPE", "HPE"), REDFISH_MODE_NEVER);
	ck_assert_uint_eq(redfish_quirks("Dell", "Dell Inc."), REDFISH_MODE_COSTS);
	ck_assert_uint_eq(redfish_quirks("AMI", "ASRockRack"), REDFISH_SETTINGS_FIRST);
	ck_assert_uint_eq(
		redfish_quirks("AMI", "Supermicro"), REDFISH_SETTINGS_FIRST | REDFISH_MODE_ALWAYS);
}
END_TEST

START_TEST(pins)
{
	char pin[POWER_PIN] = "";

	ck_assert_int_eq(
		redfish_pin("Cert:-----BEGIN CERTIFICATE-----\nYW\nJj\n-----END CERTIFICATE-----\n",
			pin),
		0);
	ck_assert_str_eq(pin, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(redfish_pin("", pin), -EBADMSG);
	ck_assert_int_eq(redfish_pin("-----BEGIN CERTIFICATE-----\nYWJj", pin), -EBADMSG);
	ck_assert_int_eq(
		redfish_pin("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----", pin),
		-EBADMSG);
	ck_assert_int_eq(
		redfish_pin("-----BEGIN CERTIFICATE----------END CERTIFICATE-----", pin), -EBADMSG);
}
END_TEST

/* The simulator */

enum { OPTIONS = 16 };

static char dir[64];
static pid_t sim;
static unsigned port;
static char fingerprint[POWER_PIN];

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *p = path[turn++ % 2];

	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void write_password(void)
{
	FILE *f = fopen(in_dir("password"), "we");

	fputs("S3cret:1\n", f);
	fclose(f);
}

/* In the child. */
static void sim_exec(const char *const *options, int out)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	char program[512], password[128], log[128];
	const char *argv[OPTIONS + 12] = {"python3", program, "--dir", dir, "--password-file",
		password, "--log", log, "--power", "on"};
	size_t n = 10;

	snprintf(program, sizeof program, "%s/tests/lab/redfish_sim.py", top);
	snprintf(password, sizeof password, "%s/password", dir);
	snprintf(log, sizeof log, "%s/log", dir);
	while (*options)
		argv[n++] = *options++;
	dup2(out, STDOUT_FILENO);
	execvp("python3", (char **)(uintptr_t)argv);
	_exit(1);
}

static void sim_start_as(const char *const *options)
{
	char line[128];
	int fds[2];
	FILE *f;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	write_password();
	sim = fork();
	if (!sim)
		sim_exec(options, fds[1]);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	ck_assert_ptr_nonnull(
		fgets(line, sizeof line, f)); /* all of it, or it is told that the pipe broke */
	ck_assert_int_eq(sscanf(line, "ready %u %64s", &port, fingerprint), 2);
	fclose(f);
}

#define sim_start(...) sim_start_as((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/usher-redfish-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	sim = 0;
}

static void teardown(void)
{
	char command[128];

	if (sim > 0) {
		kill(sim, SIGTERM);
		waitpid(sim, NULL, 0);
	}
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* Lines of the simulator's log with `what` in them. */
static unsigned logged(const char *what)
{
	char line[4096];
	unsigned n = 0;
	FILE *f = fopen(in_dir("log"), "re");

	while (f && fgets(line, sizeof line, f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

struct asking {
	const char *password, *pin;
	int64_t limit_ms;
	bool (*stopping)(const void *arg);
	enum power_boot boot;
	bool cycled_next;
};

static int ask_as(struct asking a, enum power_verb verb, struct redfish_result *r)
{
	struct power_target t = {.kind = POWER_REDFISH, .host = "127.0.0.1", .user = "admin"};
	struct redfish_call call = {.target = &t,
		.password = a.password ? a.password : "S3cret:1",
		.pin = a.pin ? a.pin : "",
		.verb = verb,
		.boot = a.boot ? a.boot : POWER_BOOT_UEFI,
		.cycled_next = a.cycled_next,
		.limit_ms = a.limit_ms ? a.limit_ms : 20000,
		.stopping = a.stopping};

	t.port = (uint16_t)port;
	redfish_do(&call, r);
	ck_assert_ptr_null(strstr(r->text, "S3cret"));
	return r->status;
}

#define ask(verb, r, ...) ask_as((struct asking){__VA_ARGS__}, verb, r)

START_TEST(it_switches)
{
	struct redfish_result r;

	sim_start();
	ck_assert_int_eq(ask(POWER_STATUS, &r), 0);
	ck_assert(r.on);
	ck_assert_str_eq(r.pin, fingerprint);
	ck_assert_int_eq(ask(POWER_OFF, &r, .pin = fingerprint), 0);
	ck_assert_int_eq(ask(POWER_STATUS, &r), 0);
	ck_assert(!r.on);
	ck_assert_int_eq(ask(POWER_OFF, &r), 0);
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_int_eq(ask(POWER_ON, &r), 0);
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_str_eq(r.text, "");
	ck_assert_uint_eq(logged("ResetType"), 3);
	ck_assert_uint_eq(logged("ForceOff"), 1);
	ck_assert_uint_eq(logged("{\"ResetType\": \"On\"}"), 1);
	ck_assert_uint_eq(logged("ForceRestart"), 1);
	ck_assert_uint_eq(logged("needless"), 0);
}
END_TEST

START_TEST(it_boots_from_the_network_once)
{
	struct redfish_result r;

	sim_start("--quirk", "if-match");
	ck_assert_int_eq(ask(POWER_NETBOOT, &r), 0);
	ck_assert_str_eq(r.text, "");
	ck_assert_uint_eq(logged("\"PATCH\""), 1);
	ck_assert_uint_eq(logged("BootSourceOverrideMode"), 0);
	ck_assert_int_eq(ask(POWER_NETBOOT, &r, .boot = POWER_BOOT_HTTP), 0);
	ck_assert_uint_eq(logged("UefiHttp"), 1);
}
END_TEST

/* HPE's iLO while the machine is in POST. */
START_TEST(one_that_takes_it_only_when_off_is_switched_off_if_it_is_cycled_next)
{
	struct redfish_result r;

	sim_start("--quirk", "only-off");
	ck_assert_int_eq(ask(POWER_NETBOOT, &r), -EPROTO);
	ck_assert_str_eq(r.text,
		"Redfish controller 127.0.0.1: asked for Pxe once, the controller refuses: "
		"HTTP 400: Unable to modify the value while system is in POST.");
	ck_assert_uint_eq(logged("ResetType"), 0);
	ck_assert_int_eq(ask(POWER_NETBOOT, &r, .cycled_next = true), 0);
	ck_assert_str_eq(r.text,
		"Redfish controller 127.0.0.1: switched off first, as its controller refused this "
		"while it was on");
	ck_assert_uint_eq(logged("ForceOff"), 1);
	ck_assert_int_eq(ask(POWER_STATUS, &r), 0);
	ck_assert(!r.on);
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_uint_eq(logged("{\"ResetType\": \"On\"}"), 1);
}
END_TEST

/* Switching it off would do no good. */
START_TEST(one_that_takes_it_is_not_switched_off)
{
	struct redfish_result r;

	sim_start("--quirk", "once-ignored");
	ck_assert_int_eq(ask(POWER_NETBOOT, &r, .cycled_next = true), -EPROTO);
	ck_assert_uint_eq(logged("ResetType"), 0);
}
END_TEST

START_TEST(it_says_what_did_not_take)
{
	struct redfish_result r;

	sim_start("--quirk", "once-ignored");
	ck_assert_int_eq(ask(POWER_NETBOOT, &r), -EPROTO);
	ck_assert_str_eq(r.text,
		"Redfish controller 127.0.0.1: asked for Pxe once, the controller says Hdd/Disabled");
}
END_TEST

START_TEST(a_refused_password_is_tried_once)
{
	struct redfish_result r;

	sim_start();
	ck_assert_int_eq(ask(POWER_STATUS, &r, .password = "wrong"), -EACCES);
	ck_assert_ptr_nonnull(strstr(r.text, "it refuses the password of user admin"));
	ck_assert_uint_eq(logged("\"basic\""), 1);
	ck_assert_uint_eq(logged("/Sessions"), 0);
}
END_TEST

START_TEST(sessions_are_deleted)
{
	struct redfish_result r;

	sim_start("--quirk", "session-only", "--quirk", "few-sessions");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(ask(POWER_STATUS, &r), 0);
	ck_assert_int_eq(ask(POWER_STATUS, &r, .password = "wrong"), -EACCES);
	ck_assert_uint_eq(logged("\"DELETE\""), 4);
	ck_assert_uint_eq(logged("\"code\": 201"), 4);
}
END_TEST

START_TEST(another_certificate_gets_no_password)
{
	struct redfish_result r;
	unsigned before;

	sim_start();
	ck_assert_int_eq(ask(POWER_STATUS, &r), 0);
	before = logged("method");
	kill(sim, SIGUSR1);
	do {
		ck_assert_int_eq(ask(POWER_STATUS, &r), 0); /* nothing is known: taken as it is */
	} while (!strcmp(r.pin, fingerprint));
	before = logged("method");
	ck_assert_int_eq(ask(POWER_STATUS, &r, .pin = fingerprint), -EKEYREJECTED);
	ck_assert_str_ne(r.pin, fingerprint);
	ck_assert_ptr_nonnull(strstr(r.text, fingerprint));
	ck_assert_ptr_nonnull(strstr(r.text, r.pin));
	ck_assert_uint_eq(logged("method"), before);
}
END_TEST

START_TEST(what_breaks_is_asked_again)
{
	struct redfish_result r;

	sim_start("--fault", "cut=POST");
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_uint_eq(logged("\"POST\""), 2);
	ck_assert_uint_eq(logged("ForceRestart"), 1);
}
END_TEST

START_TEST(what_was_done_is_not_done_again)
{
	struct redfish_result r;

	sim_start("--fault", "drop=POST");
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_str_eq(r.text, "");
	ck_assert_uint_eq(logged("ForceRestart"), 1);
}
END_TEST

/* Known of many while their machine starts. */
START_TEST(one_that_does_not_find_its_system_after_a_reset)
{
	struct redfish_result r;

	sim_start("--fault", "lost=3");
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_str_eq(r.text, "");
	ck_assert_uint_eq(logged("ResetType"), 1);
	ck_assert_uint_ge(logged("500"), 2);
}
END_TEST

START_TEST(one_that_is_not_seen_again)
{
	struct redfish_result r;

	sim_start("--fault", "lost=60");
	ck_assert_int_eq(ask(POWER_CYCLE, &r, .limit_ms = 4000), 0);
	ck_assert_str_eq(r.text,
		"Redfish controller 127.0.0.1: it took ForceRestart, and has not answered since");
}
END_TEST

START_TEST(one_that_cannot_be_seen_off)
{
	struct redfish_result r;

	sim_start("--fault", "lost=60");
	ck_assert_int_eq(ask(POWER_OFF, &r, .limit_ms = 4000), -EPROTO);
	ck_assert_ptr_nonnull(strstr(r.text, "HTTP 500: The system is not there."));
}
END_TEST

/* OpenBMC takes On then, and does nothing. */
START_TEST(one_that_turns_off_is_waited_for)
{
	struct redfish_result r;

	sim_start("--quirk", "turning-off");
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_uint_eq(logged("ResetType"), 1);
	ck_assert_uint_eq(logged("{\"ResetType\": \"On\"}"), 1);
}
END_TEST

/* A system that shuts down by itself does so at any time. */
START_TEST(one_that_turned_off_meanwhile)
{
	struct redfish_result r;

	sim_start("--quirk", "turned-off");
	ck_assert_int_eq(ask(POWER_CYCLE, &r), 0);
	ck_assert_str_eq(r.text, "");
	ck_assert_uint_eq(logged("ResetType"), 2);
	ck_assert_uint_eq(logged("{\"ResetType\": \"On\"}"), 1);
}
END_TEST

START_TEST(time_is_kept)
{
	struct redfish_result r;
	int64_t began = clock_mono_ms();

	sim_start("--fault", "hang=GET");
	began = clock_mono_ms();
	ck_assert_int_eq(ask(POWER_STATUS, &r, .limit_ms = 1000), -ETIMEDOUT);
	ck_assert_int_lt(clock_mono_ms() - began, 2000);
	ck_assert_ptr_nonnull(strstr(r.text, "no answer to GET /redfish/v1/ within 1.0 s"));
}
END_TEST

static int64_t stop_at;

static bool stopping(const void *arg)
{
	(void)arg;
	return clock_mono_ms() >= stop_at;
}

START_TEST(it_can_be_stopped)
{
	struct redfish_result r;

	sim_start("--fault", "hang=GET");
	stop_at = clock_mono_ms() + 300;
	ck_assert_int_eq(ask(POWER_STATUS, &r, .stopping = stopping), -ECANCELED);
	ck_assert_int_lt(clock_mono_ms() - stop_at, 1000);
}
END_TEST

START_TEST(nothing_answers)
{
	struct redfish_result r;

	port = 1;
	ck_assert_int_eq(ask(POWER_STATUS, &r, .limit_ms = 1000), -EHOSTUNREACH);
	ck_assert_str_eq(r.text,
		"Redfish controller 127.0.0.1: nothing answers at 127.0.0.1, port 1: Connection refused");
	ck_assert_str_eq(r.pin, "");
}
END_TEST

static TCase *pure(void)
{
	TCase *t = tcase_create("pure");

	tcase_add_test(t, bodies_are_bounded);
	tcase_add_test(t, values_are_counted);
	tcase_add_test(t, links_stay_at_the_host);
	tcase_add_test(t, messages);
	tcase_add_test(t, states);
	tcase_add_test(t, allowed_values);
	tcase_add_test(t, ways);
	tcase_add_test(t, wishes);
	tcase_add_test(t, attempts);
	tcase_add_test(t, boot_bodies_are_small);
	tcase_add_test(t, what_took);
	tcase_add_test(t, etags);
	tcase_add_test(t, patience);
	tcase_add_test(t, vendors);
	tcase_add_test(t, pins);
	return t;
}

static TCase *whole(void)
{
	TCase *t = tcase_create("simulator");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_answers);
	if (system("command -v python3 openssl >/dev/null"))
		return t;
	tcase_add_test(t, it_switches);
	tcase_add_test(t, it_boots_from_the_network_once);
	tcase_add_test(t, it_says_what_did_not_take);
	tcase_add_test(t, one_that_takes_it_only_when_off_is_switched_off_if_it_is_cycled_next);
	tcase_add_test(t, one_that_takes_it_is_not_switched_off);
	tcase_add_test(t, a_refused_password_is_tried_once);
	tcase_add_test(t, sessions_are_deleted);
	tcase_add_test(t, another_certificate_gets_no_password);
	tcase_add_test(t, what_breaks_is_asked_again);
	tcase_add_test(t, what_was_done_is_not_done_again);
	tcase_add_test(t, one_that_does_not_find_its_system_after_a_reset);
	tcase_add_test(t, one_that_is_not_seen_again);
	tcase_add_test(t, one_that_cannot_be_seen_off);
	tcase_add_test(t, one_that_turns_off_is_waited_for);
	tcase_add_test(t, one_that_turned_off_meanwhile);
	tcase_add_test(t, time_is_kept);
	tcase_add_test(t, it_can_be_stopped);
	return t;
}

int main(void)
{
	Suite *suite = suite_create("redfish");
	SRunner *r;
	int failed;

	suite_add_tcase(suite, pure());
	suite_add_tcase(suite, whole());
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
