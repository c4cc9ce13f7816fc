/* json_stream.h: JSON written directly to a stream: even for a thousand workers only one value is in memory
 * at a time. A library that builds a tree cannot do that, and takes five times as long. Compact. One
 * thread. */
#ifndef KSUPERVISE_COMMON_VIEW_JSON_STREAM_H
#define KSUPERVISE_COMMON_VIEW_JSON_STREAM_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/view/values.h"

struct json_stream {
    FILE *file;
    bool begun; /* the next value at this depth needs a comma */
};

/* `name` NULL: within a list, or the outermost. */
void json_stream_open(struct json_stream *json, const char *name, char bracket);
void json_stream_close(struct json_stream *json, char bracket);
void json_stream_null(struct json_stream *json, const char *name);
void json_stream_number(struct json_stream *json, const char *name, int64_t value);
void json_stream_boolean(struct json_stream *json, const char *name, bool value);
/* What is not finite is null. */
void json_stream_real(struct json_stream *json, const char *name, double value);
#define JSON_TEXT_MAX 1024 /* bytes: all that a segment and a directory have is shorter */
/* Valid UTF-8 whatever comes (text.h), cut to JSON_TEXT_MAX. NULL: null. */
void json_stream_text(struct json_stream *json, const char *name, const char *text);

/* Any of them. */
void values_json(struct json_stream *json, const char *name, struct stat_value value);

#endif
