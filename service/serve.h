/* Blocks until a signal ends it; the program's exit status. `config` is complete. */
#ifndef USHER_SERVICE_SERVE_H
#define USHER_SERVICE_SERVE_H

struct config;

int serve(const struct config *config);

#endif
