/* samples.h: what the instance is now, looked at by one for all who want to see it: a snapshot for the page,
 * as text, again and again while somebody reads. One thread. */
#ifndef KSUPERVISE_TOOLS_KWEB_SAMPLES_H
#define KSUPERVISE_TOOLS_KWEB_SAMPLES_H

#include "tools/kweb/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SAMPLES_EVERY_US INT64_C(500000)

struct samples; /* opaque */

int samples_open(struct samples **samples, const struct settings *settings, struct error *error);
void samples_close(struct samples *samples); /* NULL is fine */

/* One reader more, or one less: without any nothing is looked at. */
void samples_want(struct samples *samples);
void samples_unwant(struct samples *samples);

void samples_check(struct samples *samples, int64_t now_us);
int64_t samples_deadline_us(const struct samples *samples);

/* An hour of it: {"interval_s", "workers", "samples"}, as README.md has it. */
void samples_history(const struct samples *samples, FILE *stream);

/* A text that several readers have. */
struct shared_text {
    unsigned holders;
    size_t length;
    char *bytes;
};
/* The last snapshot, README.md has its form, and its number; NULL: there is none yet. The caller lets it go.
 */
struct shared_text *samples_snapshot(const struct samples *samples, uint64_t *number);
void shared_text_release(struct shared_text *text);

#endif
