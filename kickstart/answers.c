#include "kickstart/answers.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum mustache_format escaping;
} kinds[ANSWERS_KINDS] = {
	[ANSWERS_NONE] = {"none", MUSTACHE_NONE},
	[ANSWERS_KICKSTART] = {"kickstart", MUSTACHE_KICKSTART},
	[ANSWERS_PRESEED] = {"preseed", MUSTACHE_PRESEED},
	[ANSWERS_AUTOINSTALL] = {"autoinstall", MUSTACHE_YAML},
	[ANSWERS_CLOUD_CONFIG] = {"cloud-config", MUSTACHE_YAML},
	[ANSWERS_AUTOYAST] = {"autoyast", MUSTACHE_XML},
	[ANSWERS_IGNITION] = {"ignition", MUSTACHE_JSON},
	[ANSWERS_SCRIPT] = {"script", MUSTACHE_SHELL},
	[ANSWERS_YAML] = {"yaml", MUSTACHE_YAML},
	[ANSWERS_XML] = {"xml", MUSTACHE_XML},
	[ANSWERS_JSON] = {"json", MUSTACHE_JSON},
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
