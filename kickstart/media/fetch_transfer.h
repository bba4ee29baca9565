/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transfer of one URL into the shelf: a libcurl easy handle and what its callbacks need. The fetching thread's. */
#ifndef USHER_KICKSTART_MEDIA_FETCH_TRANSFER_H
#define USHER_KICKSTART_MEDIA_FETCH_TRANSFER_H

#include "core/addr.h"
#include "kickstart/media/fetch_shelf.h"

#include <curl/curl.h>

enum { FETCH_LINE = 1536 }; /* a URL and what became of it */

struct fetch_transfer {
	const struct fetch_shelf *shelf;
	struct fetch_name name;
	const char *url;
	void *owner;             /* for CURLINFO_PRIVATE */
	char wanted[SHA256_HEX]; /* "": any content */
	bool local;              /* as of struct fetches_config */
	CURL *easy;              /* NULL between requests */
	struct curl_slist *headers;
	struct fetch_record record;
	struct fetch_request asked;
	struct fetch_reply reply;
	struct ip unfit; /* an address of the server that is not asked, as `local` is not set */
	bool body;       /* its first byte came, and what it means is known */
	int fd;          /* of the part; -1: closed */
	struct sha256 sum;
	uint64_t have, size; /* bytes of the file that are here, and that it has (0: not known) */
	uint64_t gained;     /* by this request */
	unsigned tries;
	char curl_says[CURL_ERROR_SIZE];
	/* The outcome of fetch_transfer_end(). */
	char line[FETCH_LINE]; /* of an error; or a warning, or "" */
	bool fetched;          /* bytes came: it is new */
};

/* Looks at what is there. 0: it is what is wanted, nobody is to be asked (`line` ""); -EINPROGRESS: `easy` is ready
 * for curl_multi_add_handle(); else -errno with `line`. `t` has shelf, name, url, owner, wanted, local and is else zero. */
int fetch_transfer_begin(struct fetch_transfer *t);
/* The request is over, `easy` out of its multi handle. 0: the file is there; -EINPROGRESS: `easy` is
 * ready to be asked again; else -errno. */
int fetch_transfer_end(struct fetch_transfer *t, CURLcode code);
/* Also in the middle: what came stays. */
void fetch_transfer_fini(struct fetch_transfer *t);

#endif
