/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of rules with facts in braces: "rack{interfaces.lldp.port_id}". A brace itself is written twice. */
#include "machine/rules_parts.h"

#include "core/plain.h"
#include "core/text.h"
#include "core/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 32 };

static int add(struct rules_pattern *p, struct rules_piece piece)
{
	struct rules_piece *grown = reallocarray(p->pieces, p->n + 1, sizeof *grown);

	if (grown)
		p->pieces = grown;
	if (!grown || !piece.text) {
		free(piece.text);
		return -ENOMEM;
	}
	p->pieces[p->n++] = piece;
	return 0;
}

/* Up to the next brace; two of them are one. */
static int add_text(struct rules_pattern *p, const char **at)
{
	char *text = malloc(strlen(*at) + 1);
	size_t n = 0;

	while (text && **at && ((**at != '{' && **at != '}') || (*at)[1] == **at)) {
		*at += **at == '{' || **at == '}';
		text[n++] = *(*at)++;
	}
	if (text)
		text[n] = '\0';
	return add(p, (struct rules_piece){.kind = PIECE_TEXT, .text = text});
}

static const struct rules_fact *no_fact(const char *name, char *why, size_t size)
{
	char all[16];
	const char *near =
		text_nearest(name, rules_facts(), sizeof(struct rules_fact), all, sizeof all);

	if (near)
		snprintf(why, size, "there is no fact {%s}: did you mean {%s}?", name, near);
	else
		snprintf(why, size,
			"there is no fact {%s}; usher-rules(5) lists them, and a brace is written {{ or }}",
			name);
	return NULL;
}

/* One value must be meant: of disks that of the one that is picked, of interfaces that of the card it booted from. */
static const struct rules_fact *find(const char *name, char *why, size_t size)
{
	const struct rules_fact *f = rules_fact_find(RULES_ALONE, name);

	if (!f)
		return no_fact(name, why, size);
	if (f->how_many || f->list == RULES_ALONE || f->list == RULES_INTERFACES)
		return f;
	if (f->list == RULES_DISKS)
		snprintf(why, size,
			"{%s}: which disk? <pick-disk> picks one, and {disk.%s} is that one's",
			name, name + strlen("disks."));
	else
		snprintf(why, size, "{%s}: which of them? It cannot be put into a text", name);
	return NULL;
}

/* What stands between braces. */
static int add_named(struct rules_pattern *p, const char *name, char *why, size_t size)
{
	struct rules_piece piece = {.kind = PIECE_FACT};
	size_t n = strlen(name);

	if (n && n <= 3 && strspn(name, "n") == n) {
		piece.kind = PIECE_NUMBER;
		piece.width = (int)n;
		p->numbered = true;
	} else if (!strcmp(name, "disk.by_id")) {
		piece.kind = PIECE_BY_ID;
		p->of_disk = true;
	} else if (!strncmp(name, "disk.", 5) &&
		(piece.fact = rules_fact_find(RULES_DISKS, name + 5))) {
		piece.kind = PIECE_DISK;
		p->of_disk = true;
	} else if (!(piece.fact = find(name, why, size))) {
		return -EINVAL;
	}
	piece.text = strdup(name);
	return add(p, piece);
}

static int add_braces(struct rules_pattern *p, const char **at, char *why, size_t size)
{
	size_t n = strcspn(*at + 1, "{}");
	char name[64];

	if (**at == '}' || (*at)[1 + n] != '}' || !n || n >= sizeof name) {
		snprintf(why, size, "'%.40s': a fact is written {system.serial}, a brace {{ or }}",
			*at);
		return -EINVAL;
	}
	snprintf(name, sizeof name, "%.*s", (int)n, *at + 1);
	*at += n + 2;
	return add_named(p, name, why, size);
}

int rules_pattern_parse(const char *text, struct rules_pattern *ret, char *why, size_t size)
{
	int rc = 0;

	*ret = (struct rules_pattern){0};
	while (!rc && *text) {
		bool brace = (*text == '{' || *text == '}') && text[1] != *text;

		if (ret->n == PIECES_MAX) {
			snprintf(why, size, "it has more than %d parts", PIECES_MAX);
			return -EINVAL;
		}
		rc = brace ? add_braces(ret, &text, why, size) : add_text(ret, &text);
	}
	if (rc == -ENOMEM)
		snprintf(why, size, "out of memory");
	return rc;
}

void rules_pattern_fini(struct rules_pattern *p)
{
	for (size_t i = 0; i < p->n; i++)
		wipe_free(p->pieces[i].text); /* it may be a password */
	free(p->pieces);
	*p = (struct rules_pattern){0};
}

/* Filling */

/* The name that udev gives the disk below /dev, as far as it can be told from the inventory. */
static bool by_id(const json_t *disk, char *buf, size_t size)
{
	const char *wwn = json_string_value(json_object_get(disk, "wwn"));
	const char *serial = json_string_value(json_object_get(disk, "serial"));
	const char *bus = json_string_value(json_object_get(disk, "bus"));

	if (wwn && !strncmp(wwn, "naa.", 4))
		snprintf(buf, size, "disk/by-id/wwn-0x%s", wwn + 4);
	else if (wwn && !strncmp(wwn, "0x", 2))
		snprintf(buf, size, "disk/by-id/wwn-%s", wwn);
	else if (wwn && !strncmp(wwn, "eui.", 4))
		snprintf(buf, size, "disk/by-id/nvme-%s", wwn);
	else if (serial && *serial && bus && !strcmp(bus, "virtio"))
		snprintf(buf, size, "disk/by-id/virtio-%.20s", serial);
	else
		return false;
	return true;
}

static bool fact_text(
	const struct rules_piece *piece, const struct rules_filling *f, char *buf, size_t size)
{
	const json_t *item = piece->kind == PIECE_DISK  ? f->disk
		: piece->fact->list == RULES_INTERFACES ? f->card
							: NULL;
	json_t *scratch;
	const json_t *v = rules_value(piece->fact, f->q, item, &scratch);

	if (v)
		rules_value_text(piece->fact, v, buf, size);
	json_decref(scratch);
	return v;
}

/* A text in a URI could change its meaning: another host, a folder up. */
static bool is_harmless(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    *c))
			return false;
	return *text != '.' && *text != '-';
}

static bool is_clean(const char *text)
{
	char shown[RULES_TEXT_MAX + 2];

	plain_copy(shown, sizeof shown, text, strlen(text), 0);
	return strlen(text) <= RULES_TEXT_MAX && !strcmp(text, shown);
}

static bool is_safe_in_uri(const struct rules_piece *piece, const char *text)
{
	bool words = piece->kind == PIECE_BY_ID || piece->fact->type == RULES_WORDS;

	return !words || is_harmless(text);
}

static int put_fact(const struct rules_piece *piece, const struct rules_filling *f, struct text *t,
	char *why, size_t size)
{
	char text[RULES_TEXT_MAX + 2];
	bool known = piece->kind == PIECE_BY_ID ? by_id(f->disk, text, sizeof text)
						: fact_text(piece, f, text, sizeof text);
	bool ip = piece->kind == PIECE_FACT && piece->fact->type == RULES_IP;
	const char *wrong = !known ? "is not known of this machine"
		: !is_clean(text)  ? "has characters that cannot be seen, or too many"
		: f->uri && !is_safe_in_uri(piece, text)
		? "has characters other than letters, digits, '-', '_' and '.', which could "
		  "change what the URI means"
		: NULL;

	if (wrong) {
		snprintf(why, size, "{%s} %s", piece->text, wrong);
		return known ? -EINVAL : -ENODATA;
	}
	if (f->uri && ip && strchr(text, ':'))
		text_printf(t, "[%s]", text);
	else
		text_puts(t, text);
	return 0;
}

int rules_pattern_fill(const struct rules_pattern *p, const struct rules_filling *f, size_t max,
	char **ret, char *why, size_t why_size)
{
	struct text t;
	int rc = 0;

	text_init(&t, max);
	for (size_t i = 0; !rc && i < p->n; i++) {
		const struct rules_piece *piece = &p->pieces[i];

		if (piece->kind == PIECE_TEXT)
			text_puts(&t, piece->text);
		else if (piece->kind == PIECE_NUMBER)
			text_printf(&t, "%0*u", piece->width, f->number);
		else
			rc = put_fact(piece, f, &t, why, why_size);
	}
	if (rc)
		text_fini(&t);
	else
		rc = text_take(&t, ret);
	if (rc != -EFBIG)
		return rc;
	snprintf(why, why_size, "it is longer than %zu bytes", max);
	return -EINVAL;
}
