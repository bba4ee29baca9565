/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domains [--start] URI TABLE [FEATURE...]: what goes through the merge. Each row of the table is a feature: a <domain> fragment from which a
 * guest is made as `create` makes it (volume, definition), and what of it libvirt then has in the persistent definition.
 *
 *     feature | in | out
 *     feature* | in | out      and, with --start, its installing run starts (paused)
 *
 * `in` is what stands in <domain>, or all of it. `out` is what must be there then, elements and attributes at least;
 * empty: the same as `in`; "! text": it is refused, with this in the reason. Prints the table: feature, in, out, verdict;
 * exits with 1 when one is not as it should be.
 */
#include "guest/domain/domain_xml.h"
#include "guest/xml.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 8192 };

static struct mailbox home;
static struct guests *guests;
static virConnectPtr conn;
static bool starting;

static struct {
	bool done;
	int rc;
	char why[GUEST_WHY];
} answer;

static void on_done(void *arg, int rc, const char *why)
{
	(void)arg;
	answer.done = true;
	answer.rc = rc;
	snprintf(answer.why, sizeof answer.why, "%s", why);
}

static int wait_for(int submitted)
{
	answer.done = false;
	while (!submitted && !answer.done)
		mailbox_wait(&home, 100);
	return submitted ? submitted : answer.rc;
}

static xmlDoc *read_xml(const char *text)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(text, strlen(text), 1, why, sizeof why);

	if (!doc)
		fprintf(stderr, "domains: %s: %s\n", why, text);
	return doc;
}

/* What stands in <domain>, or all of it. */
static void whole(const char *part, char *buf, size_t size)
{
	snprintf(buf, size, strncmp(part, "<domain", 7) ? "<domain>%s</domain>" : "%s", part);
}

static bool has_elements(const xmlNode *n)
{
	return xmlChildElementCount((xmlNode *)n) > 0;
}

static bool same_name(const xmlNode *a, const xmlNode *b)
{
	return a->type == XML_ELEMENT_NODE && b->type == XML_ELEMENT_NODE &&
		!strcmp((const char *)a->name, (const char *)b->name) && !a->ns == !b->ns;
}

static bool within(const xmlNode *want, const xmlNode *have, const xmlNode **ret_missing);

/* An element that has all of this one. */
static bool is_among(const xmlNode *want, const xmlNode *parent, const xmlNode **ret_missing)
{
	const xmlNode *deeper = want;

	for (const xmlNode *n = parent->children; n; n = n->next)
		if (same_name(want, n) && within(want, n, &deeper))
			return true;
	*ret_missing = deeper;
	return false;
}

static bool within(const xmlNode *want, const xmlNode *have, const xmlNode **ret_missing)
{
	char text[2][1024];

	*ret_missing = want;
	for (xmlAttr *a = want->properties; a; a = a->next) {
		xml_attr(want, (const char *)a->name, text[0], sizeof text[0]);
		if (!xml_attr_is(have, (const char *)a->name, text[0]))
			return false;
	}
	xml_text(want, text[0], sizeof text[0]);
	xml_text(have, text[1], sizeof text[1]);
	if (!has_elements(want) && text[0][0] && strcmp(text[0], text[1]))
		return false;
	for (const xmlNode *n = want->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !is_among(n, have, ret_missing))
			return false;
	return true;
}

/* The counterparts in `have` of what `want` has in <domain> or in <devices>, in one line. */
static void print_parts(const xmlNode *want, const xmlNode *have)
{
	for (const xmlNode *w = want->children; w; w = w->next) {
		const xmlNode *missing, *n = have->children;

		if (w->type != XML_ELEMENT_NODE)
			continue;
		while (n && !(same_name(w, n) && within(w, n, &missing)))
			n = n->next;
		if (n && !strcmp((const char *)w->name, "devices")) {
			print_parts(w, n);
		} else if (n) {
			xmlBuffer *buf = xmlBufferCreate();

			xmlNodeDump(buf, n->doc, (xmlNode *)n, 0, 0);
			for (const char *s = (const char *)xmlBufferContent(buf); *s; s++)
				if (*s != '\n' && (*s != ' ' || s[1] != ' '))
					putchar(*s);
			xmlBufferFree(buf);
		}
	}
}

/* The installing run, paused: QEMU takes what libvirt made of it. */
static bool starts(virDomainPtr d, char *why, size_t size)
{
	char *final = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
	char *run = NULL;
	virDomainPtr running = NULL;

	if (final && !domain_xml_install(final, &run, why, size)) {
		running = virDomainCreateXML(conn, run, VIR_DOMAIN_START_PAUSED);
		if (!running)
			snprintf(why, size, "%s", virGetLastErrorMessage());
	}
	free(final);
	free(run);
	if (!running)
		return false;
	virDomainDestroy(running);
	virDomainFree(running);
	return true;
}

struct row {
	char feature[64];
	bool start;
	const char *in, *out;
};

static bool judge_out(const struct row *row)
{
	char text[LINE_MAX_BYTES], why[GUEST_WHY] = "";
	virDomainPtr d = virDomainLookupByName(conn, "web01");
	char *xml = d ? virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE) : NULL;
	xmlDoc *have = xml ? read_xml(xml) : NULL, *want;
	const xmlNode *missing = NULL;
	bool ok;

	whole(*row->out ? row->out : row->in, text, sizeof text);
	want = read_xml(text);
	ok = have && want &&
		within(xmlDocGetRootElement(want), xmlDocGetRootElement(have), &missing);
	if (ok) {
		print_parts(xmlDocGetRootElement(want), xmlDocGetRootElement(have));
		bool start = starting && row->start;

		ok = !start || starts(d, why, sizeof why);
		printf(" | %s%s\n", !*row->out ? "as it was" : "as it must be",
			!start       ? ""
				: ok ? ", starts"
				     : ", BUT DOES NOT START");
	} else {
		printf("| LOST: <%s>\n", missing ? (const char *)missing->name : "?");
	}
	if (!ok)
		fprintf(stderr, "%s: %s\n%s\n", row->feature, why, xml ? xml : "no domain");
	xmlFreeDoc(have);
	xmlFreeDoc(want);
	free(xml);
	if (d)
		virDomainFree(d);
	return ok;
}

static bool judge(const struct row *row, int rc)
{
	if (row->out[0] == '!') {
		bool ok = rc && strstr(answer.why, row->out + 2);

		printf("%s | %s\n", rc ? answer.why : "", ok ? "refused" : "NOT REFUSED SO");
		return ok;
	}
	if (rc) {
		printf("%s | NOT MADE\n", answer.why);
		return false;
	}
	return judge_out(row);
}

static bool try(const struct row *row)
{
	char fragment[LINE_MAX_BYTES];
	struct guest_spec spec = {.name = "web01",
		.profile = "table",
		.memory_mib = 512,
		.vcpus = 2,
		.disk = 16 << 20,
		.accel = "qemu",
		.fragment = fragment,
		.filter = true,
		.n_nics = 1};
	bool ok;

	whole(row->in, fragment, sizeof fragment);
	snprintf(spec.nics[0].network, sizeof spec.nics[0].network, "default");
	ip_parse("192.168.122.77", &spec.nics[0].ip);
	mac_from_ip(&spec.nics[0].ip, &spec.nics[0].mac);
	printf("%s | %s | ", row->feature, row->in);
	ok = judge(row, wait_for(guest_create(guests, &spec, on_done, NULL)));
	if (wait_for(guest_delete(guests, &spec, false, on_done, NULL))) {
		printf("%s: not deleted: %s\n", row->feature, answer.why);
		ok = false;
	}
	return ok;
}

/* Takes the line apart in place. False: a comment, or an empty one. */
static bool parse_row(char *line, struct row *ret)
{
	char *in = strstr(line, " | "), *out = in ? strstr(in + 3, " |") : NULL;
	size_t n;

	line[strcspn(line, "\n")] = '\0';
	if (*line == '#' || !*line)
		return false;
	if (!out) {
		fprintf(stderr, "domains: not a row: %s\n", line);
		exit(2);
	}
	*in = *out = '\0';
	n = (size_t)snprintf(ret->feature, sizeof ret->feature, "%s", line);
	ret->start = n && n < sizeof ret->feature && ret->feature[n - 1] == '*';
	if (ret->start)
		ret->feature[n - 1] = '\0';
	ret->in = in + 3;
	ret->out = out + 2 + (out[2] == ' ');
	return true;
}

static bool is_wanted(const char *feature, char **names)
{
	bool found = !*names;

	while (!found && *names)
		found = !strcmp(*names++, feature);
	return found;
}

static void quiet(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

int main(int argc, char **argv)
{
	struct guests_config config = {.home = &home};
	FILE *f;
	static char line[LINE_MAX_BYTES];
	unsigned rows = 0, bad = 0;
	struct row row;

	starting = argc > 1 && !strcmp(argv[1], "--start");
	argc -= starting;
	argv += starting;
	config.uri = argc > 1 ? argv[1] : NULL;
	f = argc > 2 ? fopen(argv[2], "re") : NULL;
	virSetErrorFunc(NULL, quiet);
	if (!f || mailbox_init(&home) || guests_new(&config, &guests) ||
		!(conn = virConnectOpen(argv[1]))) {
		fprintf(stderr, "usage: domains [--start] URI TABLE [FEATURE...]\n");
		return 2;
	}
	while (fgets(line, sizeof line, f)) {
		if (!parse_row(line, &row) || !is_wanted(row.feature, argv + 3))
			continue;
		rows++;
		bad += !try(&row);
		fflush(stdout);
	}
	printf("| %u features of libvirt's domains, %u not as they should be\n", rows, bad);
	guests_free(guests);
	virConnectClose(conn);
	fclose(f);
	return bad || !rows;
}
