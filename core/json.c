/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/json.h"

const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const char *json_some(const char *text)
{
	return text && *text ? text : NULL;
}
