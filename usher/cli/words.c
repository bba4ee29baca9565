/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct meaning {
	const char *words; /* a blank between two */
	const char *meant;
};

static const struct meaning meanings[] = {
	{"shutdown poweroff halt off", "usher stop NAME"},
	{"kill", "usher stop --force NAME"},
	{"boot on poweron resume unpause", "usher start NAME"},
	{"reboot reset", "usher restart NAME"},
	{"suspend pause", "virsh suspend NAME; usher start NAME goes on with it"},
	{"login sftp scp", "usher ssh NAME"},
	{"connect", "usher ssh NAME, or usher console NAME"},
	{"-v", "usher --version"},
	{"logs events history", "usher timeline NAME, usher log NAME, or usher console NAME --log"},
	{"attach tty serial", "usher console NAME"},
	{"rm del remove undefine purge forget", "usher delete NAME"},
	{"destroy", "usher delete NAME, or, to cut its power only, usher stop --force NAME"},
	{"ps ls get machines guests vms domains", "usher list"},
	{"describe info inspect dominfo", "usher show NAME"},
	{"apply deploy converge", "usher up LAB.xml"},
	{"plan diff", "usher up LAB.xml --dry-run"},
	{"edit set modify update change",
		"usher up LAB.xml with the changed file, or usher create NAME --replace"},
	{"install provision new add make run launch define",
		"usher create NAME --profile P, or usher enroll NAME for bare metal"},
	{"arm redeploy rebuild", "usher reinstall NAME"},
	{"cancel abort", "usher disarm NAME"},
	{"validate test", "usher lint FILE"},
	{"doctor verify-host", "usher check"},
	{"daemon server service", "usher serve"},
	{"images iso isos", "usher media"},
	{"pull download", "usher fetch PROFILE"},
	{"net nets networks net-list", "usher network"},
	{"top monitor", "usher watch"},
	{"tokens apikey", "usher token"},
	{"man manual", "man usher"},
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (; *words; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (len == n && !strncmp(words, word, n))
			return true;
		words += len;
	}
	return false;
}

const char *words_meant(const char *typed)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (*typed && has_word(meanings[i].words, typed))
			return meanings[i].meant;
	return NULL;
}
