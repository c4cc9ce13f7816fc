/* labels.h: the labels of a sample, without braces: worker="bravo",topic="payments". Foreign text is escaped
 * as the formats want it, and made valid UTF-8: one byte that is not would cost the whole scrape. */
#ifndef KSUPERVISE_TOOLS_KWEB_LABELS_H
#define KSUPERVISE_TOOLS_KWEB_LABELS_H

#include "common/banned.h"

#include <stddef.h>
#include <stdint.h>

/* Part of a text. */
struct span {
    const char *text;
    size_t length;
};

/* Name, client, group and topic, each byte of them three as U+FFFD. */
#define LABELS_BYTES 4096
struct labels {
    size_t used;
    char text[LABELS_BYTES]; /* not terminated */
};

/* An empty value is none: that is what it means to Prometheus. What does not fit is left out whole. */
void labels_add(struct labels *labels, const char *name, const char *value);
void labels_add_number(struct labels *labels, const char *name, int64_t number);
struct span labels_span(const struct labels *labels);

#endif
