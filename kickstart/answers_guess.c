/* What kind of answer file a text is. */
#include "kickstart/answers.h"

#include <string.h>

struct guess {
	enum answers kind;
	const char *suffix; /* of the file's name, or NULL */
	const char *word;   /* in the text, or NULL; a '\n' before it: at a line's beginning */
};

/* The first that fits: what is in it says more than its name. */
static const struct guess guesses[] = {
	{ANSWERS_AUTOINSTALL, NULL, "\nautoinstall:"},
	{ANSWERS_CLOUD_CONFIG, NULL, "\n#cloud-config"},
	{ANSWERS_AUTOYAST, NULL, "http://www.suse.com/1.0/yast2ns"},
	{ANSWERS_IGNITION, NULL, "\"ignition\""},
	{ANSWERS_SCRIPT, NULL, "\n#!/"},
	{ANSWERS_IGNITION, ".ign", NULL},
	{ANSWERS_KICKSTART, ".ks", NULL},
	{ANSWERS_PRESEED, NULL, "\nd-i "},
	{ANSWERS_PRESEED, NULL, "\nd-i\t"},
	{ANSWERS_PRESEED, ".seed", NULL},
	{ANSWERS_KICKSTART, NULL, "\n%packages"},
	{ANSWERS_KICKSTART, NULL, "\n%post"},
	{ANSWERS_KICKSTART, NULL, "\nrootpw "},
	{ANSWERS_KICKSTART, NULL, "\nclearpart "},
	{ANSWERS_KICKSTART, NULL, "\nbootloader "},
	{ANSWERS_SCRIPT, ".sh", NULL},
	{ANSWERS_XML, ".xml", NULL},
	{ANSWERS_JSON, ".json", NULL},
	{ANSWERS_YAML, ".yaml", NULL},
	{ANSWERS_YAML, ".yml", NULL},
	{ANSWERS_XML, NULL, "\n<?xml"},
	{ANSWERS_PRESEED, "preseed.cfg", NULL},
	{ANSWERS_KICKSTART, ".cfg", NULL},
	{ANSWERS_YAML, "-data", NULL},
};

static int ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static int holds(const char *text, const char *word)
{
	return strstr(text, word) ||
		(*word == '\n' && strncmp(text, word + 1, strlen(word + 1)) == 0);
}

enum answers answers_guess(const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(guesses) / sizeof(*guesses); i++)
		if (guesses[i].suffix ? ends_in(name, guesses[i].suffix)
				      : holds(text, guesses[i].word))
			return guesses[i].kind;
	return ANSWERS_NONE;
}
