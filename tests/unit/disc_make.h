/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISO images for tests: made by xorriso when the test runs, some then spoilt by hand. */
#ifndef USHER_TESTS_DISC_MAKE_H
#define USHER_TESTS_DISC_MAKE_H

#include "kickstart/media/disc.h"

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static inline void sh(const char *what)
{
	char command[1024];

	snprintf(command, sizeof(command), "set -e; cd %s; %s", dir, what);
	ck_assert_msg(
		system(command) == 0, "failed (is xorriso there? contrib/deps build): %s", command);
}

static inline int open_image(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline void disc_set_up(void)
{
	strcpy(dir, "/tmp/usher-disc-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	sh("mkdir -p t/dists/stable/a/b/c/d/e/f/g/h; cd t; echo kernel >vmlinuz; : >empty; "
	   "echo deep >'dists/stable/a/b/c/d/e/f/g/h/A rather long Näme.txt'; ln -s . debian; "
	   "ln -s dists/stable/a link; touch -d @1700000000 vmlinuz");
}

static inline void disc_tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static inline void make(const char *options)
{
	char command[256];

	snprintf(command, sizeof(command),
		"xorriso -as mkisofs -quiet %s -o i.iso t 2>log || { cat log; false; }", options);
	sh(command);
}

static inline uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* In both byte orders (ECMA-119 7.3.3). */
static inline void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = p[7 - i] = (uint8_t)(v >> (8 * i));
}

/* The block of the directory whose record this is (ECMA-119 9.1), and where. */
static inline uint32_t load(int fd, const uint8_t *record, uint8_t block[DISC_BLOCK])
{
	uint32_t at = get32(record + 2);

	ck_assert_int_eq(pread(fd, block, DISC_BLOCK, (off_t)at * DISC_BLOCK), DISC_BLOCK);
	return at;
}

static inline uint32_t load_root(int fd, uint8_t block[DISC_BLOCK])
{
	uint8_t primary[DISC_BLOCK];

	ck_assert_int_eq(pread(fd, primary, DISC_BLOCK, 16 * DISC_BLOCK), DISC_BLOCK);
	return load(fd, primary + 156, block);
}

static inline uint8_t *record(uint8_t block[DISC_BLOCK], const char *name)
{
	uint8_t *p = block;

	while (*p && (p[32] != strlen(name) || memcmp(p + 33, name, p[32]) != 0))
		p += *p;
	ck_assert_msg(*p, "no %s", name);
	return p;
}

static inline void store(int fd, uint32_t at, const uint8_t block[DISC_BLOCK])
{
	ck_assert_int_eq(pwrite(fd, block, DISC_BLOCK, (off_t)at * DISC_BLOCK), DISC_BLOCK);
}

/* Makes vmlinuz a file of two extents, as xorriso writes what is over 4 GiB; nobody writes the
 * bytes. Returns its first block. */
static inline uint32_t make_over_4_gib(uint32_t gap)
{
	const uint32_t first = 0xfffff800;
	uint8_t block[DISC_BLOCK], copy[DISC_BLOCK], *p;
	int fd = open_image("i.iso", O_RDWR);
	uint32_t at = load_root(fd, block), start;

	p = record(block, "VMLINUZ.;1");
	start = get32(p + 2);
	memcpy(copy, p, (size_t)(block + DISC_BLOCK - p));
	memcpy(p + *p, copy, (size_t)(block + DISC_BLOCK - p - *p));
	put32(p + 10, first);
	p[25] |= 0x80;
	put32(p + *p + 2, start + first / DISC_BLOCK + gap);
	put32(p + *p + 10, 1000000);
	store(fd, at, block);
	ck_assert_int_eq(ftruncate(fd, (off_t)5 << 30), 0);
	close(fd);
	return start;
}

#endif
