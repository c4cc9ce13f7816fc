/* source.h: offsets from somewhere, of each partition in ascending order, one at a time: the rows of a sink,
 * the dead letters, the acknowledged lines of a ledger. What compares them with the topic holds one of each.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SOURCE_H
#define KSUPERVISE_TOOLS_KAUDIT_SOURCE_H

#include "common/error.h"
#include "tools/kaudit/content.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a dead letter is. */
enum letter_tag { LETTER_SENT, LETTER_IN_OUTBOX };

struct source_item {
    int64_t offset;
    int64_t tag;            /* a ledger's: the seq; a dead letter's: enum letter_tag; otherwise 0 */
    int64_t timestamp_ms;   /* of the record that it stands for; 0 and less: the source does not tell */
    struct content content; /* a row's; nothing is known of it: the source does not tell */
};

struct source {
    /* 1 with the next item of that partition, 0 when there is none, -1 with the error. Partitions are asked
     * in any order. */
    int (*next)(void *state, int32_t partition, struct source_item *item, struct error *error);
    void (*close)(void *state); /* NULL: nothing to close */
    void *state;
};

static inline void source_close(struct source *source)
{
    if (source->close != NULL)
        source->close(source->state);
    *source = (struct source){0};
}

/* One partition of a source, with its next item in hand. */
struct cursor {
    const struct source *source; /* NULL: nothing */
    int32_t partition;
    bool loaded, ended;
    struct source_item item;
};

/* True when there is an item, which stays until cursor_step. On an error false, and *result is -1. */
static inline bool cursor_has(struct cursor *cursor, int *result, struct error *error)
{
    if (cursor->loaded)
        return true;
    if (cursor->source == NULL || cursor->ended || *result == -1)
        return false;
    int answer = cursor->source->next(cursor->source->state, cursor->partition, &cursor->item, error);
    if (answer == -1)
        *result = -1;
    cursor->loaded = answer == 1;
    cursor->ended = answer != 1;
    return cursor->loaded;
}

static inline void cursor_step(struct cursor *cursor)
{
    cursor->loaded = false;
}

#endif
