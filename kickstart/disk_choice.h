/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a disk is like that shall be installed on, where it is not named: serial=TEXT, wwn=HEX, size=480G, or smallest or
 * largest, alone or with -ssd, -hdd or -nvme. The script find-disk.sh in kickstart/partials looks for it in the installer.
 */
#ifndef USHER_KICKSTART_DISK_CHOICE_H
#define USHER_KICKSTART_DISK_CHOICE_H

#include <stdbool.h>

enum { DISK_SERIAL_MAX = 64 }; /* bytes; SCSI's may have 252, but none that is sold has */

/* Is it a choice, good or not, and no name below /dev? */
bool disk_choice_is(const char *value);
/* Is it a choice that the script can look for? */
bool disk_choice_valid(const char *value);

#endif
