/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the header of a qcow2 (docs/interop/qcow2.txt of QEMU) says before any program opens the image: one that names another file
 * could name any file of this host. Pure.
 */
#ifndef USHER_USHER_CLI_QCOW2_HEAD_H
#define USHER_USHER_CLI_QCOW2_HEAD_H

#include <stddef.h>
#include <stdint.h>

enum { QCOW2_HEAD = 112 }; /* bytes that are wanted of it */

/* `*ret_size`: bytes of the disk. NULL, or what is wrong with it, as "it is encrypted". */
const char *qcow2_head_fault(const unsigned char *head, size_t n, uint64_t *ret_size);

#endif
