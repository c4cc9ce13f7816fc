/* events_layout.h: what stands where in a ring of events, byte by byte; drawn in README.md. The conventions
 * are those of layout.h. Only common/stats includes this. */
#ifndef KSUPERVISE_COMMON_STATS_EVENTS_LAYOUT_H
#define KSUPERVISE_COMMON_STATS_EVENTS_LAYOUT_H

#include "common/stats/events.h"
#include "common/stats/fields.h"

#define EVENTS_MAGIC          "KSUPEVT" /* with its NUL: 8 bytes */
#define EVENTS_BYTE_ORDER     UINT32_C(0x01020304)
#define EVENTS_LAYOUT_VERSION UINT32_C(1)
#define EVENTS_OBJECT         ".~events" /* behind the directory's name */

struct events_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version; /* stored last */
    uint64_t total_bytes;
    uint32_t fields_offset; /* of an entry */
    uint32_t field_bytes;   /* stride */
    uint32_t field_count;
    uint32_t kinds_offset;
    uint32_t kind_bytes; /* stride */
    uint32_t kind_count;
    uint32_t cursor_offset; /* struct events_cursor */
    uint32_t entries_offset;
    uint32_t entry_bytes; /* stride */
    uint32_t entry_count; /* event n stands in entry n mod entry_count */
    int64_t created_us;
    char instance[40];
};

/* Two numbers of events: the one that is being written, or was last, and the newest that is whole. */
struct events_cursor {
    uint64_t intent;
    uint64_t tail; /* readers wait on its lower half */
};

/* Kind k is the k-th, from 1. */
struct events_wire_kind {
    char name[32];
    char help[112];
    char from[32], to[32], count[32];
};

#define AT(type, member, offset)                                                                             \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member " moved")
AT(events_header, magic, 0);
AT(events_header, byte_order, 8);
AT(events_header, version, 12);
AT(events_header, total_bytes, 16);
AT(events_header, fields_offset, 24);
AT(events_header, field_bytes, 28);
AT(events_header, field_count, 32);
AT(events_header, kinds_offset, 36);
AT(events_header, kind_bytes, 40);
AT(events_header, kind_count, 44);
AT(events_header, cursor_offset, 48);
AT(events_header, entries_offset, 52);
AT(events_header, entry_bytes, 56);
AT(events_header, entry_count, 60);
AT(events_header, created_us, 64);
AT(events_header, instance, 72);
_Static_assert(sizeof(struct events_header) == 112, "events header size");
AT(events_cursor, intent, 0);
AT(events_cursor, tail, 8);
AT(events_wire_kind, name, 0);
AT(events_wire_kind, help, 32);
AT(events_wire_kind, from, 144);
AT(events_wire_kind, to, 176);
AT(events_wire_kind, count, 208);
_Static_assert(sizeof(struct events_wire_kind) == 240, "events kind size");
AT(event, sequence, 0);
AT(event, time_us, 8);
AT(event, kind, 16);
AT(event, generation, 24);
AT(event, pid, 32);
AT(event, partition, 40);
AT(event, from, 48);
AT(event, to, 56);
AT(event, count, 64);
AT(event, worker, 72);
AT(event, text, 120);
#undef AT
_Static_assert(sizeof(struct event) % sizeof(uint64_t) == 0, "copied in 8-byte steps");

/* The members of struct event, by name. */
#define EVENT_FIELD_COUNT 11
extern const struct stats_field event_fields[EVENT_FIELD_COUNT];

/* The half of a word that changes with every event. */
#define EVENTS_LOWER_HALF (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : sizeof(uint32_t))

/* All but what is an object's own (version, created_us, instance). */
void events_layout(struct events_header *header);
/* Fields and kinds, into an image of the object. */
void events_layout_tables(const struct events_header *header, unsigned char *image);

#endif
