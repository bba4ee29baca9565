/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kind of answer file a text is. */
#include "kickstart/answers.h"

#include <string.h>

struct guess {
	enum answers kind;
	const char *suffix; /* of the file's name, or NULL */
	const char *
		word; /* in the text too, or NULL; '\n' before it: at a line's beginning, '^': at the text's */
};

/* The first that fits: a name that says it, then what is in the text, which may quote files of other kinds. */
static const struct guess guesses[] = {
	{ANSWERS_KICKSTART, ".ks", NULL},
	{ANSWERS_IGNITION, ".ign", NULL},
	{ANSWERS_PRESEED, ".seed", NULL},
	{ANSWERS_PRESEED, "preseed.cfg", NULL},
	{ANSWERS_SCRIPT, ".sh", NULL},
	{ANSWERS_AUTOYAST, ".xml", "http://www.suse.com/1.0/yast2ns"},
	{ANSWERS_XML, ".xml", NULL},
	{ANSWERS_IGNITION, ".json", "\"ignition\""},
	{ANSWERS_JSON, ".json", NULL},
	{ANSWERS_AUTOINSTALL, ".yaml", "\nautoinstall:"},
	{ANSWERS_CLOUD_CONFIG, ".yaml", "\n#cloud-config"},
	{ANSWERS_YAML, ".yaml", NULL},
	{ANSWERS_AUTOINSTALL, ".yml", "\nautoinstall:"},
	{ANSWERS_CLOUD_CONFIG, ".yml", "\n#cloud-config"},
	{ANSWERS_YAML, ".yml", NULL},
	{ANSWERS_CLOUD_CONFIG, ".cfg", "^#cloud-config"},
	{ANSWERS_PRESEED, ".cfg", "\nd-i "},
	{ANSWERS_PRESEED, ".cfg", "\nd-i\t"},
	{ANSWERS_KICKSTART, ".cfg", NULL},
	{ANSWERS_SCRIPT, NULL, "^#!/"},
	{ANSWERS_AUTOINSTALL, NULL, "\nautoinstall:"},
	{ANSWERS_CLOUD_CONFIG, NULL, "\n#cloud-config"},
	{ANSWERS_AUTOYAST, NULL, "http://www.suse.com/1.0/yast2ns"},
	{ANSWERS_IGNITION, NULL, "\"ignition\""},
	{ANSWERS_PRESEED, NULL, "\nd-i "},
	{ANSWERS_PRESEED, NULL, "\nd-i\t"},
	{ANSWERS_KICKSTART, NULL, "\n%packages"},
	{ANSWERS_KICKSTART, NULL, "\n%post"},
	{ANSWERS_KICKSTART, NULL, "\nrootpw "},
	{ANSWERS_KICKSTART, NULL, "\nclearpart "},
	{ANSWERS_KICKSTART, NULL, "\nbootloader "},
	{ANSWERS_XML, NULL, "^<?xml"},
	{ANSWERS_YAML, "-data", NULL},
};

static int ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static int begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

static int holds(const char *text, const char *word)
{
	if (*word == '^')
		return begins(text, word + 1);
	return strstr(text, word) || (*word == '\n' && begins(text, word + 1));
}

enum answers answers_guess(const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(guesses) / sizeof(*guesses); i++)
		if ((!guesses[i].suffix || ends_in(name, guesses[i].suffix)) &&
			(!guesses[i].word || holds(text, guesses[i].word)))
			return guesses[i].kind;
	return ANSWERS_NONE;
}
