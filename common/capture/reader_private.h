/* reader_private.h: what the files of the reader share. */
#ifndef KSUPERVISE_COMMON_CAPTURE_READER_PRIVATE_H
#define KSUPERVISE_COMMON_CAPTURE_READER_PRIVATE_H

#include "common/capture/capture.h"

struct frame_entry {
    int64_t time_us;
    uint64_t offset; /* of the packed bytes */
    uint64_t packed_bytes, plain_bytes;
};

/* Of the frame that is looked at; `bytes` points into it. */
struct kept_object {
    struct capture_item item;
    const unsigned char *bytes;
};

struct capture {
    struct source source; /* first: it is found by it */
    int fd;               /* owned */
    char path[256];       /* what it is called */
    struct capture_bounds bounds;
    struct frame_entry *entries;
    size_t frames, capacity;
    bool cut;
    uint64_t end; /* of the last whole frame */
    size_t at;
    unsigned char *plain;
    struct kept_object *objects;
    size_t object_count, object_capacity;
    char instance[sizeof((struct capture_item *)NULL)->name];
};

static inline bool capture_is_segment(const struct capture_item *item)
{
    return item->type == CAPTURE_SEGMENT || item->type == CAPTURE_PROBLEM;
}

extern const struct source_class capture_source_class; /* reader_source.c */

#endif
