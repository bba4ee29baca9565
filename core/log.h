/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's log: one line per event on stderr, with sd-daemon priorities under systemd. Each line is made safe to
 * show, and tokens in it are hidden (core/plain.h). Only files that own a socket or a process log; leaf code returns
 * errors. Any thread.
 */
#ifndef USHER_CORE_LOG_H
#define USHER_CORE_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Lines above `max_priority` (LOG_ERR .. LOG_DEBUG) are dropped. */
void log_init(int max_priority);
void log_line(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Is this priority logged? Saves preparing a line that would be dropped. */
bool log_wants(int priority);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
