/* The user's terminal in raw mode: put back as it was however the program ends, kill -9 apart. */
#ifndef USHER_USHER_TERMINAL_H
#define USHER_USHER_TERMINAL_H

/* 0, or -errno: -ENOTTY, `fd` is none. Once in a process. */
int terminal_raw(int fd);
/* Again as it was. Fine when it is. */
void terminal_restore(void);
/* Rows of the terminal; 24 when it is none, or does not say. */
int terminal_rows(int fd);

#endif
