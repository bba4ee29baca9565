/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher ssh: ssh to a machine, by the host keys that it reported when it was up. No other key is taken: the machine was
 * installed a minute ago, so nobody has seen its key, and whoever answers for its address is not therefore it. */
#include "usher/cli/cli.h"
#include "usher/cli/machine_text.h"
#include "usher/client/client.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_ADDRESS = 1, WORDS_MAX = 32, /* of ours */ WORD = PATH_MAX + 512 };

struct login {
	struct cli_common common;
	const char *name, *user, *key, *address; /* NULL: not said */
	char user_text[64];
	char **args; /* ssh's, behind the address; NULL-ended */
};

/* What it lacks to be logged in to */

static bool has_word(const char *words, const char *word)
{
	const char *at = strstr(words, word);

	return *word && at;
}

static int not_up(const json_t *m)
{
	const char *name = machine_text(m, "name"), *state = machine_text(m, "state");
	const json_t *a = json_object_get(m, "attempt");

	if (json_is_true(json_object_get(m, "template")))
		return cli_fail("%s is a template, which never runs: usher clone makes machines of "
				"it",
			name);
	if (*machine_text(a, "tool") && !*machine_text(a, "ended_at"))
		return cli_fail("%s runs %s, not its own system: 'usher timeline %s' says how to "
				"log in there, if one can",
			name, machine_text(a, "tool"), name);
	if (!strcmp(state, "known"))
		return cli_fail("%s is known, and usher has installed nothing on it that could "
				"report its host keys: 'usher reinstall %s' does",
			name, name);
	if (!strcmp(state, "failed"))
		return cli_fail("%s failed to install: 'usher show %s' says why", name, name);
	return cli_fail(
		"%s is %s, and can be logged in to when it is up: 'usher wait %s' waits for "
		"that, 'usher show %s' says where it is",
		name, state, name, name);
}

/* 0, or it was said why not. */
static int judge(const json_t *m)
{
	const char *name = machine_text(m, "name"), *state = machine_text(m, "state"),
		   *guest = machine_text(m, "guest_state");
	const json_t *live = json_object_get(json_object_get(m, "attempt"), "live");
	bool up = !strcmp(state, "up") || (json_is_object(live) && *machine_text(live, "up_at"));

	if (!up || json_is_true(json_object_get(m, "template")))
		return not_up(m);
	if (has_word("off crashed paused", guest))
		return cli_fail("%s is %s: 'usher start %s' starts it", name, guest, name);
	if (has_word("gone", guest))
		return cli_fail("the guest of %s is gone: 'usher show %s' says more", name, name);
	return 0;
}

static int no_keys(const json_t *m, const char *user, const char *address)
{
	const char *name = machine_text(m, "name");

	return cli_fail(
		"%s reported no SSH host keys, so it is not certain that %s is what answers. "
		"Compare a key's fingerprint with what its own console shows "
		"('usher console %s': ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), and "
		"say yes to it: ssh %s@%s",
		name, name, name, user, address);
}

/* Where to */

static bool has_address(const json_t *m, const char *address, char *all, size_t size)
{
	json_t *nic, *a;
	size_t i, k, n = 0;
	bool found = false;

	*all = '\0';
	json_array_foreach(json_object_get(m, "nics"), i, nic)
	{
		json_array_foreach(json_object_get(nic, "addresses"), k, a)
		{
			found |= !strcmp(json_string_value(a), address);
			if (n < size)
				n += (size_t)snprintf(all + n, size - n, "%s%s", n ? ", " : "",
					json_string_value(a));
		}
	}
	return found;
}

/* The first, which it booted by; NULL: said why. */
static const char *address_of(const struct login *l, const json_t *m)
{
	const char *first = machine_address(m);
	char all[512];

	if (l->address && has_address(m, l->address, all, sizeof all))
		return l->address;
	if (l->address)
		cli_fail("%s has no address %s; it has %s", l->name, l->address,
			*all ? all : "none on record");
	else if (!strcmp(first, "-"))
		cli_fail("%s has no address on record: 'usher leases' may show one that it was "
			 "given",
			l->name);
	else
		return first;
	return NULL;
}

/* As whom: the user that its profile made for the SSH keys, or root, which they are for then. */
static const char *user_of(struct login *l, struct client *client, const json_t *m)
{
	char path[300], escaped[256], why[CLIENT_WHY];
	const char *user = machine_text(json_object_get(m, "settings"), "user");
	json_t *profile = NULL, *s;
	long status;
	size_t i;

	if (l->user)
		return l->user;
	snprintf(l->user_text, sizeof l->user_text, "%s", user);
	snprintf(path, sizeof path, "/profiles/%s",
		client_escape(machine_text(m, "profile"), escaped, sizeof escaped));
	if (!*user && !client_try(client, "GET", path, NULL, &profile, &status, why, sizeof why))
		json_array_foreach(json_object_get(profile, "settings"), i, s)
		{
			if (!strcmp(machine_text(s, "name"), "user"))
				snprintf(l->user_text, sizeof l->user_text, "%s",
					machine_text(s, "default"));
		}
	json_decref(profile);
	if (!*l->user_text)
		strcpy(l->user_text, "root");
	return l->user_text;
}

/* ssh */

struct words {
	const char *all[WORDS_MAX + 1];
	size_t n;
};

static void add(struct words *w, const char *word)
{
	if (w->n < WORDS_MAX)
		w->all[w->n++] = word;
}

static void add_option(struct words *w, const char *option)
{
	add(w, "-o");
	add(w, option);
}

/* ssh asks this program for the keys (KnownHostsCommand, OpenSSH 8.5): no file is left behind. ssh takes the word apart as a
 * shell would, and has a meaning for %. False: a path that cannot be said so. */
static bool keys_option(const struct login *l, char *buf, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	if (strpbrk(self, "\"\\%'") || strpbrk(l->common.socket, "\"\\%'"))
		return false;
	return (size_t)snprintf(buf, size,
		       "KnownHostsCommand=\"%s\" known-hosts --socket \"%s\" %s", self,
		       l->common.socket, l->name) < size;
}

/* Of an option that ssh is told twice, the first counts: the user's own configuration cannot weaken these. */
static int run(const struct login *l, const char *user, const char *address)
{
	char keys[WORD], alias[300];
	struct words w = {.n = 0};
	char **argv;
	size_t more = 0;

	if (!keys_option(l, keys, sizeof keys))
		return cli_fail("the path of usher, or of its socket, has characters that ssh's "
				"options cannot have");
	snprintf(alias, sizeof alias, "HostKeyAlias=%s", l->name);
	add(&w, "ssh");
	add_option(&w, "StrictHostKeyChecking=yes");
	add_option(&w, keys);
	add_option(&w, "UserKnownHostsFile=/dev/null");
	add_option(&w, "GlobalKnownHostsFile=/dev/null");
	add_option(&w, alias);
	add_option(&w, "CheckHostIP=no");
	add_option(&w, "UpdateHostKeys=no");
	add_option(&w, "VerifyHostKeyDNS=no");
	add(&w, "-l");
	add(&w, user);
	if (l->key) {
		add(&w, "-i");
		add(&w, l->key);
	}
	add(&w, address);
	while (l->args[more])
		more++;
	argv = calloc(w.n + more + 1, sizeof *argv);
	if (!argv)
		return cli_fail("out of memory");
	memcpy(argv, w.all, w.n * sizeof *argv);
	memcpy(argv + w.n, l->args, more * sizeof *argv);
	execvp("ssh", argv);
	free(argv);
	return cli_fail("ssh: %s%s", strerror(errno),
		errno == ENOENT ? ": apt install openssh-client" : "");
}

static int log_in(struct login *l, struct client *client, const json_t *m)
{
	const char *address, *user;

	if (judge(m))
		return EXIT_FAILED;
	address = address_of(l, m);
	if (!address)
		return EXIT_FAILED;
	user = user_of(l, client, m);
	if (!json_array_size(json_object_get(m, "host_keys")))
		return no_keys(m, user, address);
	if (!json_array_size(json_object_get(m, "ssh_keys")))
		fprintf(stderr,
			"usher: note: %s was installed without anybody's SSH key, so that only a "
			"password gets in\n",
			l->name);
	return run(l, user, address);
}

static int look(struct login *l)
{
	struct client *client = client_new(l->common.socket);
	char path[300], escaped[256];
	json_t *m = NULL;
	int rc = EXIT_FAILED;

	snprintf(
		path, sizeof path, "/machines/%s", client_escape(l->name, escaped, sizeof escaped));
	if (!client)
		cli_fail("out of memory");
	else if (!client_call(client, "GET", path, NULL, &m))
		rc = log_in(l, client, m);
	json_decref(m);
	client_free(client);
	return rc;
}

/* Options up to the first word that is none. */
static int take_options(const struct command *c, struct login *l, int argc, char **argv)
{
	static const struct option options[] = {{"user", required_argument, NULL, 'l'},
		{"address", required_argument, NULL, OPT_ADDRESS}, CLI_COMMON_OPTIONS, {0}};
	int opt;

	optind = 0; /* anew */
	while ((opt = cli_getopt(c, &l->common, argc, argv, options)) != -1)
		if (opt == 'l')
			l->user = optarg;
		else if (opt == 'i')
			l->key = optarg;
		else
			l->address = optarg;
	return optind;
}

/* "root@web01", as ssh has it. */
static void take_name(struct login *l, char *name)
{
	char *at = strchr(name, '@');

	l->name = at ? at + 1 : name;
	if (!at)
		return;
	*at = '\0';
	l->user = name;
}

static int run_ssh(const struct command *c, int argc, char **argv)
{
	struct login l = {.name = NULL};
	int at;

	cli_common_init(&l.common);
	l.common.letters = "l:i:";
	l.common.in_order = true;
	at = take_options(c, &l, argc, argv);
	if (at == argc)
		return cli_usage(c, "which machine");
	take_name(&l, argv[at]);
	argc -= at;
	argv += at;
	at = take_options(c, &l, argc, argv);
	l.args = argv + at;
	if (l.common.json)
		return cli_usage(c, "it has no JSON: what ssh prints is the machine's");
	if (!*l.name || (l.user && !*l.user))
		return cli_usage(c, "takes NAME or USER@NAME");
	return look(&l);
}

const struct command cmd_ssh = {
	.name = "ssh",
	.arguments = "[USER@]NAME [-i FILE] [--address A] [--] [ARGS...]",
	.summary = "log in to a machine that is up, by the host keys that it reported",
	.help = "  --user U, -l U       the user to log in as; else the one whose keys its profile took, or root\n"
		"  -i FILE              the private key\n"
		"  --address A          another of its addresses than the one that it booted by\n"
		"  ARGS                 a command to run there; what begins with '-' is ssh's own, and\n"
		"                       goes behind --\n"
		"  --socket PATH        the service's API socket (or $USHER_SOCKET)\n"
		"  --help, -h           this text\n"
		"  Exit status: the command's there, 255 where ssh failed; 1 where the machine cannot\n"
		"  be logged in to\n",
	.run = run_ssh,
};
