/* fields.h: a record whose members stand in the object by name and offset, so that a reader of another build
 * finds those that it knows. Only common/stats includes this. */
#ifndef KSUPERVISE_COMMON_STATS_FIELDS_H
#define KSUPERVISE_COMMON_STATS_FIELDS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member of our own struct. */
struct stats_field {
    const char *name;
    size_t offset, bytes;
    bool is_text; /* else an int64 */
};

#define FIELD(type, member, text)                                                                            \
    {                                                                                                        \
        .name = #member, .offset = offsetof(struct type, member),                                            \
        .bytes = sizeof(((struct type *)0)->member), .is_text = (text)                                       \
    }

/* How it stands in an object. */
struct wire_field {
    char name[40];
    uint32_t offset; /* in a record */
    uint32_t bytes;
};

/* Where a member of ours is in their record. */
struct field_location {
    uint32_t offset; /* FIELD_ABSENT: they have none that fits */
    uint32_t bytes;
};
#define FIELD_ABSENT UINT32_MAX

/* Their list: `count` of them, `stride` bytes each, of records of `record_bytes`. */
struct wire_fields {
    uint32_t offset, stride, count, record_bytes;
};

void fields_describe(struct wire_field *wire, const struct stats_field *fields, size_t count);

/* Reads their list, and finds ours in it. -1 when the object ends before. */
int fields_find(int fd, const struct wire_fields *theirs, const struct stats_field *fields,
                struct field_location *locations, size_t count, struct error *error);

/* Their record as ours: texts end and are printable, a number that they do not have is STATS_UNKNOWN, a text
 * stays as it is. */
void fields_take(const unsigned char *record, const struct field_location *locations,
                 const struct stats_field *fields, size_t count, void *to);

#endif
