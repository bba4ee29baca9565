/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that boot loaders ask for of their own accord, by TFTP or HTTP. Pure.
 *
 *	grub.cfg  grub.cfg-01-MAC  grub.cfg-HEX  grub.cfg-UUID             in any folder
 *	pxelinux.cfg/X, X: UUID, TYPE-MAC, HEX and its prefixes, default   in any folder
 *
 * and by our own word, of a boot that waits to be confirmed (script_wait()), in a folder named for its token:
 *
 *	usher/TOKEN/grub.cfg  usher/TOKEN/pxelinux.cfg/default
 *
 * HEX is the client's IPv4 address, cut from the end; the hardware type of Ethernet is 01. Firmware
 * and shim pass on folders with / doubled, as \ and as %5c.
 */
#ifndef USHER_KICKSTART_SCRIPT_NAME_H
#define USHER_KICKSTART_SCRIPT_NAME_H

#include "core/addr.h"
#include "kickstart/script.h"

struct script_name {
	enum script_kind kind; /* SCRIPT_GRUB or SCRIPT_PXELINUX */
	struct mac mac;        /* zero: the name has none */
	bool last;             /* PXELINUX's "default": it asks for nothing after that */
	char token[33];        /* "": the name has none */
};

/* 0; -ENOENT: the name of a file, as any other. */
int script_name_parse(const char *name, struct script_name *ret);
/* Is it what a firmware executes: a network boot program of BIOS or EFI, by the end of its name? */
bool script_name_is_program(const char *name);

#endif
