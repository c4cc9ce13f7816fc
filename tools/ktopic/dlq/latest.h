/* latest.h: the N latest of many texts, each with its time. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_LATEST_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_LATEST_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latest_text {
    int64_t time;
    char *text;
};

struct latest {
    struct latest_text *texts; /* the oldest first; of the same time in the order in which they came */
    size_t count, most;
};

/* `latest` must be zeroed; latest_release it in any case. */
int latest_init(struct latest *latest, size_t most, struct error *error);

/* Whether a text of that time would be kept: others need not be made. */
bool latest_wants(const struct latest *latest, int64_t time);

/* Takes the text, which it frees: at once, where it does not want it. */
void latest_add(struct latest *latest, int64_t time, char *text);

void latest_release(struct latest *latest);

#endif
