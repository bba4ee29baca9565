/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/answers.h"

#include <errno.h>
#include <string.h>

#define TEXT "text/plain; charset=utf-8"

static const struct {
	const char *name;
	enum mustache_format escaping;
	const char *type;
} kinds[ANSWERS_KINDS] = {
	[ANSWERS_NONE] = {"none", MUSTACHE_NONE, TEXT},
	[ANSWERS_KICKSTART] = {"kickstart", MUSTACHE_KICKSTART, TEXT},
	[ANSWERS_PRESEED] = {"preseed", MUSTACHE_PRESEED, TEXT},
	[ANSWERS_AUTOINSTALL] = {"autoinstall", MUSTACHE_YAML, "application/yaml"},
	[ANSWERS_CLOUD_CONFIG] = {"cloud-config", MUSTACHE_YAML, "application/yaml"},
	[ANSWERS_AUTOYAST] = {"autoyast", MUSTACHE_XML, "application/xml"},
	[ANSWERS_IGNITION] = {"ignition", MUSTACHE_JSON, "application/json"},
	[ANSWERS_SCRIPT] = {"script", MUSTACHE_SHELL, TEXT},
	[ANSWERS_YAML] = {"yaml", MUSTACHE_YAML, "application/yaml"},
	[ANSWERS_XML] = {"xml", MUSTACHE_XML, "application/xml"},
	[ANSWERS_JSON] = {"json", MUSTACHE_JSON, "application/json"},
};

const char *answers_name(enum answers a)
{
	return kinds[a].name;
}

int answers_parse(const char *name, enum answers *ret)
{
	if (strcmp(name, "shell") == 0)
		name = "script";
	for (size_t i = 0; i < ANSWERS_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*ret = (enum answers)i;
			return 0;
		}
	return -EINVAL;
}

enum mustache_format answers_escaping(enum answers a)
{
	return kinds[a].escaping;
}

const char *answers_type(enum answers a)
{
	return kinds[a].type;
}
