/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of imported images: how many at once, of what, and what became of those that failed. */
#include "service/media/verifying.h"

#include "rooms_make.h"
#include "worker_gate.h"

#include <errno.h>

/* Of "abc", FIPS 180-2 B.1. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* Of nothing. */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct service rooms;
static struct imports *imports = &rooms.imports;

static void setup(void)
{
	rooms_make(&rooms);
}

static void teardown(void)
{
	rooms_unmake(&rooms);
}

/* An image of this name, imported, with this content. */
static struct medium *image(const char *name, const char *file, const char *content)
{
	struct medium m = {.image = true, .size = strlen(content)};
	FILE *f;

	snprintf(m.name, sizeof m.name, "%s", name);
	snprintf(m.path, sizeof m.path, "%s/%s", base_dir, file);
	f = fopen(m.path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(content, f);
	fclose(f);
	ck_assert_int_eq(imported_put(&rooms.content.imported, &m), 0);
	return imported_find(&rooms.content.imported, name);
}

static json_int_t said(const char *name, const char *key)
{
	json_t *j = verifying_json(imports, name);
	json_int_t n = j ? json_integer_value(json_object_get(j, key)) : -1;

	json_decref(j);
	return n;
}

static bool under_way(const char *name)
{
	return said(name, "total") >= 0;
}

static const char *failed(const char *name)
{
	static char text[512];
	json_t *j = verifying_json(imports, name);
	const char *s = json_string_value(json_object_get(j, "failed"));

	snprintf(text, sizeof text, "%s", s ? s : "");
	json_decref(j);
	return text;
}

static void verified(void)
{
	base_wait(&rooms.base, !imports->verifying);
}

START_TEST(summed_up)
{
	struct medium *m = image("a", "a.iso", "abc");

	worker_gate_shut(rooms.base.worker);
	strcpy(m->sum, "old");
	ck_assert_int_eq(verifying_start(imports, m), 0);
	ck_assert_str_eq(m->sum, ""); /* told again when it is known again */
	ck_assert_int_eq(said("a", "done"), 0);
	ck_assert_int_eq(said("a", "total"), 3);
	ck_assert_str_eq(failed("a"), "");
	ck_assert(!under_way("b"));
	worker_gate_open();
	verified();
	ck_assert(!under_way("a"));
	ck_assert_str_eq(m->sum, ABC);
	ck_assert_int_ne(m->verified_ms, 0);
	ck_assert_int_eq(verifying_start(imports, m), 0); /* once more */
	verified();
	ck_assert_str_eq(m->sum, ABC);
}
END_TEST

START_TEST(what_has_no_sum)
{
	struct medium *m = image("a", "a.iso", "abc");
	struct worker *w = rooms.base.worker;

	m->image = false;
	ck_assert_int_eq(verifying_start(imports, m), -EMEDIUMTYPE);
	m->image = true;
	strcpy(m->sum, "old");
	rooms.base.worker = NULL;
	ck_assert_int_eq(verifying_start(imports, m), -EAGAIN);
	rooms.base.worker = w;
	ck_assert_str_eq(m->sum, "old");
	ck_assert_ptr_null(imports->verifying);
}
END_TEST

START_TEST(a_few_at_once)
{
	struct medium *a, *b, *c;

	image("a", "a.iso", "abc");
	image("b", "b.iso", "");
	image("c", "c.iso", "abc");
	a = imported_find(&rooms.content.imported, "a");
	b = imported_find(&rooms.content.imported, "b");
	c = imported_find(&rooms.content.imported, "c");
	worker_gate_shut(rooms.base.worker);
	ck_assert_int_eq(verifying_start(imports, a), 0);
	ck_assert_int_eq(verifying_start(imports, b), 0);
	ck_assert_int_eq(verifying_start(imports, b), 0); /* it is under way */
	ck_assert_int_eq(verifying_start(imports, c), -EBUSY);
	worker_gate_open();
	verified();
	ck_assert_str_eq(a->sum, ABC);
	ck_assert_str_eq(b->sum, EMPTY);
	ck_assert_str_eq(c->sum, "");
	ck_assert_int_eq(verifying_start(imports, c), 0);
	verified();
	ck_assert_str_eq(c->sum, ABC);
}
END_TEST

/* Why is told until it is begun again; it holds up no other. */
START_TEST(failures)
{
	struct medium *a, *b;

	image("a", "a.iso", "abc");
	image("b", "b.iso", "abc");
	image("c", "c.iso", "abc");
	a = imported_find(&rooms.content.imported, "a");
	b = imported_find(&rooms.content.imported, "b");
	ck_assert_int_eq(unlink(a->path), 0);
	ck_assert_int_eq(truncate(b->path, 2), 0);
	ck_assert_int_eq(verifying_start(imports, a), 0);
	ck_assert_int_eq(verifying_start(imports, b), 0);
	base_wait(&rooms.base, *failed("a") && *failed("b"));
	ck_assert_ptr_nonnull(strstr(failed("a"), "No such file"));
	ck_assert_ptr_nonnull(strstr(failed("b"), "has changed"));
	ck_assert_int_eq(verifying_start(imports, imported_find(&rooms.content.imported, "c")), 0);
	base_wait(&rooms.base, !under_way("c"));
	image("a", "a.iso", "abc");
	ck_assert_int_eq(verifying_start(imports, a), 0);
	ck_assert_str_eq(failed("a"), "");
	base_wait(&rooms.base, !under_way("a"));
	ck_assert_str_eq(a->sum, ABC);
	verifying_drop(imports, "b");
	ck_assert_ptr_null(imports->verifying);
}
END_TEST

START_TEST(removed_meanwhile)
{
	worker_gate_shut(rooms.base.worker);
	ck_assert_int_eq(verifying_start(imports, image("a", "a.iso", "abc")), 0);
	verifying_drop(imports, "a");
	ck_assert_int_eq(imported_remove(&rooms.content.imported, "a"), 0);
	worker_gate_open();
	verified();
}
END_TEST

/* Removed, and imported again at once: that one is verified. */
START_TEST(removed_and_there_again)
{
	struct medium *m;

	worker_gate_shut(rooms.base.worker);
	ck_assert_int_eq(verifying_start(imports, image("a", "a.iso", "abc")), 0);
	verifying_drop(imports, "a");
	ck_assert_int_eq(imported_remove(&rooms.content.imported, "a"), 0);
	ck_assert(!under_way("a"));
	m = image("a", "a.iso", "abc");
	ck_assert_int_eq(verifying_start(imports, m), 0);
	ck_assert(under_way("a"));
	worker_gate_open();
	verified();
	ck_assert_str_eq(m->sum, ABC);
}
END_TEST

/* Another has its name by then: it does not get the sum of what was there, but its own. */
START_TEST(replaced_meanwhile)
{
	struct medium *m;

	worker_gate_shut(rooms.base.worker);
	ck_assert_int_eq(verifying_start(imports, image("a", "a.iso", "abc")), 0);
	m = image("a", "other.iso", "");
	if (_i)
		ck_assert_int_eq(verifying_start(imports, m), 0);
	worker_gate_open();
	verified();
	ck_assert_str_eq(m->sum, _i ? EMPTY : "");
}
END_TEST

/* Machines are given a disk's sum: it stays what it was when the image was imported, whatever became of the file. */
START_TEST(disks_keep_their_sum)
{
	struct medium *m = image("a", "a.img.zst", "abc");

	m->disk = true;
	strcpy(m->sum, ABC);
	worker_gate_shut(rooms.base.worker);
	ck_assert_int_eq(verifying_start(imports, m), 0);
	ck_assert_str_eq(m->sum, ABC);
	worker_gate_open();
	verified();
	ck_assert_int_ne(m->verified_ms, 0);
	strcpy(m->sum, EMPTY);
	ck_assert_int_eq(verifying_start(imports, m), 0);
	base_wait(&rooms.base, *failed("a"));
	ck_assert_ptr_nonnull(strstr(failed("a"), "its SHA-256 is " ABC ", and was " EMPTY));
	ck_assert_str_eq(m->sum, EMPTY);
	verifying_drop(imports, "a");
}
END_TEST

START_TEST(forgotten_at_the_end)
{
	struct medium *a = image("a", "a.iso", "abc");

	ck_assert_int_eq(unlink(a->path), 0);
	ck_assert_int_eq(verifying_start(imports, a), 0);
	base_wait(&rooms.base, *failed("a"));
	verifying_forget(imports);
	ck_assert_ptr_null(imports->verifying);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verifying");
	TCase *t = tcase_create("verifying");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, summed_up);
	tcase_add_test(t, what_has_no_sum);
	tcase_add_test(t, a_few_at_once);
	tcase_add_test(t, failures);
	tcase_add_test(t, removed_meanwhile);
	tcase_add_test(t, removed_and_there_again);
	tcase_add_loop_test(t, replaced_meanwhile, 0, 2);
	tcase_add_test(t, disks_keep_their_sum);
	tcase_add_test(t, forgotten_at_the_end);
	suite_add_tcase(s, t);
	return base_run(s);
}
