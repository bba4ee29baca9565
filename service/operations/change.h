/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arming again, confirming, disarming and deleting machines. */
#ifndef USHER_SERVICE_OPERATIONS_CHANGE_H
#define USHER_SERVICE_OPERATIONS_CHANGE_H

struct http_request;
struct machine;
struct operations;

void change_reinstall(struct operations *ops, struct http_request *r, struct machine *m);
/* Runs a profile that installs nothing. */
void change_run(struct operations *ops, struct http_request *r, struct machine *m);
void change_disarm(struct operations *ops, struct http_request *r, struct machine *m);
void change_confirm(struct operations *ops, struct http_request *r, struct machine *m);
void change_delete(struct operations *ops, struct http_request *r, struct machine *m);
/* Resumes a deletion that the end of the service or of libvirt interrupted. */
void change_go_on_deleting(struct operations *ops, struct machine *m);
void change_drop_all(struct operations *ops);
/* Deletes the record, its leases and its name in the network's DNS, in the store's open transaction. */
void change_forget(struct operations *ops, struct machine *m, const char *why);

#endif
