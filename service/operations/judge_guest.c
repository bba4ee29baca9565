/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging what libvirt is to be told of a guest: all of it goes into its record, from which it can be made again. */
#include "service/operations/judge.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	DOMAIN_MAX = 64 << 10, /* as guest/domain_xml.h's */
	URI_MAX = 512,
};

#define SPEC_TEXT(member) (sizeof((struct guest_spec *)0)->member)

json_int_t judge_memory(const json_t *body, char *why, size_t size)
{
	json_int_t bytes = json_integer_value(json_object_get(body, "memory"));

	if (bytes > 0 && (bytes < 1 << 20 || bytes >> 20 > JUDGE_MEMORY_MAX_MIB)) {
		snprintf(why, size, "memory %lld: expected bytes, from 1 MiB (1048576) to %lld TiB",
			(long long)bytes, (long long)JUDGE_MEMORY_MAX_MIB >> 20);
		return -EINVAL;
	}
	return bytes > 0 ? bytes >> 20 : 0;
}

/* The numbers that libvirt needs: said, or the profile's. */
static int judge_numbers(struct creation *c, json_t *body, char *why, size_t size)
{
	const struct profile *p = c->profile;
	json_int_t memory = judge_memory(body, why, size);
	json_int_t disk = json_integer_value(json_object_get(body, "disk"));
	json_int_t vcpus = json_integer_value(json_object_get(body, "vcpus"));

	if (memory < 0)
		return judge_field(c, "memory", -EINVAL);
	if (!memory)
		memory = (json_int_t)(p->memory_mib      ? p->memory_mib
				: p->requires_memory_mib ? p->requires_memory_mib
							 : 1024);
	if (disk <= 0)
		disk = (json_int_t)(p->disk        ? p->disk
				: p->requires_disk ? p->requires_disk
						   : 10ULL << 30);
	if (vcpus <= 0)
		vcpus = p->vcpus ? p->vcpus : 1;
	if (vcpus > JUDGE_VCPUS_MAX) {
		snprintf(why, size, "%lld vcpus: more than any host has", (long long)vcpus);
		return judge_field(c, "vcpus", -EINVAL);
	}
	c->machine->spec.memory = (uint64_t)memory;
	c->machine->spec.disk = (uint64_t)disk;
	c->machine->spec.vcpus = (uint64_t)vcpus;
	if (c->ops->base->config.filter)
		c->machine->spec.filters = GUEST_FILTERS;
	return 0;
}

/* What a text may be: one of `words` (a blank between two), or of these bytes, or (both NULL) without control bytes
 * but line breaks. */
struct text_rule {
	const char *key;
	size_t max; /* bytes */
	const char *words, *bytes, *like;
};

#define WORD_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"

static const struct text_rule text_rules[] = {
	{"cpu", SPEC_TEXT(cpu) - 1, NULL, WORD_BYTES,
		"host-passthrough, host-model, maximum or a model of 'virsh cpu-models x86_64'"},
	{"firmware", SPEC_TEXT(firmware) - 1, "bios efi efi-secure", NULL,
		"bios, efi or efi-secure"},
	{"graphics", SPEC_TEXT(graphics) - 1, "none vnc spice", NULL, "none, vnc or spice"},
	{"os_variant", SPEC_TEXT(os_variant) - 1, NULL, WORD_BYTES,
		"a short id of 'osinfo-query os', like debian12"},
	{"description", JUDGE_DESCRIPTION_MAX, NULL, NULL, "text of at most 4096 bytes"},
	{"connect", URI_MAX, NULL, WORD_BYTES ":/@?&=%~,[]",
		"a libvirt URI, like qemu+ssh://host/system"},
	{"domain", DOMAIN_MAX, NULL, NULL, "a <domain> element of at most 64 KiB"},
};

static bool is_word_of(const char *text, const char *words)
{
	size_t n = strlen(text), len;

	for (; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		if (len == n && !strncmp(text, words, n))
			return true;
	}
	return false;
}

static bool text_fits(const struct text_rule *rule, const char *text)
{
	if (strlen(text) > rule->max)
		return false;
	if (rule->words)
		return is_word_of(text, rule->words);
	if (rule->bytes)
		return *text && !text[strspn(text, rule->bytes)];
	for (const char *s = text; *s; s++)
		if ((unsigned char)*s < ' ' && !strchr("\t\r\n", *s))
			return false;
	return true;
}

static int judge_texts(struct creation *c, json_t *body, char *why, size_t size)
{
	for (size_t i = 0; i < sizeof text_rules / sizeof *text_rules; i++) {
		const struct text_rule *rule = &text_rules[i];
		json_t *v = json_object_get(body, rule->key);
		const char *text = json_string_value(v);
		int rc;

		if (!v)
			continue;
		if (!text || !text_fits(rule, text)) {
			snprintf(why, size, "%s '%.80s': expected %s", rule->key, text ? text : "?",
				rule->like);
			return judge_field(c, rule->key, -EINVAL);
		}
		rc = machine_spec_change(&c->machine->spec, rule->key, v);
		if (rc < 0) {
			snprintf(why, size, "%s: %s", rule->key, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

static bool pool_name_fits(const char *name)
{
	return strlen(name) < SPEC_TEXT(pool);
}

static int judge_disk(
	struct machine_spec *spec, size_t i, const json_t *want, char *why, size_t size)
{
	const char *pool = json_text(want, "pool"), *volume = json_text(want, "volume");
	json_int_t bytes = json_integer_value(json_object_get(want, "size"));

	if (bytes <= 0) {
		snprintf(why, size, "disk %zu: its size in bytes is missing", i + 2);
		return -EINVAL;
	}
	if (!pool_name_fits(pool) || strlen(volume) >= SPEC_TEXT(volume) || strchr(volume, '/')) {
		snprintf(why, size, "disk %zu: '%.80s' is not a valid name of a pool or volume",
			i + 2, pool_name_fits(pool) ? volume : pool);
		return -EINVAL;
	}
	return machine_spec_add_disk(spec, (uint64_t)bytes, pool, volume);
}

/* The further ones. */
static int judge_disks(struct creation *c, json_t *body, char *why, size_t size)
{
	json_t *wanted = json_object_get(body, "disks"), *want;
	size_t i;
	int rc = 0;

	if (!wanted)
		return 0;
	if (!json_is_array(wanted) || json_array_size(wanted) > GUEST_DISKS) {
		snprintf(why, size, "disks is an array of at most %d: size, pool, volume",
			GUEST_DISKS);
		return -EINVAL;
	}
	json_array_foreach(wanted, i, want)
	{
		if ((rc = judge_disk(&c->machine->spec, i, want, why, size)))
			break;
	}
	return rc;
}

/* Where its own disk lies. */
static int judge_volume(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *pool = json_text(body, "pool");

	if (!pool_name_fits(pool)) {
		snprintf(why, size, "no storage pool has a name that long: '%.80s'", pool);
		return -EINVAL;
	}
	return machine_spec_set(&c->machine->spec.pool, *pool ? pool : c->ops->base->config.pool);
}

static int judge_autostart(struct creation *c, json_t *body, char *why, size_t size)
{
	json_t *v = json_object_get(body, "autostart");

	if (v && !json_is_boolean(v)) {
		snprintf(why, size, "autostart is true or false");
		return -EINVAL;
	}
	c->machine->spec.autostart = json_is_true(v);
	return 0;
}

int judge_guest(struct creation *c, json_t *body, char *why, size_t size)
{
	int rc = judge_numbers(c, body, why, size);

	if (!rc)
		rc = judge_texts(c, body, why, size);
	if (!rc)
		rc = judge_field(c, "autostart", judge_autostart(c, body, why, size));
	if (!rc)
		rc = judge_field(c, "pool", judge_volume(c, body, why, size));
	if (!rc)
		rc = judge_field(c, "disks", judge_disks(c, body, why, size));
	c->machine->spec.replace =
		c->replace; /* for the next start, when we are killed before it is done */
	return rc;
}
