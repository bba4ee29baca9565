/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's specification as JSON, for tests. */
#ifndef USHER_TESTS_SPEC_MAKE_H
#define USHER_TESTS_SPEC_MAKE_H

#include "machine/machine.h"

#include <check.h>
#include <jansson.h>

/* What a record says of its guest, as the store has it. Borrowed until the next call. */
__attribute__((unused)) static json_t *base_spec_of(const struct machine *m)
{
	static json_t *spec;

	json_decref(spec);
	spec = machine_spec_store(&m->spec);
	ck_assert_ptr_nonnull(spec);
	return spec;
}

/* Puts the members of `with` (stolen) into it. */
__attribute__((unused)) static void base_spec_put(struct machine *m, json_t *with)
{
	json_t *spec = json_deep_copy(base_spec_of(m));
	const char *key = "";

	ck_assert_int_eq(json_object_update(spec, with), 0);
	machine_spec_fini(&m->spec);
	ck_assert_msg(!machine_spec_parse(spec, &m->spec, &key), "%s", key);
	json_decref(spec);
	json_decref(with);
}

#endif
