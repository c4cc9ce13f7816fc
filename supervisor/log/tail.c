#include "supervisor/log/tail.h"

#include <stdbool.h>

#define CUT_MARK "…"

/* In the ring in front of each line's text. */
struct header {
    uint64_t number;
    int64_t time_us;
    uint64_t generation;
    size_t length;
};

_Static_assert(sizeof(struct header) + TAIL_LINE_BYTES <= TAIL_BYTES, "any line fits into an empty ring");

static void drop_oldest(struct tail *tail)
{
    struct header header;
    byte_ring_get(&tail->ring, 0, &header, sizeof header);
    byte_ring_drop(&tail->ring, sizeof header + header.length);
    tail->count--;
    tail->forgotten = header.number;
}

/* How much of a line that is too long stays: UTF-8 continues a character with 10xxxxxx. */
static size_t cut(const char *text)
{
    size_t length = TAIL_LINE_BYTES - (sizeof CUT_MARK - 1);
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* Allocated by the first line. */
static bool have_ring(struct tail *tail)
{
    if (tail->ring.bytes == NULL)
        tail->ring = (struct byte_ring){.bytes = malloc(TAIL_BYTES), .size = TAIL_BYTES};
    return tail->ring.bytes != NULL;
}

void tail_add(struct tail *tail, uint64_t number, int64_t time_us, uint64_t generation, const char *text,
              size_t length)
{
    size_t kept = length > TAIL_LINE_BYTES ? cut(text) : length;
    size_t mark = length > TAIL_LINE_BYTES ? sizeof CUT_MARK - 1 : 0;
    struct header header = {number, time_us, generation, kept + mark};
    tail->last = number;
    if (!have_ring(tail)) {
        tail->forgotten = number;
        return;
    }
    while (tail->count == TAIL_LINES || byte_ring_room(&tail->ring) < sizeof header + header.length)
        drop_oldest(tail);
    byte_ring_put(&tail->ring, &header, sizeof header);
    byte_ring_put(&tail->ring, text, kept);
    byte_ring_put(&tail->ring, CUT_MARK, mark);
    tail->count++;
}

void tail_each(const struct tail *tail, uint64_t after, tail_visitor *visit, void *context)
{
    char text[TAIL_LINE_BYTES + 1];
    size_t at = 0;
    for (size_t i = 0; i < tail->count; i++) {
        struct header header;
        byte_ring_get(&tail->ring, at, &header, sizeof header);
        if (header.number > after) {
            byte_ring_get(&tail->ring, at + sizeof header, text, header.length);
            text[header.length] = '\0';
            visit(&(struct tail_line){header.number, header.time_us, header.generation, text, header.length},
                  context);
        }
        at += sizeof header + header.length;
    }
}

void tail_release(struct tail *tail)
{
    free(tail->ring.bytes);
    *tail = (struct tail){0};
}
