/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile: a directory with profile.xml and its templates, read whole into memory; and its
 * snapshot, which goes into the store when a machine is armed, so that what it was armed with is
 * what it gets.
 *
 *	<profile name='tiny' installs='yes' boots='once'>
 *	  <title>Debian from a tarball</title>
 *	  <media name='tiny' path='/srv/usher/tiny' fix='contrib/tiny/build /srv/usher/tiny'/>
 *	  <image name='debian-12-cloud' from='https://…'/>
 *	  <boot bios='…' efi-x64='…' efi-arm64='…' http-x64='…' http-arm64='…'>
 *	    <kernel sha256='…'>vmlinuz</kernel>  <initrd>initrd.img</initrd>
 *	    <cmdline>usher.answers={{attempt.answers_url}}</cmdline>
 *	    <boots>3</boots>
 *	  </boot>
 *	  <answers format='shell' template='answers.sh' version='…' name='answers'>
 *	    <file name='…' format='…' template='…' version='…'/>
 *	  </answers>
 *	  <requires><memory unit='MiB'>512</memory> <disk unit='GiB'>2</disk> <ssh-key/></requires>
 *	  <timeout minutes='30'/>
 *	  <setting name='mirror' default='…' required='no' secret='no'
 *	           type='text|password|number|…' values='a|b|c'>what it is</setting>
 *	  <settings from='FILE'/>
 *	  <guest>
 *	    <memory unit='MiB'>1024</memory> <vcpus>1</vcpus> <disk unit='GiB'>4</disk>
 *	    <domain>… libvirt …</domain>
 *	  </guest>
 *	</profile>
 *
 * A relative path of media lies in the profile's directory. kernel, initrd, their sha256, cmdline and media's url
 * are Mustache in the format "cmdline", the answers in their own. The profile's name is its
 * directory's.
 */
#ifndef USHER_KICKSTART_PROFILE_H
#define USHER_KICKSTART_PROFILE_H

#include "kickstart/answers.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	PROFILE_NAME = 64,
	PROFILE_INITRDS = 4,
	PROFILE_SETTINGS = 64,
	PROFILE_SHARED = 4,  /* files of settings that are shared */
	PROFILE_ANSWERS = 8, /* answer files: installers that want several want a handful */
	PROFILE_FILES = 32,  /* templates and partials */
	PROFILE_FILE_MAX = 256 << 10, /* bytes of one */
	PROFILE_XML_MAX = 256 << 10,
	PROFILE_VALUE_MAX = 64 << 10, /* bytes of a setting: an SSH key, a script */
	PROFILE_BOOTS = 3, /* boots of the installer, more is a loop; when <boots> does not say */
	PROFILE_BOOTS_MAX = 100,
	PROFILE_TIMEOUT_S = 60 * 60,
	PROFILE_SNAPSHOT_VERSION = 2,   /* 1: no more than one answer file, still read */
	PROFILE_SNAPSHOT_MAX = 2 << 20, /* bytes: it and the settings share a record of the store */
};

/* A template inside profile.xml, with the line it begins at. */
struct profile_text {
	char *text; /* "" when not given */
	unsigned line;
};

/* Where the kernel and the like come from: a path or a url, or neither: a medium of this name that is
 * imported. */
struct profile_media {
	char name[PROFILE_NAME];
	char *path;              /* local directory, absolute; NULL */
	struct profile_text url; /* template; text NULL when it is a path */
	char *package;           /* Debian package that brings it, or NULL */
	char *fix;               /* command that makes it, or NULL */
	json_t *files; /* of an imported medium: kernel, initrd, shim, grub, those it has; or NULL */
};

/* An image that the installer writes to the machine's disk: an imported one. */
struct profile_image {
	char name[PROFILE_NAME]; /* "": it writes none */
	char *from;              /* where people find it, for messages; or NULL */
	unsigned line;
	json_t *facts; /* of the imported one (medium_image()); NULL: there is none */
};

/* Firmwares that a boot program may be named for. */
enum profile_firmware {
	PROFILE_BIOS,
	PROFILE_EFI_X64, /* PXE, by TFTP */
	PROFILE_EFI_ARM64,
	PROFILE_HTTP_X64, /* UEFI HTTP Boot: a GRUB may know TFTP only */
	PROFILE_HTTP_ARM64,
	PROFILE_FIRMWARES
};

/* A boot loader that a profile asks for by a word, from the distribution's packages. */
struct profile_loader {
	const char *word; /* "grub" */
	enum profile_firmware firmware;
	const char *program; /* what the firmware loads, among the boot programs */
	const char *next;    /* what that asks for, which must be there too */
	const char *package; /* of Debian's, with both */
};

/* NULL: no such word, or program, for this firmware. */
const struct profile_loader *profile_loader(const char *word, enum profile_firmware firmware);
const struct profile_loader *profile_loader_of(const char *program, enum profile_firmware firmware);

struct profile;
/* For an x86 machine with Secure Boot, whose firmware refuses usher's iPXE: where the profile names no program for UEFI, the
 * signed loader. -EINVAL with `why`: that cannot load its files. */
int profile_boot_signed(struct profile *p, char *why, size_t why_size);

enum profile_setting_type { /* setting_type.c */
	SETTING_TEXT,
	SETTING_PASSWORD,
	SETTING_NUMBER,
	SETTING_BOOLEAN,
	SETTING_LIST,
	SETTING_HOSTNAME,
	SETTING_ADDRESS,
	SETTING_URL,
	SETTING_SIZE,
	SETTING_TIMEZONE,
	SETTING_USER,
	SETTING_DISK,
	SETTING_DISKS,
	SETTING_CARDS,
	SETTING_PAIRS,
	SETTING_TYPES
};

struct profile_setting {
	char name[PROFILE_NAME];
	char *def; /* "" when there is none */
	char *help;
	char *values;                   /* "a|b|c": the only ones, or NULL */
	enum profile_setting_type type; /* a password is kept as its crypt(5) hash only */
	uint64_t min, max;              /* of a number */
	bool sha512;           /* what a password is hashed with, for old systems; else yescrypt */
	bool required, secret; /* secret: not shown to anybody; passwords are */
	bool unsigned_source;  /* a URL: what the installer takes from there it takes as it comes */
	bool mirror; /* a URL: packages come from there, through the package cache where one runs */
};

struct profile_file {
	char *name;
	char *text;
	char *path; /* where it was read when that is not the profile's folder; or NULL */
};

/* An answer file. */
struct profile_answers {
	char *name;     /* what it is served as below /m/TOKEN/: "answers", "nocloud/meta-data" */
	char *template; /* its name in `files` */
	enum answers format;
	char *version; /* of the format's syntax, as the profile says: "RHEL9"; or NULL */
};

/* <settings from='…'>: a file of settings, found as partials are. */
struct profile_shared {
	char name[PROFILE_NAME];
	unsigned line;
};

struct profile {
	char name[PROFILE_NAME];
	bool tool; /* it installs nothing: it is run, and the machine is what it was */
	bool live; /* boots='always': it installs nothing either, and is booted at every boot; no tool */
	char *title;
	char *file; /* path of profile.xml, for messages */
	struct profile_media media;
	struct profile_image image;
	struct profile_text kernel, initrd[PROFILE_INITRDS], cmdline;
	size_t n_initrd;
	/* What each firmware loads: a file of the medium, or a loader, or, both NULL, usher's iPXE. */
	char *programs[PROFILE_FIRMWARES];
	const struct profile_loader *loaders[PROFILE_FIRMWARES];
	char *sums[1 +
		PROFILE_INITRDS]; /* SHA-256 of kernel and initrds, templates; NULL: not given */
	unsigned boots;
	uint32_t timeout_s;
	struct profile_answers
		answers[PROFILE_ANSWERS];            /* the first: fetching it is `installing` */
	size_t n_answers;                            /* 0: the installer takes none */
	uint64_t requires_memory_mib, requires_disk; /* bytes of disk; 0: no demand */
	bool requires_ssh_key; /* the machine's record has one; not in a snapshot: it is judged before */
	struct profile_setting *settings; /* n_settings of them */
	size_t n_settings;
	struct profile_shared *shared; /* their settings are in `settings` */
	size_t n_shared;
	/* guest defaults; 0 and NULL when the profile does not say */
	uint64_t memory_mib, disk; /* disk in bytes */
	unsigned vcpus;
	char *domain; /* the <domain> element as text, for guest/ to merge */
	struct profile_file *files;
	size_t n_files;
	json_t *snapshot; /* that all texts above are parts of, kept while they are; NULL: they were read, and are its own */
};

/* The folder of shared partials, beside the folder of profiles. */
#define PROFILE_PARTIALS "partials"

/* Reads DIR/profile.xml and the templates it needs; partials that are not in DIR are taken from the first
 * of `shared` (folders, ended by NULL; they need not exist) that has them. -EINVAL (or -ENOENT, -ENOMEM …) with one
 * line in `why`: "FILE:LINE: what is wrong, what was expected". */
int profile_read_with(const char *dir, const char *const *shared, struct profile **ret, char *why,
	size_t why_size);
/* The same with DIR/../../partials alone. */
int profile_read(const char *dir, struct profile **ret, char *why, size_t why_size);
void profile_free(struct profile *p); /* NULL is fine */

/* Its medium is another: a directory or image, or a URL (templates are expanded). `files` may be
 * NULL. 0 or -ENOMEM. */
int profile_set_media(struct profile *p, const char *path, const char *url, json_t *files);

/* Its image is there, and this is known of it. */
void profile_set_image(struct profile *p, json_t *facts);

const struct profile_setting *profile_setting(const struct profile *p, const char *name);
/* An answer file by what it is served as, or NULL. */
const struct profile_answers *profile_answers(const struct profile *p, const char *name);
/* A template's text, or NULL. */
const char *profile_file(const struct profile *p, const char *name);
/* Where it was read, or NULL: in the profile's folder. */
const char *profile_file_path(const struct profile *p, const char *name);

/*
 * What the machine's settings (object of strings and sealed ones, or NULL) come to: every declared setting has a
 * value as templates get it (setting_type.h), from `given` or the default. Undeclared, missing and ill-valued ones
 * are -EINVAL with one line in `why`, which holds no secret. Passwords that are not hashes yet are hashed; the clear
 * text is not in the result.
 */
int profile_settings(
	const struct profile *p, const json_t *given, json_t **ret, char *why, size_t why_size);
/* The name of the first setting that profile_settings() refuses, of `given` or the profile: borrowed from there. NULL: none. */
const char *profile_setting_at_fault(const struct profile *p, const json_t *given);
/* Replaces the passwords in clear of `given` (an object of texts and sealed ones) by their hashes, which takes some 10 ms
 * each: for a thread that may take that long. What is no fit password stays, for profile_settings() to refuse. `instead`: the hash to
 * put in the place of each, when it does not matter which; NULL: its own. 0 or -ENOMEM. */
int profile_hash_passwords(const struct profile *p, json_t *given, const char *instead);
/*
 * Before a record with them is made: replaces clear passwords in `given` itself by their hashes, and all secret values
 * by {"secret": VALUE}: so whoever shows a record knows what not to show, whatever became of the profile. 0 or -errno.
 */
int profile_seal_secrets(const struct profile *p, json_t *given);
/* Every secret value of a result of profile_settings() as "(secret)", in a copy: for `usher render`. New reference, NULL
 * out of memory. */
json_t *profile_mask_secrets(const struct profile *p, const json_t *given);

/* The profile, its templates and `settings` (a result of profile_settings()) as one object, for
 * struct attempt. -ENOMEM, -EINVAL (a template is not UTF-8), -EFBIG. */
int profile_snapshot(const struct profile *p, const json_t *settings, json_t **ret);
/* The profile as it was, to read: its texts are the snapshot's, which it keeps a reference to. *ret_settings is borrowed from `snapshot`; may be NULL. -EPROTO with `why` when it is not one
 * of ours, or its settings are asked for and a secret one cannot be read. */
int profile_from_snapshot(const json_t *snapshot, struct profile **ret, const json_t **ret_settings,
	char *why, size_t why_size);
/* The boot program that a snapshot's profile names, as "MEDIUM/FILE", or as a loader's; NULL: none.
 * Borrowed. */
const char *profile_program(const json_t *snapshot, enum profile_firmware firmware);
/* Does a snapshot's profile have its system report that it is up? Its texts would name attempt.up_url. */
bool profile_reports_up(const json_t *snapshot);
enum profile_served { PROFILE_SERVES_NOTHING, PROFILE_SERVES_ANSWERS, PROFILE_SERVES_FILE };
/* What a snapshot's profile serves by this name: its (first) answers, or one of the files beside them. */
enum profile_served profile_serves(const json_t *snapshot, const char *name);
/* What `usher profiles` shows: name, title, media, settings (name, default, required, values,
 * help), guest defaults. */
json_t *profile_to_json(const struct profile *p);

#endif
