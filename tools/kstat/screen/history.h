/* history.h: how far each worker had come, second by second, for rates and a sparkline: the last minute. One
 * thread. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_HISTORY_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_HISTORY_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_SECONDS 60
#define SPARK_SECONDS   20
#define SPARK_BYTES     (3 * SPARK_SECONDS + 1)

struct history; /* opaque */

struct history *history_new(void); /* NULL without memory */
void history_free(struct history *history);

/* A look at a worker at that moment. A counter that went back, or a time, begins anew. Without memory nothing
 * is known. */
void history_look(struct history *history, const char *worker, int64_t value, int64_t us);

/* Records a second, over at most the last `window_us` (0: since the look before). False before the second
 * reading. */
bool history_rate(const struct history *history, const char *worker, int64_t window_us, double *rate);

/* The rates of the last SPARK_SECONDS, oldest first, each a block as high as it is of the highest. "" until
 * there are two of them. `utf8`: else ASCII. */
void history_spark(const struct history *history, const char *worker, bool utf8, char text[SPARK_BYTES]);

#endif
