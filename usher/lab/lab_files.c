/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab file, and the files that it names. */
#include "usher/lab/lab.h"
#include "usher/lab/lab_parts.h"

#include "usher/client/request.h"

#include "core/wipe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct files {
	const char *lab; /* the file's path */
	json_t *values;  /* by path: each is read once, however many machines want it */
	json_t *keys;    /* the same, arrays */
	char *why;
	size_t size;
};

/* `name`, which stands in the lab file, as seen from here. */
static void place(const struct files *f, const char *name, char *buf, size_t size)
{
	const char *slash = strrchr(f->lab, '/');

	snprintf(buf, size, "%.*s%s", *name == '/' || !slash ? 0 : (int)(slash - f->lab) + 1,
		f->lab, name);
	if (!strcmp(buf, "-"))
		snprintf(buf, size, "./-");
}

static int fault(
	struct files *f, const json_t *ref, const char *element, const char *path, const char *text)
{
	snprintf(f->why, f->size, "%s:%lld: <%s file='%s'>: %s", f->lab,
		(long long)json_integer_value(json_object_get(ref, "line")), element, path, text);
	return -EINVAL;
}

static int value(struct files *f, const json_t *ref, const char *element, json_t **ret)
{
	const char *name = json_string_value(json_object_get(ref, "file"));
	char path[PATH_MAX], *text;

	*ret = json_object_get(f->values, name);
	if (*ret)
		return 0;
	place(f, name, path, sizeof path);
	text = request_value(path);
	if (!text)
		return fault(f, ref, element, name,
			errno == EFBIG ? "not a text of at most 64 KiB" : strerror(errno));
	*ret = json_string(text);
	wipe_free(text);
	if (!*ret)
		return fault(f, ref, element, name, "not UTF-8 text");
	return json_object_set_new(f->values, name, *ret);
}

static int keys(struct files *f, const json_t *ref, json_t **ret)
{
	const char *name = json_string_value(json_object_get(ref, "file"));
	char path[PATH_MAX], why[256];
	int rc;

	*ret = json_object_get(f->keys, name);
	if (*ret)
		return 0;
	place(f, name, path, sizeof path);
	json_object_set_new(f->keys, name, *ret = json_array());
	rc = request_keys(*ret, path, why, sizeof why);
	return rc ? fault(f, ref, "ssh-key", name, why) : 0;
}

static int fill_settings(struct files *f, json_t *body)
{
	json_t *all = json_copy(json_object_get(body, "settings")), *v, *text;
	const char *name;
	void *next;
	int rc = 0;

	json_object_foreach_safe(all, next, name, v)
	{
		if (!json_is_object(v))
			continue;
		rc = value(f, v, "set", &text);
		if (rc)
			break;
		json_object_set(all, name, text);
	}
	if (all && !rc)
		json_object_set(body, "settings", all);
	json_decref(all);
	return rc;
}

static int fill_keys(struct files *f, json_t *body)
{
	json_t *said = json_object_get(body, "ssh_keys"), *all, *v, *more;
	size_t i;
	int rc = 0;

	if (!said)
		return 0;
	all = json_array();
	json_array_foreach(said, i, v)
	{
		if (!json_is_object(v))
			json_array_append(all, v);
		else if ((rc = keys(f, v, &more)))
			break;
		else
			json_array_extend(all, more);
	}
	if (!rc)
		json_object_set(body, "ssh_keys", all);
	json_decref(all);
	return rc;
}

static int fill_first_boot(struct files *f, json_t *body)
{
	json_t *ref = json_object_get(body, "first_boot"), *text;
	int rc = ref ? value(f, ref, "first-boot", &text) : 0;

	if (ref && !rc)
		json_object_set(body, "first_boot", text);
	return rc;
}

static int fill(struct lab *lab, const char *path, char *why, size_t size)
{
	struct files f = {path, json_object(), json_object(), why, size};
	int rc = 0;

	for (size_t i = 0; i < lab->n_machines && !rc; i++) {
		rc = fill_settings(&f, lab->machines[i].body);
		if (!rc)
			rc = fill_keys(&f, lab->machines[i].body);
		if (!rc)
			rc = fill_first_boot(&f, lab->machines[i].body);
	}
	json_decref(f.values);
	json_decref(f.keys);
	return rc;
}

/* All of a file, at most LAB_FILE_MAX + 1 bytes, for wipe_free(). 0, or -errno with the line. */
static int read_file(const char *path, char **ret, size_t *ret_len, char *why, size_t size)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(LAB_FILE_MAX + 1) : NULL;

	if (!text) {
		int rc = -errno;

		snprintf(why, size, "%s: %s", path, strerror(-rc));
		if (f)
			fclose(f);
		return rc;
	}
	*ret_len = fread(text, 1, LAB_FILE_MAX + 1, f);
	if (ferror(f)) {
		snprintf(why, size, "%s: it cannot be read: %s", path, strerror(errno));
		fclose(f);
		free(text);
		return -EIO;
	}
	fclose(f);
	*ret = text;
	return 0;
}

int lab_load_by(lab_reader read, const char *path, struct lab **ret, char *why, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	int rc = read_file(path, &text, &len, why, size);

	if (rc)
		return rc;
	rc = read(text, len, path, ret, why, size);
	wipe_free(text); /* settings in it may be secrets */
	if (rc)
		return rc;
	rc = fill(*ret, path, why, size);
	if (!rc)
		return 0;
	lab_free(*ret);
	*ret = NULL;
	return rc;
}

int lab_load(const char *path, struct lab **ret, char *why, size_t size)
{
	return lab_load_by(lab_read, path, ret, why, size);
}
