/* provenance.h: where a record of another topic was taken from: a header that the `kafka` sink adds to
 * what it writes, and by which kaudit finds each source record again. Its value is
 * `TOPIC/PARTITION/OFFSET`, as text. */
#ifndef KSUPERVISE_COMMON_PROVENANCE_H
#define KSUPERVISE_COMMON_PROVENANCE_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdint.h>

#define PROVENANCE_HEADER "ksupervise.source"

/* A topic's name has at most 249 characters, none of which is a slash. */
#define PROVENANCE_BYTES 300

/* Returns the length; NUL-terminated. */
size_t provenance_format(char text[PROVENANCE_BYTES], const char *topic, int32_t partition, int64_t offset);

/* True when the text, which need not end with a NUL, names a record of `topic`. */
bool provenance_parse(const char *text, size_t length, const char *topic, int32_t *partition,
                      int64_t *offset);

#endif
