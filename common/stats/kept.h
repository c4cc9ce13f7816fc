/* kept.h: what a supervisor wants its successor to know beside its directory: an object of its own,
 * /ksupervise.<uid>.<instance>.~kept, 0600, replaced whole. It outlives the supervisor's death, as the
 * directory does; a clean stop unlinks it. The bytes are the caller's, and nothing that is read is to be
 * trusted. */
#ifndef KSUPERVISE_COMMON_STATS_KEPT_H
#define KSUPERVISE_COMMON_STATS_KEPT_H

#include "common/error.h"

#include <stddef.h>

#define KEPT_BYTES_MAX (4 * 1024 * 1024)

/* A reader finds the former one or this one. */
int kept_write(const char *instance, const void *bytes, size_t length, struct error *error);
/* NULL when there is none, or it cannot be read. The caller's, to free. */
void *kept_read(const char *instance, size_t *length);
void kept_unlink(const char *instance);

#endif
