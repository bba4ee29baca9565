#ifndef USHER_SERVICE_GUESTS_ACT_H
#define USHER_SERVICE_GUESTS_ACT_H

struct machine;
struct service;

/* `actions`: LIFE_DO_… */
void act_carry_out(struct service *s, struct machine *m, unsigned actions);
/* Before a guest of ours starts, and when the servers on its segments are others: its packet filter, as it should be
 * now. Nobody waits for it; what is asked of the guest later comes after it. Bare metal is fine. */
void act_refilter(struct service *s, struct machine *m);
/* What a guest needs that is not as its record says; each tells the timeline. */
void act_start_install(struct service *s, struct machine *m);
void act_stop(struct service *s, struct machine *m);
/* There is no domain any more; `what` is static. */
void act_make_again(struct service *s, struct machine *m, const char *what);
/* Jobs whose ends nobody will hear of. */
void act_drop_all(struct service *s);

#endif
