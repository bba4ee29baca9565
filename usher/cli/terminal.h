/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's terminal in another mode: put back as it was however the program ends, kill -9 apart. */
#ifndef USHER_USHER_TERMINAL_H
#define USHER_USHER_TERMINAL_H

/* For what another machine writes and reads. 0, or -errno: -ENOTTY, `fd` is none. Once in a process. */
int terminal_raw(int fd);
/* Each key comes as it is pressed, and is not shown; ^C and the like do what they always do. As terminal_raw(); -ENOTTY also
 * when we are in its background. */
int terminal_keys(int fd);
/* Again as it was. Fine when it is. What was typed and not read is dropped; behind terminal_raw() the terminal on stdout also
 * leaves the modes that what was written to it may have set. */
void terminal_restore(void);
/* Rows of the terminal; 24 when it is none, or does not say. */
int terminal_rows(int fd);

#endif
