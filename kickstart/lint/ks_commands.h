/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which commands, sections and options kickstart files have, by version of the syntax: the two tables
 * kickstart-commands.tsv and kickstart-sections.tsv, made into one of C by the Makefile.
 */
#ifndef USHER_KICKSTART_LINT_KS_COMMANDS_H
#define USHER_KICKSTART_LINT_KS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

/* Bits of a set of versions; each family in order. */
enum {
	KS_RHEL7 = 1 << 0,
	KS_RHEL8 = 1 << 1,
	KS_RHEL9 = 1 << 2,
	KS_RHEL10 = 1 << 3,
	KS_F39 = 1 << 4,
	KS_F40 = 1 << 5,
	KS_F41 = 1 << 6,
	KS_F42 = 1 << 7,
	KS_F43 = 1 << 8,
	KS_F44 = 1 << 9,
	KS_F45 = 1 << 10,
	KS_VERSIONS = 11,
	KS_ALL = (1 << KS_VERSIONS) - 1,
	KS_RHEL = KS_RHEL7 | KS_RHEL8 | KS_RHEL9 | KS_RHEL10,
	KS_FEDORA = KS_ALL & ~KS_RHEL,
};

/* In the order of how good it is. */
enum ks_status { KS_UNKNOWN, KS_REMOVED, KS_DEPRECATED, KS_OK };

/* "RHEL9", "rhel-9.4", "centos7", "CentOS Stream 9", "fedora42", "F42" to its bit; 0: not one of ours. */
unsigned ks_version_parse(const char *word);
const char *ks_version_name(unsigned bit);
/* "RHEL7 to RHEL10 or F39 to F45": all there are. */
const char *ks_version_all(void);

/* One option as the table has it. `names` is "--a|--b" with its length; pointers go into the table. */
struct ks_spec {
	const char *names, *choices; /* choices: "a,b" with its length, or NULL */
	size_t names_len, choices_len;
	bool value, optional, required; /* optional: its value may be left out */
	enum ks_status status;
};

/* The best that it has in any of `versions`. */
enum ks_status ks_command_status(const char *command, unsigned versions);
/* The same for one of its options, by any of its names; *ret is the best one's. */
enum ks_status ks_option_status(
	const char *command, const char *option, unsigned versions, struct ks_spec *ret);
/* Calls `each` with the options in the version that is the newest of `versions` to have the command. */
void ks_options(const char *command, unsigned versions,
	void (*each)(void *arg, const struct ks_spec *spec), void *arg);
/* Is `option` required in all of `versions` that have the command? */
bool ks_option_required(const char *command, const char *option, unsigned versions);

/* The nearest known word, in `buf` for options; NULL. */
const char *ks_near_command(const char *word, unsigned versions);
const char *ks_near_option(
	const char *command, const char *word, unsigned versions, char *buf, size_t size);
/* The option that `word` is the unambiguous beginning of, as Anaconda takes it; false: none. */
bool ks_option_abbreviated(
	const char *command, const char *word, unsigned versions, struct ks_spec *ret);

/*
 * What became of a command (option NULL) or an option that is not (or no longer) good in `versions`, and what instead: "was removed
 * in RHEL9: leave it out", "is not in RHEL7, only from RHEL8 on", "is deprecated since RHEL8".
 */
void ks_history(const char *command, const char *option, unsigned versions, char *buf, size_t size);

#endif
