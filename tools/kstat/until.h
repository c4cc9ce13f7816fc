/* until.h: conditions that a script waits for: `bravo.lag == 0`, `*.state == ready`, `bravo.processed >=
 * 1000`. A condition is true when its pattern matches something and it is true of all that it matches; what
 * is unknown makes none true. */
#ifndef KSUPERVISE_TOOLS_KSTAT_UNTIL_H
#define KSUPERVISE_TOOLS_KSTAT_UNTIL_H

#include "common/options.h"
#include "tools/kstat/flat.h"

#define UNTIL_MAX 16

enum comparison {
    COMPARE_EQUAL,
    COMPARE_UNEQUAL,
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_MORE,
    COMPARE_AT_LEAST
};

struct condition {
    const char *source; /* the caller's, whole */
    char pattern[FLAT_NAME_BYTES];
    enum comparison comparison;
    char text[128];
    int64_t number; /* STATS_UNKNOWN: it is text */
};

/* What one look found. */
enum until_verdict {
    UNTIL_TRUE,
    UNTIL_NOT_YET,
    UNTIL_NEVER /* something that it depends on is held, done, or dead without a supervisor to restart it */
};

/* `NAME OP VALUE`; a value is a number, a duration for what counts microseconds (5s), or a word, quoted or
 * not. -1: EXIT_CODE_USAGE. `source` must outlive it. */
int condition_parse(struct condition *condition, const char *source, struct error *error);

bool condition_holds(const struct condition *condition, struct stat_value value);

/* `why` tells what is not so (yet). */
#define UNTIL_WHY_BYTES 512
enum until_verdict until_look(const struct condition *conditions, size_t count, struct view *view,
                              const struct view_request *request, char why[UNTIL_WHY_BYTES]);

#endif
