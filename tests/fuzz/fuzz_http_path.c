/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer may send: targets, arguments, header values. No overrun, and what passes is safe. */
#include "httpd/http_path.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_path(const char *raw, size_t len)
{
	char path[HTTP_PATH_MAX], again[HTTP_PATH_MAX];
	struct http_piece piece[HTTP_SEGMENTS_MAX];
	size_t n;

	if (http_path_normalise(raw, len, path) < 0)
		return;
	must(path[0] == '/' && strlen(path) <= len);
	must(http_utf8_valid(path, strlen(path)));
	must(!strstr(path, "//") && !strchr(path, '\\') && !strchr(path, '\n'));
	n = http_path_split(path, piece, HTTP_SEGMENTS_MAX);
	for (size_t i = 0; i < n && i < HTTP_SEGMENTS_MAX; i++)
		must(!http_piece_is(&piece[i], "..") && !http_piece_is(&piece[i], "."));
	if (!strchr(path, '%')) {
		must(http_path_normalise(path, strlen(path), again) == 0);
		must(strcmp(path, again) == 0);
	}
	must(http_content_type(path) != NULL);
}

static void check_target(char *text)
{
	struct http_arg args[HTTP_ARGS_MAX];
	const char *path, *query;
	size_t path_len, n;
	char *copy;

	if (http_target_split(text, &path, &path_len, &query) < 0)
		return;
	check_path(path, path_len);
	if (!query)
		return;
	copy = strdup(query);
	if (copy && http_args_parse(copy, args, &n) == 0)
		for (size_t i = 0; i < n; i++)
			must(http_utf8_valid(args[i].name, strlen(args[i].name)) &&
				http_utf8_valid(args[i].value, strlen(args[i].value)));
	free(copy);
}

static void check_range(const char *text, uint64_t size)
{
	uint64_t first, n;

	if (http_range_parse(text, size, &first, &n) == HTTP_RANGE_PART)
		must(n > 0 && first < size && n <= size - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	int64_t seconds;

	if (!text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	check_path((const char *)data, len);
	check_target(text);
	check_range(text, 0);
	check_range(text, 1000);
	check_range(text, UINT64_MAX);
	http_conditions_judge(&(struct http_conditions){.match = text}, "\"1-2-3\"", 0);
	http_conditions_judge(&(struct http_conditions){.none_match = text}, "\"1-2-3\"", 0);
	http_conditions_judge(
		&(struct http_conditions){.unmodified_since = text, .modified_since = text},
		"\"1-2-3\"", 1);
	if (http_date_parse(text, &seconds) == 0)
		must(seconds > -100000000000);
	free(text);
	return 0;
}
