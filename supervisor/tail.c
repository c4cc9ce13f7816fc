#include "supervisor/tail.h"

#define CUT_MARK "…"

/* In the ring in front of each line's text. */
struct header {
    uint64_t number;
    int64_t time_us;
    uint64_t generation;
    size_t length;
};

_Static_assert(sizeof(struct header) + TAIL_LINE_BYTES <= TAIL_BYTES, "any line fits into an empty ring");

static size_t around(size_t place)
{
    return place % TAIL_BYTES;
}

static void put(struct tail *tail, const void *bytes, size_t length)
{
    size_t at = around(tail->head + tail->used);
    size_t first = TAIL_BYTES - at < length ? TAIL_BYTES - at : length;
    memcpy(tail->ring + at, bytes, first);
    memcpy(tail->ring, (const char *)bytes + first, length - first);
    tail->used += length;
}

static void get(const struct tail *tail, size_t at, void *bytes, size_t length)
{
    at = around(at);
    size_t first = TAIL_BYTES - at < length ? TAIL_BYTES - at : length;
    memcpy(bytes, tail->ring + at, first);
    memcpy((char *)bytes + first, tail->ring, length - first);
}

static void drop_oldest(struct tail *tail)
{
    struct header header;
    get(tail, tail->head, &header, sizeof header);
    tail->head = around(tail->head + sizeof header + header.length);
    tail->used -= sizeof header + header.length;
    tail->count--;
}

/* How much of a line that is too long stays: UTF-8 continues a character with 10xxxxxx. */
static size_t cut(const char *text)
{
    size_t length = TAIL_LINE_BYTES - (sizeof CUT_MARK - 1);
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void tail_add(struct tail *tail, int64_t time_us, uint64_t generation, const char *text, size_t length)
{
    size_t kept = length > TAIL_LINE_BYTES ? cut(text) : length;
    size_t mark = length > TAIL_LINE_BYTES ? sizeof CUT_MARK - 1 : 0;
    struct header header = {++tail->last, time_us, generation, kept + mark};
    if (tail->ring == NULL && (tail->ring = malloc(TAIL_BYTES)) == NULL)
        return;
    while (tail->count == TAIL_LINES || TAIL_BYTES - tail->used < sizeof header + header.length)
        drop_oldest(tail);
    put(tail, &header, sizeof header);
    put(tail, text, kept);
    put(tail, CUT_MARK, mark);
    tail->count++;
}

void tail_each(const struct tail *tail, uint64_t after, tail_visitor *visit, void *context)
{
    char text[TAIL_LINE_BYTES + 1];
    size_t at = tail->head;
    for (size_t i = 0; i < tail->count; i++) {
        struct header header;
        get(tail, at, &header, sizeof header);
        if (header.number > after) {
            get(tail, at + sizeof header, text, header.length);
            text[header.length] = '\0';
            visit(&(struct tail_line){header.number, header.time_us, header.generation, text, header.length},
                  context);
        }
        at = around(at + sizeof header + header.length);
    }
}

void tail_release(struct tail *tail)
{
    free(tail->ring);
    *tail = (struct tail){0};
}
