/* show.h: an answer for people, or for programs. */
#ifndef KSUPERVISE_TOOLS_KCTL_SHOW_H
#define KSUPERVISE_TOOLS_KCTL_SHOW_H

#include "common/msgpack/reader.h"

/* The member "lines", one a line, escaped for a terminal. False when the result is no map with it. */
bool show_lines(struct mp_reader result, FILE *stream);

/* A number among the result's members. */
bool show_number(struct mp_reader result, const char *name, int64_t *number);

/* The whole result as one JSON object. */
bool show_json(struct mp_reader result, FILE *stream);

#endif
