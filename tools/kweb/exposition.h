/* exposition.h: the lines of Prometheus' text format and of OpenMetrics: families with their help and type,
 * then their samples. The two differ in a counter's and an info's name in the comment lines, in units, and in
 * the end mark.
 *
 *   https://prometheus.io/docs/instrumenting/exposition_formats/
 *   https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 *
 * A sample is four short texts, and there are hundreds of thousands: they are put together in a buffer here,
 * which stdio would do at several times the cost. The writer checks whether it is full, and takes it.
 */
#ifndef KSUPERVISE_TOOLS_KWEB_EXPOSITION_H
#define KSUPERVISE_TOOLS_KWEB_EXPOSITION_H

#include <stdbool.h>

#include "common/stats/definitions.h"
#include "tools/kweb/labels.h"

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS };

/* A state set is a gauge of 0 and 1 a state in both formats: OpenMetrics' own demands a label that is named
 * as the metric. */
enum exposition_type {
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_STATES,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_INFO
};

struct exposition_family {
    char name[96]; /* without _total or _info */
    const char *help;
    const char *unit; /* the end of the name, or "" */
    enum exposition_type type;
    bool microseconds; /* the values are; they are written in seconds */
};

/* Full: what one row has at the most still fits, a state set's or a histogram's dozen samples. */
#define EXPOSITION_FULL_BYTES   32768
#define EXPOSITION_ROW_SAMPLES  16
#define EXPOSITION_SAMPLE_BYTES (LABELS_BYTES + 512)

struct exposition {
    enum exposition_format format;
    const struct exposition_family *family;
    size_t used;
    char bytes[EXPOSITION_FULL_BYTES + EXPOSITION_ROW_SAMPLES * EXPOSITION_SAMPLE_BYTES];
};

void exposition_begin(struct exposition *exposition, enum exposition_format format);
void exposition_end(struct exposition *exposition);
bool exposition_is_full(const struct exposition *exposition);

/* What follows are its samples; it must stay until the next one. */
void exposition_family(struct exposition *exposition, const struct exposition_family *family);
/* "counter", as the text format has it. */
const char *exposition_type_name(enum exposition_type type);
/* "_total" or "_info", which the samples' name has behind the family's; or "". */
const char *exposition_suffix(enum exposition_type type);

/* One sample. `labels` as labels.h makes them; one that is unknown is left out. */
void exposition_sample(struct exposition *exposition, struct span labels, int64_t value);
/* One with a suffix and a further label, where `name` is not NULL: of a histogram, of a state set. */
struct exposition_extra {
    const char *suffix, *name, *value;
};
void exposition_part(struct exposition *exposition, struct span labels, struct exposition_extra extra,
                     int64_t value);

/* Microseconds as seconds, exactly: "1.5". Returns the length. */
#define EXPOSITION_SECONDS_BYTES 32
size_t exposition_seconds(int64_t microseconds, char text[EXPOSITION_SECONDS_BYTES]);

#endif
