/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's test driver has no consoles: here is one, of the domain "test", in place of libvirt's calls for streams (a
 * program's own functions are found before a library's). A test says what the guest prints.
 */
#ifndef USHER_TESTS_CONSOLE_STREAM_H
#define USHER_TESTS_CONSOLE_STREAM_H

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct {
	pthread_mutex_t lock;
	int error; /* of libvirt's, for who opens it; 0: it opens */
	unsigned opens, aborts;
	virStreamPtr stream; /* NULL: nobody listens */
	virStreamEventCallback look;
	void *arg;
	char *said; /* not taken yet */
	size_t n;
	bool closed;
	char typed[64];
} console_stream = {.lock = PTHREAD_MUTEX_INITIALIZER};

virErrorPtr virGetLastError(void)
{
	static _Thread_local virError e = {.message = (char *)"cannot open it"};
	virErrorPtr (*real)(void) = (virErrorPtr(*)(void))dlsym(RTLD_NEXT, "virGetLastError");

	e.code = console_stream.error;
	return console_stream.error ? &e : real();
}

int virDomainOpenConsole(virDomainPtr d, const char *name, virStreamPtr st, unsigned int flags)
{
	(void)d, (void)name, (void)st, (void)flags;
	pthread_mutex_lock(&console_stream.lock);
	console_stream.opens++;
	console_stream.closed = false;
	pthread_mutex_unlock(&console_stream.lock);
	return console_stream.error ? -1 : 0;
}

int virStreamEventAddCallback(virStreamPtr st, int events, virStreamEventCallback look, void *arg,
	virFreeCallback free_arg)
{
	(void)events, (void)free_arg;
	pthread_mutex_lock(&console_stream.lock);
	console_stream.stream = st;
	console_stream.look = look;
	console_stream.arg = arg;
	pthread_mutex_unlock(&console_stream.lock);
	return 0;
}

int virStreamEventUpdateCallback(virStreamPtr st, int events)
{
	(void)st, (void)events;
	return 0;
}

int virStreamEventRemoveCallback(virStreamPtr st)
{
	pthread_mutex_lock(&console_stream.lock);
	if (console_stream.stream == st)
		console_stream.stream = NULL;
	pthread_mutex_unlock(&console_stream.lock);
	return 0;
}

int virStreamAbort(virStreamPtr st)
{
	(void)st;
	console_stream.aborts++;
	return 0;
}

/* Called by what console_stream_say() calls: with the lock held. */
int virStreamRecv(virStreamPtr st, char *data, size_t room)
{
	size_t n = console_stream.n < room ? console_stream.n : room;

	(void)st;
	if (!n)
		return console_stream.closed ? 0 : -2;
	memcpy(data, console_stream.said, n);
	console_stream.n -= n;
	memmove(console_stream.said, console_stream.said + n, console_stream.n);
	return (int)n;
}

int virStreamSend(virStreamPtr st, const char *data, size_t n)
{
	(void)st;
	pthread_mutex_lock(&console_stream.lock);
	strncat(console_stream.typed, data, n);
	pthread_mutex_unlock(&console_stream.lock);
	return (int)n;
}

/* With the lock held. */
static inline void console_stream_tell(void)
{
	while (console_stream.stream && (console_stream.n || console_stream.closed)) {
		console_stream.look(
			console_stream.stream, VIR_STREAM_EVENT_READABLE, console_stream.arg);
		if (!console_stream.n)
			return;
	}
}

/* The guest prints `n` bytes. False: nobody listens. */
static inline bool console_stream_say(const char *bytes, size_t n)
{
	bool heard;

	pthread_mutex_lock(&console_stream.lock);
	heard = console_stream.stream;
	free(console_stream.said);
	console_stream.said = malloc(n);
	memcpy(console_stream.said, bytes, n);
	console_stream.n = heard ? n : 0;
	console_stream_tell();
	pthread_mutex_unlock(&console_stream.lock);
	return heard;
}

/* The guest closes it, or goes. */
static inline void console_stream_close(void)
{
	pthread_mutex_lock(&console_stream.lock);
	console_stream.closed = true;
	console_stream_tell();
	pthread_mutex_unlock(&console_stream.lock);
}

#endif
