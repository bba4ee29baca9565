/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/complete.h"
#include "usher/cli/machine_text.h"
#include "usher/client/client.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands somewhere. */
enum kind {
	NOTHING,
	WORDS, /* one of some words */
	MACHINES,
	PROFILES,
	MEDIA,
	NETWORKS,
	SEGMENTS,
	DISCOVERED,
	LABS,
	TOKENS,
	LINKS, /* network interfaces of this host */
	SETTINGS,
	FILES,
	DIRS,
	COMMANDS,
	FILES_OR_PROFILES,
	VERBS_OR_MEDIA,
};

struct place {
	const char *command; /* NULL: of any */
	const char *option;  /* NULL: not an option's value but an argument of the command… */
	int at;              /* …this one, from 1; 0: all others */
	enum kind kind;
	const char *words; /* a blank between two */
};

#define STATES "known armed booting installing installed up live failed"

/* The first that fits counts. */
static const struct place places[] = {
	{"list", "--state", 0, WORDS, STATES " template"},
	{"wait", "--for", 0, WORDS, STATES " deleted"},
	{"render", "--for", 0, WORDS, "ipxe grub grub-http pxelinux"},
	{"serve", "--state", 0, DIRS, NULL},
	{"check", "--network", 0, NETWORKS, NULL},
	{"serve", "--network", 0, NETWORKS, NULL},
	{"lint", "--version", 0, WORDS, "RHEL7 RHEL8 RHEL9 RHEL10 F39 F40 F41 F42 F43 F44 F45"},
	{"lint", "--format", 0, WORDS,
		"kickstart preseed autoinstall cloud-config autoyast ignition script yaml xml json"},
	{"import", "--name", 0, NOTHING, NULL},
	{"rules", "--segment", 0, SEGMENTS, NULL},
	{"network", "--domain", 0, NOTHING, NULL},
	{"network", "--forward", 0, WORDS, "none nat route"},
	{NULL, "--profile", 0, PROFILES, NULL},
	{NULL, "--segment", 0, SEGMENTS, NULL},
	{NULL, "--network", 0, SEGMENTS, NULL},
	{NULL, "--lab", 0, LABS, NULL},
	{NULL, "--machine", 0, MACHINES, NULL},
	{NULL, "--replace", 0, MACHINES, NULL},
	{NULL, "--from", 0, DISCOVERED, NULL},
	{"token", "--role", 0, WORDS, "view operate admin"},
	{NULL, "--on", 0, LINKS, NULL},
	{NULL, "--interface", 0, LINKS, NULL},
	{NULL, "--as", 0, WORDS, "bios uefi http ipxe"},
	{NULL, "--cpu", 0, WORDS, "host-passthrough host-model maximum"},
	{NULL, "--firmware", 0, WORDS, "bios efi efi-secure"},
	{NULL, "--graphics", 0, WORDS, "none vnc spice"},
	{NULL, "--set", 0, SETTINGS, NULL},
	{NULL, "--config", 0, FILES, NULL},
	{NULL, "--domain", 0, FILES, NULL},
	{NULL, "--ssh-key", 0, FILES, NULL},
	{NULL, "--first-boot", 0, FILES, NULL},
	{NULL, "--power", 0, FILES, NULL},
	{NULL, "--power-password-file", 0, FILES, NULL},
	{NULL, "--socket", 0, FILES, NULL},
	{NULL, "--sums", 0, FILES, NULL},
	{NULL, "--keyring", 0, FILES, NULL},
	{NULL, "--check", 0, FILES, NULL},
	{NULL, "--test", 0, FILES, NULL},
	{NULL, "--inventory", 0, FILES, NULL},
	{NULL, "--list", 0, FILES, NULL},
	{NULL, "-i", 0, FILES, NULL},
	/* arguments */
	{"help", NULL, 1, COMMANDS, NULL},
	{"ssh", NULL, 1, MACHINES, NULL},
	{"show", NULL, 1, MACHINES, NULL},
	{"console", NULL, 1, MACHINES, NULL},
	{"log", NULL, 1, MACHINES, NULL},
	{"timeline", NULL, 1, MACHINES, NULL},
	{"known-hosts", NULL, 1, MACHINES, NULL},
	{"adopt", NULL, 1, MACHINES, NULL},
	{"template", NULL, 1, MACHINES, NULL},
	{"clone", NULL, 1, MACHINES, NULL},
	{"confirm", NULL, 1, MACHINES, NULL},
	{"render", NULL, 1, MACHINES, NULL},
	{"render", NULL, 2, WORDS, "script answers cmdline"},
	{"power", NULL, 1, MACHINES, NULL},
	{"power", NULL, 0, WORDS, "on off cycle status netboot set"},
	{"list", NULL, 0, MACHINES, NULL},
	{"watch", NULL, 0, MACHINES, NULL},
	{"wait", NULL, 0, MACHINES, NULL},
	{"start", NULL, 0, MACHINES, NULL},
	{"stop", NULL, 0, MACHINES, NULL},
	{"restart", NULL, 0, MACHINES, NULL},
	{"set", NULL, 0, MACHINES, NULL},
	{"run", NULL, 0, MACHINES, NULL},
	{"reinstall", NULL, 0, MACHINES, NULL},
	{"disarm", NULL, 0, MACHINES, NULL},
	{"delete", NULL, 0, MACHINES, NULL},
	{"up", NULL, 1, FILES, NULL},
	{"up", NULL, 0, MACHINES, NULL},
	{"down", NULL, 1, FILES, NULL},
	{"down", NULL, 0, MACHINES, NULL},
	{"import", NULL, 1, FILES, NULL},
	{"lint", NULL, 0, FILES_OR_PROFILES, NULL},
	{"media", NULL, 1, VERBS_OR_MEDIA, "verify remove"},
	{"media", NULL, 2, MEDIA, NULL},
	{"network", NULL, 1, WORDS, "list create delete"},
	{"network", NULL, 2, NETWORKS, NULL},
	{"token", NULL, 1, WORDS, "list create delete"},
	{"token", NULL, 2, TOKENS, NULL},
	{"profiles", NULL, 1, PROFILES, NULL},
	{"fetch", NULL, 1, PROFILES, NULL},
	{"discovered", NULL, 1, DISCOVERED, NULL},
	{"rules", NULL, 0, DISCOVERED, NULL},
};

struct asked {
	const struct command *const *commands;
	size_t n_commands;
	const struct command *command; /* NULL: it is not known yet */
	char **words;                  /* the last is being typed */
	size_t n;
	const char *typed,
		*before; /* what is typed of the last; with this before each that is printed ("--state=") */
	struct client *client; /* NULL until it is needed */
};

/* Printing */

static bool is_said_already(const struct asked *a, const char *what)
{
	for (size_t i = 1; i + 1 < a->n; i++)
		if (!strcmp(a->words[i], what))
			return true;
	return false;
}

static void offer(const struct asked *a, const char *what, const char *help)
{
	if (strncmp(what, a->typed, strlen(a->typed)))
		return;
	printf("%s%s%s%s\n", a->before, what, *help ? "\t" : "", help);
}

static void offer_words(const struct asked *a, const char *words)
{
	char word[64];

	for (; *words; words += strspn(words, " ")) {
		size_t n = strcspn(words, " ");

		snprintf(word, sizeof word, "%.*s", (int)n, words);
		offer(a, word, "");
		words += n;
	}
}

static void offer_commands(const struct asked *a)
{
	for (size_t i = 0; i < a->n_commands; i++)
		offer(a, a->commands[i]->name, a->commands[i]->summary);
}

/* Options */

static size_t word_length(const char *s)
{
	return strcspn(s, " ,\n");
}

/* " FILE", to where two blanks or another spelling follow. */
static size_t value_length(const char *s, size_t most)
{
	size_t n = 1;

	while (n < most && strncmp(s + n, "  ", 2) != 0 && strncmp(s + n, ", -", 3) != 0)
		n++;
	return n;
}

bool complete_option(const char **line, struct complete_option *ret)
{
	const char *s = *line, *end;

	while (*s && strncmp(s, "  -", 3) != 0) { /* to the next line that begins so */
		s = strchrnul(s, '\n');
		s += *s == '\n';
	}
	if (!*s)
		return false;
	*ret = (struct complete_option){.help = ""};
	end = strchrnul(s, '\n');
	*line = end + (*end == '\n');
	for (s += 2; s < end && *s == '-'; s += strspn(s, ", ")) {
		bool is_long = s[1] == '-';

		snprintf(is_long ? ret->name : ret->shorter,
			is_long ? sizeof ret->name : sizeof ret->shorter, "%.*s",
			(int)word_length(s), s);
		s += word_length(s);
		if (s[0] == ' ' && s[1] != ' ' && s[1] != '-' && s < end) {
			ret->value = true;
			s += value_length(s, (size_t)(end - s));
		}
		if (s < end && *s == ' ' && s[1] == ' ')
			break;
	}
	ret->help = s + strspn(s, " \n"); /* it may begin in the next line */
	return true;
}

static void offer_options(const struct asked *a)
{
	const char *line = a->command->help;
	struct complete_option o;
	char help[256];

	while (complete_option(&line, &o)) {
		snprintf(help, sizeof help, "%.*s", (int)strcspn(o.help, "\n"), o.help);
		if (*o.name)
			offer(a, o.name, help);
		if (*o.shorter)
			offer(a, o.shorter, help);
	}
}

/* "-o json" stands behind "--json" in some: it takes a value wherever it is. */
static bool takes_value(const struct command *c, const char *word, char name[40])
{
	const char *line = c->help;
	struct complete_option o;

	snprintf(name, 40, "%s", word);
	if (!strcmp(word, "-o"))
		return true;
	while (complete_option(&line, &o)) {
		if (strcmp(word, o.name) != 0 && strcmp(word, o.shorter) != 0)
			continue;
		if (*o.name)
			memcpy(name, o.name, sizeof o.name);
		return o.value;
	}
	return false;
}

/* The service's names */

static json_t *ask(struct asked *a, const char *path)
{
	char why[CLIENT_WHY];
	json_t *reply = NULL;
	struct cli_common o;
	long status;

	cli_common_init(&o);
	for (size_t i = 1; i + 1 < a->n; i++)
		if (!strcmp(a->words[i - 1], "--socket"))
			o.socket = a->words[i];
	if (!a->client)
		a->client = client_new(o.socket);
	if (a->client)
		client_try(a->client, "GET", path, NULL, &reply, &status, why, sizeof why);
	return reply;
}

/* Of each in a reply's list: its name, and what it is. */
static void offer_names(
	struct asked *a, const char *path, const char *member, const char *key, const char *help)
{
	json_t *reply = ask(a, path), *one;
	size_t i;

	json_array_foreach(json_object_get(reply, member), i, one)
	{
		const char *name = machine_text(one, key);

		if (*name && !is_said_already(a, name))
			offer(a, name, help ? machine_text(one, help) : "");
	}
	json_decref(reply);
}

static void offer_labs(struct asked *a)
{
	json_t *reply = ask(a, "/machines"), *seen = json_object(), *one;
	size_t i;

	json_array_foreach(json_object_get(reply, "machines"), i, one)
	{
		const char *lab = machine_text(one, "lab");

		if (*lab && !json_object_get(seen, lab))
			offer(a, lab, "");
		json_object_set_new(seen, lab, json_true());
	}
	json_decref(seen);
	json_decref(reply);
}

static void offer_links(const struct asked *a)
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (*e->d_name != '.')
			offer(a, e->d_name, "");
	if (dir)
		closedir(dir);
}

/* The profile that the words name; of the machine that they name, else. "" or in `buf`. */
static const char *profile_said(struct asked *a, char *buf, size_t size)
{
	char path[300], escaped[256];
	json_t *m;

	*buf = '\0';
	for (size_t i = 1; i + 1 < a->n; i++)
		if (!strcmp(a->words[i - 1], "--profile"))
			snprintf(buf, size, "%s", a->words[i]);
	if (*buf || a->n < 3)
		return buf;
	snprintf(path, sizeof path, "/machines/%s",
		client_escape(a->words[1], escaped, sizeof escaped));
	m = ask(a, path);
	snprintf(buf, size, "%s", machine_text(m, "profile"));
	json_decref(m);
	return buf;
}

static void offer_values(const struct asked *a, const char *name, const char *values)
{
	char word[128];

	for (; *values; values += *values == '|') {
		size_t n = strcspn(values, "|");

		snprintf(word, sizeof word, "%s=%.*s", name, (int)n, values);
		offer(a, word, "");
		values += n;
	}
}

/* "KEY=", and behind that what it may be. */
static void offer_settings(struct asked *a)
{
	char profile[64], path[300], escaped[256], word[128];
	json_t *reply, *s;
	size_t i;

	if (!*profile_said(a, profile, sizeof profile))
		return;
	snprintf(
		path, sizeof path, "/profiles/%s", client_escape(profile, escaped, sizeof escaped));
	reply = ask(a, path);
	json_array_foreach(json_object_get(reply, "settings"), i, s)
	{
		snprintf(word, sizeof word, "%s=", machine_text(s, "name"));
		if (!strchr(a->typed, '='))
			offer(a, word, machine_text(s, "help"));
		else if (!strncmp(a->typed, word, strlen(word)))
			offer_values(a, machine_text(s, "name"), machine_text(s, "values"));
	}
	json_decref(reply);
}

static void offer_kind(struct asked *a, const struct place *p)
{
	switch (p->kind) {
	case NOTHING:
		break;
	case WORDS:
		offer_words(a, p->words);
		break;
	case MACHINES:
		offer_names(a, "/machines", "machines", "name", "state");
		break;
	case FILES_OR_PROFILES:
		puts(":files");
		/* fall through */
	case PROFILES:
		offer_names(a, "/profiles", "profiles", "name", "title");
		break;
	case VERBS_OR_MEDIA:
		offer_words(a, p->words);
		/* fall through */
	case MEDIA:
		offer_names(a, "/media", "media", "name", "title");
		break;
	case NETWORKS:
		offer_names(a, "/networks", "networks", "name", "subnet");
		break;
	case SEGMENTS:
		offer_names(a, "/status", "segments", "name", "subnet");
		break;
	case DISCOVERED:
		offer_names(a, "/discovered", "discovered", "id", "product");
		break;
	case TOKENS:
		offer_names(a, "/tokens", "tokens", "name", "role");
		break;
	case LABS:
		offer_labs(a);
		break;
	case LINKS:
		offer_links(a);
		break;
	case SETTINGS:
		offer_settings(a);
		break;
	case FILES:
		puts(":files");
		break;
	case DIRS:
		puts(":dirs");
		break;
	case COMMANDS:
		offer_commands(a);
		break;
	}
}

/* What stands where */

static const struct place *find(const char *command, const char *option, int at)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct place *p = &places[i];

		if (p->command && strcmp(p->command, command) != 0)
			continue;
		if (option ? p->option && !strcmp(p->option, option)
			   : !p->option && (!p->at || p->at == at))
			return p;
	}
	return NULL;
}

static bool is_list(const struct command *c)
{
	return strstr(c->help, "-o name|wide|json");
}

static void offer_value(struct asked *a, const char *option)
{
	const struct place *p = find(a->command->name, option, 0);

	if (!strcmp(option, "-o"))
		offer_words(a, is_list(a->command) ? "name wide json" : "json");
	else if (p)
		offer_kind(a, p);
}

/* How many arguments that are no options, nor values of theirs, come before the last word. */
static int arguments_before(const struct asked *a)
{
	char name[40];
	int n = 0;

	for (size_t i = 1; i + 1 < a->n; i++) {
		if (*a->words[i] != '-')
			n++;
		else if (takes_value(a->command, a->words[i], name))
			i++;
	}
	return n;
}

static void offer_argument(struct asked *a)
{
	const struct place *p = find(a->command->name, NULL, arguments_before(a) + 1);

	if (p)
		offer_kind(a, p);
}

/* "--state=up" is an option and its value. */
static bool is_joined(struct asked *a, char name[40], char *before, size_t size)
{
	const char *equals = strchr(a->typed, '=');
	size_t n = equals ? (size_t)(equals - a->typed) : 0;

	if (!equals || *a->typed != '-' || n >= 40)
		return false;
	snprintf(name, 40, "%.*s", (int)n, a->typed);
	snprintf(before, size, "%s=", name);
	a->typed = equals + 1;
	a->before = before;
	return true;
}

static void offer_of_command(struct asked *a)
{
	const char *last = a->words[a->n - 2];
	char name[40], before[48];

	if (a->n > 2 && *last == '-' && takes_value(a->command, last, name))
		offer_value(a, name);
	else if (is_joined(a, name, before, sizeof before))
		offer_value(a, name);
	else if (*a->typed == '-')
		offer_options(a);
	else
		offer_argument(a);
}

/* Of three words one. */
struct joined {
	struct joined *next;
	char text[];
};

static char *join(struct joined **all, const char *key, const char *value)
{
	size_t size = strlen(key) + strlen(value) + 2;
	struct joined *j = malloc(sizeof *j + size);

	if (!j)
		return NULL;
	snprintf(j->text, size, "%s=%s", key, value);
	j->next = *all;
	*all = j;
	return j->text;
}

static void free_joined(struct joined *all)
{
	while (all) {
		struct joined *next = all->next;

		free(all);
		all = next;
	}
}

/* bash takes "KEY=VALUE" for three words. */
static size_t join_words(char **words, struct joined **all)
{
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		bool joins = n && !strcmp(words[i], "=") && i;
		char *joined;

		if (!joins) {
			words[n++] = words[i];
			continue;
		}
		joined = join(all, words[n - 1], words[i + 1] ? words[i + 1] : "");
		if (!joined)
			break;
		words[n - 1] = joined;
		i += words[i + 1] != NULL;
	}
	words[n] = NULL;
	return n;
}

static const struct command *command_of(const struct asked *a)
{
	static const struct command help = {
		.name = "help", .arguments = "[COMMAND]", .summary = "", .help = ""};

	for (size_t i = 0; i < a->n_commands; i++)
		if (!strcmp(a->commands[i]->name, a->words[0]))
			return a->commands[i];
	return strcmp(a->words[0], "help") ? NULL : &help;
}

static void offer_all(struct asked *a)
{
	a->typed = a->words[a->n - 1];
	if (a->n == 1) {
		offer_commands(a);
		offer_words(a, "help --help --version");
		return;
	}
	a->command = command_of(a);
	if (a->command)
		offer_of_command(a);
	client_free(a->client);
}

int complete_run(const struct command *const *commands, size_t count, char **words)
{
	struct asked a = {.commands = commands, .n_commands = count, .words = words, .before = ""};
	struct joined *joined = NULL;

	words += *words && !strcmp(*words, "--");
	a.words = words;
	a.n = join_words(words, &joined);
	if (a.n)
		offer_all(&a);
	free_joined(joined);
	return EXIT_DONE;
}
