/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config_look.h"

#include "config/paths.h"
#include "hooks/webhook_post.h"
#include "machine/rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct looking {
	config_look_tell *tell;
	void *arg;
};

static void say(const struct looking *l, const char *what, const char *subject, const char *path,
	int error, const char *fix)
{
	char line[2 * PATH_MAX + 512];

	snprintf(line, sizeof line, "%s: %s: %s: %s", subject, path, strerror(error), fix);
	l->tell(l->arg, what, line);
}

static void look_at_media(const struct looking *l, const struct config_media *m)
{
	char subject[96];

	if (!*m->path || !access(m->path, R_OK))
		return;
	snprintf(subject, sizeof subject, "<media name='%s'>", m->name);
	say(l, "media", subject, m->path, errno,
		"put the image or the installation tree there, or name another path");
}

/* Without it a machine to be discovered shows on its screen that it cannot load. */
static void look_at_discovery(const struct looking *l, const char *folder)
{
	char path[PATH_MAX + 16], fix[PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/initrd.img", folder ? folder : "");
	if (!folder || !access(path, R_OK))
		return;
	snprintf(fix, sizeof fix, "run contrib/discover/build %.*s", PATH_MAX - 1, folder);
	say(l, "discover", "<segment discover='yes'>", path, errno, fix);
}

/* `usual` NULL: somebody named it. */
static void look_at_folder(
	const struct looking *l, const char *element, const char *path, const char *usual)
{
	struct stat st;
	char subject[64];
	bool named = !usual || strcmp(path, usual) != 0;

	snprintf(subject, sizeof subject, "<%s dir>", element);
	if (stat(path, &st)) {
		if (named || errno != ENOENT)
			say(l, element, subject, path, errno, "make the folder, or name another");
	} else if (!S_ISDIR(st.st_mode)) {
		say(l, element, subject, path, ENOTDIR, "name the folder that holds the files");
	} else if (access(path, R_OK | X_OK)) {
		say(l, element, subject, path, errno, "let the service's user read it");
	}
}

/* A line for each fault. */
static void look_at_rules(const struct looking *l, const char *path)
{
	char why[RULES_WHY], text[RULES_WHY + 64], *save = NULL;
	struct rules *rules = NULL;

	if (!*path)
		return;
	if (!rules_load(path, &rules, why, sizeof why)) {
		rules_free(rules);
		return;
	}
	for (char *line = strtok_r(why, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		snprintf(text, sizeof text, "<rules file>: %s", line);
		l->tell(l->arg, "rules", text);
	}
}

static void look_at_webhook(const struct looking *l, const struct webhook_place *w)
{
	struct webhook_secrets secrets;
	char host[WEBHOOK_HOST], why[WEBHOOK_WHY], line[WEBHOOK_HOST + WEBHOOK_WHY + 64];
	char subject[WEBHOOK_HOST + 32];

	snprintf(subject, sizeof subject, "<webhook> of %s",
		webhook_host(w->url, host, sizeof host));
	if (webhook_secrets_read(w->secret_file, &secrets, why, sizeof why)) {
		snprintf(line, sizeof line, "%s: %s", subject, why);
		l->tell(l->arg, "webhook", line);
	}
	explicit_bzero(&secrets, sizeof secrets);
	if (*w->ca && access(w->ca, R_OK))
		say(l, "webhook", subject, w->ca, errno,
			"put the certificates to trust there, or leave ca= out");
}

static bool is_usual(const char *profiles)
{
	char shipped[PATH_MAX];

	return !strcmp(profiles, PATH_PROFILES) ||
		!strcmp(profiles, paths_shipped_profiles(shipped, sizeof shipped));
}

void config_look(const struct config *c, config_look_tell *tell, void *arg)
{
	const struct looking l = {tell, arg};

	for (size_t i = 0; i < c->n_media; i++)
		look_at_media(&l, &c->media[i]);
	look_at_discovery(&l, config_discover(c));
	look_at_folder(&l, "hooks", c->hooks, PATH_HOOKS);
	look_at_folder(&l, "power", c->power, PATH_POWER);
	for (size_t i = 0; i < c->n_webhooks; i++)
		look_at_webhook(&l, &c->webhooks[i]);
	look_at_rules(&l, c->rules);
	for (size_t i = 0; i < c->n_profiles; i++)
		if (!is_usual(c->profiles[i]))
			look_at_folder(&l, "profiles", c->profiles[i], NULL);
}
