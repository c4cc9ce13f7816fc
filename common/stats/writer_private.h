/* writer_private.h: a writer's insides. They are in a header only because stats_add is inlined (0.3 ns
 * instead of 1.4); nobody but writer.h, writer.c and their tests may look in here. */
#ifndef KSUPERVISE_COMMON_STATS_WRITER_PRIVATE_H
#define KSUPERVISE_COMMON_STATS_WRITER_PRIVATE_H

#include "common/stats/words.h"

#include <stdbool.h>

#define STATS_STATUS_WORDS_MAX 16

struct stats_header;

struct stats_writer {
    stats_word *counters; /* first: the hot path needs nothing else */
    stats_word *tick;
    stats_word *selectors;
    unsigned char *base;
    struct stats_header *layout; /* own copy, so that nobody can move what is behind the offsets */
    size_t counter_count, status_count, partition_count, histogram_count;
    uint32_t histograms_offset;
    int fd; /* holds the lock */
    uint64_t slots_used;
    int64_t status[STATS_STATUS_WORDS_MAX];
    int64_t *partitions; /* partition_capacity · partition_count values, not yet or already published */
};

/* Where the parts are, by writer->layout and writer->base. */
void writer_point(struct stats_writer *writer);
/* Twice the room for partitions, in an object that takes over the name: what the writer has put into the old
 * one is in the new one. False, and nothing is changed: no memory, /dev/shm is full, STATS_PARTITIONS_MAX, or
 * the segment has no name. */
bool writer_grow(struct stats_writer *writer);

#endif
