/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT), judged as ssh-keygen -l does: a key's base64 must hold the
 * fields of its type (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4; PROTOCOL.u2f for security keys), and nothing else. Pure.
 */
#ifndef USHER_CORE_SSH_KEY_H
#define USHER_CORE_SSH_KEY_H

/* NULL: the line is valid. Else what it is instead, or what is wrong with it (static text). */
const char *ssh_key_error(const char *line);

#endif
