/* flat.h: every value under one name, for scripts: `bravo.lag`, `bravo.latency.process_us.p99`,
 * `bravo/payments/3/committed`. A pattern is a glob over such names (fnmatch(3); `*` crosses dots and
 * slashes). */
#ifndef KSUPERVISE_TOOLS_KSTAT_FLAT_H
#define KSUPERVISE_TOOLS_KSTAT_FLAT_H

#include "common/view/values.h"

#define FLAT_NAME_BYTES  512
#define FLAT_VALUE_BYTES 1024

/* `name` is valid during the call. */
typedef void flat_each(void *context, const struct view_worker *worker, const char *name,
                       struct stat_value value);

/* All of one worker, attached. */
void flat_worker(const struct view *view, const struct view_worker *worker, const struct rates *rates,
                 flat_each *each, void *context);

/* True for a word that can only be a pattern: it has a glob's characters, a slash, or a dot that no number of
 * a scaled worker (bravo.2) follows. */
bool flat_is_pattern(const char *word);
bool flat_matches(const char *pattern, const char *name);

/* As text, for a script: `?` when it is unknown; texts are escaped for a terminal. */
void flat_text(struct stat_value value, char text[FLAT_VALUE_BYTES]);

#endif
