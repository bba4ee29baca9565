/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules file, and the files that it names: settings that stay out of it, and keys. Blocking. */
#include "machine/rules_parts.h"

#include "core/ssh_key.h"
#include "core/text.h"
#include "core/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_FILE_MAX = 256 << 10 }; /* bytes */

struct files {
	const char *rules; /* the file's path */
	char *why;
	size_t size;
};

/* `name`, which stands in the rules file, as seen from here. */
static void place(const struct files *f, const char *name, char *buf, size_t size)
{
	const char *slash = strrchr(f->rules, '/');

	snprintf(buf, size, "%.*s%s", *name == '/' || !slash ? 0 : (int)(slash - f->rules) + 1,
		f->rules, name);
}

static const char *reason(int rc)
{
	return rc == -EFBIG     ? "it is too large"
		: rc == -EINVAL ? "it is not a text file"
				: strerror(-rc);
}

static int fault(
	struct files *f, long line, const char *element, const char *file, const char *text)
{
	snprintf(
		f->why, f->size, "%s:%ld: <%s file='%s'>: %s", f->rules, line, element, file, text);
	return -EINVAL;
}

static int read_named(
	struct files *f, long line, const char *element, const char *name, size_t max, char **ret)
{
	char path[PATH_MAX];
	int rc;

	place(f, name, path, sizeof path);
	rc = text_read_file(AT_FDCWD, path, max, ret);
	return rc ? fault(f, line, element, name, reason(rc)) : 0;
}

static bool is_utf8(const char *text)
{
	json_t *test = json_string(text);

	json_decref(test);
	return test;
}

/* The first line. */
static int read_password(struct files *f, struct rules_action *x)
{
	char path[PATH_MAX];
	const char *wrong = NULL;
	int rc;

	place(f, x->password_file, path, sizeof path);
	rc = text_read_file(AT_FDCWD, path, RULES_SETTING_MAX, &x->password);
	if (rc)
		wrong = reason(rc);
	else
		x->password[strcspn(x->password, "\r\n")] = '\0';
	if (!wrong && !*x->password)
		wrong = "its first line is empty";
	else if (!wrong && !is_utf8(x->password))
		wrong = "it is not UTF-8 text";
	if (!wrong)
		return 0;
	snprintf(f->why, f->size, "%s:%ld: power-password-file='%s': %s", f->rules, x->line,
		x->password_file, wrong);
	return -EINVAL;
}

/* A line break at the end is none of the value. */
static int read_setting(struct files *f, struct rules_setting *s)
{
	size_t n;
	int rc = read_named(f, s->line, "set", s->file, RULES_SETTING_MAX, &s->secret);

	if (rc)
		return rc;
	n = strlen(s->secret);
	if (n && s->secret[n - 1] == '\n')
		s->secret[n - 1] = '\0';
	return is_utf8(s->secret) ? 0 : fault(f, s->line, "set", s->file, "it is not UTF-8 text");
}

static const char *add_key(json_t *lines, const char *line)
{
	const char *error = ssh_key_error(line);

	if (!error && json_array_size(lines) == RULES_LIST_MAX)
		error = "it has more keys than a machine may have, which is 64";
	if (!error && json_array_append_new(lines, json_string(line)))
		error = "a key's comment is not UTF-8";
	return error;
}

static int read_keys(struct files *f, struct rules_ssh_key *k)
{
	char *text = NULL, *rest, *line;
	const char *error = NULL;
	int rc = read_named(f, k->line, "ssh-key", k->file, KEYS_FILE_MAX, &text);

	if (rc)
		return rc;
	k->lines = json_array();
	for (rest = text; !error && (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		line[strcspn(line, "\r")] = '\0';
		if (*line && *line != '#')
			error = add_key(k->lines, line);
	}
	if (!error && !json_array_size(k->lines))
		error = "no key in it";
	free(text);
	return error ? fault(f, k->line, "ssh-key", k->file, error) : 0;
}

static int read_action(struct files *f, struct rules_action *x)
{
	int rc = x->password_file ? read_password(f, x) : 0;

	for (size_t i = 0; !rc && i < x->n_settings; i++)
		if (x->settings[i].file)
			rc = read_setting(f, &x->settings[i]);
	for (size_t i = 0; !rc && i < x->n_keys; i++)
		if (x->keys[i].file)
			rc = read_keys(f, &x->keys[i]);
	return rc;
}

int rules_load(const char *path, struct rules **ret, char *why, size_t size)
{
	struct files f = {path, why, size};
	struct rules *rules = NULL;
	char *text = NULL;
	int rc = text_read_file(AT_FDCWD, path, RULES_FILE_MAX, &text);

	if (rc) {
		snprintf(why, size, "%s: %s", path, reason(rc));
		return rc;
	}
	rc = rules_read(text, strlen(text), path, &rules, why, size);
	wipe_free(text); /* settings in it may be secrets */
	if (rc)
		return rc;
	rc = read_action(&f, &rules->defaults);
	for (size_t i = 0; !rc && i < rules->n; i++)
		rc = read_action(&f, &rules->all[i].action);
	if (rc)
		rules_free(rules);
	else
		*ret = rules;
	return rc;
}
