/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write-image DISK SIZE SHA256: writes the image that standard input brings. Says percentages, a line each, and what it did last;
 * what fails on standard error. Exit status 1: it failed; 3: the stream ended early, and may be asked for again.
 * write-image --label PATH…: gives each file the SELinux label of its folder, where that has one.
 */
#include "contrib/write-image/label.h"
#include "contrib/write-image/write_image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, BROKE_OFF = 3 };

static void say_percent(unsigned percent)
{
	printf("%u\n", percent);
	fflush(stdout);
}

static int label_all(int n, char **paths)
{
	int rc = 0;

	for (int i = 0; i < n && !rc; i++) {
		rc = label_as_folder(paths[i]);
		if (rc)
			fprintf(stderr, "%s cannot be labelled: %s\n", paths[i], strerror(-rc));
	}
	return rc ? FAILED : 0;
}

static int write_it(char **argv)
{
	struct write_image w = {.disk = argv[0], .progress = say_percent};
	struct write_image_done done;
	char sum[SHA256_HEX] = "", why[512], *end;
	int rc;

	w.sum = sum;
	w.size = strtoull(argv[1], &end, 10);
	if (*end || !sha256_parse(argv[2], sum)) {
		fprintf(stderr, "no size and SHA-256: '%s' '%s'\n", argv[1], argv[2]);
		return USAGE;
	}
	rc = write_image(&w, STDIN_FILENO, &done, why, sizeof why);
	if (rc) {
		fprintf(stderr, "%s\n", why);
		return rc == -EPIPE ? BROKE_OFF : FAILED;
	}
	printf("%" PRIu64 " MB came, %" PRIu64 " MB written, %" PRIu64 " MB are zeros%s\n",
		done.in / 1000000, done.written / 1000000, done.skipped / 1000000,
		done.moved ? "; the partition table goes to the disk's end" : "");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--label"))
		return label_all(argc - 2, argv + 2);
	if (argc == 4)
		return write_it(argv + 1);
	fprintf(stderr, "usage: write-image DISK SIZE SHA256 | --label PATH...\n");
	return USAGE;
}
