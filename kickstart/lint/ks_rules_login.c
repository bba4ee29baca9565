/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of who can log in. No password is in a message. */
#include "kickstart/lint/ks_rules.h"

#include <string.h>

static bool is_hash(const char *s)
{
	return s[0] == '$' && s[1] && strchr("1256y7", s[1]) && strchr(s + 2, '$');
}

/* "!" and "*" lock an account; thirteen letters are DES. */
static bool may_be_hash(const char *s)
{
	return is_hash(s) || s[0] == '!' || s[0] == '*' || strlen(s) == 13;
}

static void password(struct ks_lint *l, const struct ks_command *c, const char *s, unsigned column)
{
	if (!s || ks_value(c, "--sshkey") || ks_value(c, "--lock"))
		return;
	if (ks_value(c, "--iscrypted") && !may_be_hash(s))
		ks_warning(l, c, column,
			"'%s' says '--iscrypted', but this is no hash of crypt(5): no password "
			"will do",
			c->name);
	if (!ks_value(c, "--iscrypted") && is_hash(s))
		ks_error(l, c, column, "this looks like a hash: add '--iscrypted'");
}

static const struct ks_command *user(const struct ks_lint *l, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const char *s = ks_value(&l->commands[i], "--name");

		if (ks_is(&l->commands[i], "user") && s && strcmp(s, name) == 0)
			return &l->commands[i];
	}
	return NULL;
}

static bool has_key(const struct ks_lint *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *s = ks_value(&l->commands[i], "--username");

		if (ks_is(&l->commands[i], "sshkey") && s && strcmp(s, name) == 0)
			return true;
	}
	return false;
}

static void one_user(struct ks_lint *l, size_t i)
{
	const struct ks_command *c = &l->commands[i], *before;
	const char *name = ks_value(c, "--name");
	unsigned column = ks_column(c, "--name");

	password(l, c, ks_value(c, "--password"), ks_column(c, "--password"));
	if (!name)
		return;
	before = user(l, i, name);
	if (!*name || strlen(name) > 32 || strpbrk(name, " \t:/,") || name[0] == '-')
		ks_error(l, c, column, "'%s' is no name for a user", name);
	else if (before)
		ks_warning(l, c, column, "user '%s' again: it is there already", name);
	else if (!ks_value(c, "--password") && !ks_value(c, "--lock") && !l->text.partly &&
		ks_command_status("sshkey", l->versions) == KS_OK && !has_key(l, name))
		ks_warning(l, c, column,
			"user '%s' cannot log in: neither '--password=' nor an 'sshkey'", name);
}

/* The kind may be behind options: from="…" ssh-rsa … */
static bool is_public_key(const char *s)
{
	static const char *const kinds[] = {"ssh-", "ecdsa-", "sk-"};
	const char *at = NULL;

	for (size_t i = 0; !at && i < sizeof(kinds) / sizeof(*kinds); i++)
		at = strstr(s, kinds[i]);
	return at && strchr(at, ' ') && !strstr(s, "-----");
}

static void key(struct ks_lint *l, const struct ks_command *c)
{
	const char *name = ks_value(c, "--username");

	if (c->n_args == 1 && !is_public_key(c->args[0]->s))
		ks_error(l, c, c->args[0]->column,
			"this is no public key, expected e.g. \"ssh-ed25519 AAAA… name\", in "
			"quotes");
	if (name && strcmp(name, "root") != 0 && !user(l, l->n, name) && !l->text.partly)
		ks_error(l, c, ks_column(c, "--username"), "no user '%s': add 'user --name=%s'",
			name, name);
}

static void root(struct ks_lint *l, const struct ks_command *c)
{
	if (c->n_args > 0)
		password(l, c, c->args[0]->s, c->args[0]->column);
	else if (!ks_value(c, "--lock"))
		ks_error(l, c, c->line->words[0].column, "'rootpw' needs a password, or '--lock'");
	else if (!l->text.partly && ks_command_status("sshkey", l->versions) == KS_OK &&
		!has_key(l, "root") && !ks_any(l, (const char *const[]){"user", NULL}))
		ks_warning(l, c, c->line->words[0].column,
			"root is locked and there is no user: nobody can log in");
}

void ks_rules_login(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ks_command *c = &l->commands[i];

		if (ks_is(c, "rootpw"))
			root(l, c);
		else if (ks_is(c, "user"))
			one_user(l, i);
		else if (ks_is(c, "sshkey") && ks_command_status(c->name, l->versions) == KS_OK)
			key(l, c);
		else if (ks_is(c, "sshpw") && c->n_args > 0)
			password(l, c, c->args[0]->s, c->args[0]->column);
	}
}
