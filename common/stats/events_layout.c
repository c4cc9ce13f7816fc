#include "common/stats/events_layout.h"

#define NUMBER(member) FIELD(event, member, false)
#define TEXT(member)   FIELD(event, member, true)

const struct stats_field event_fields[] = {
    NUMBER(sequence), NUMBER(time_us), NUMBER(kind),  NUMBER(generation), NUMBER(pid), NUMBER(partition),
    NUMBER(from),     NUMBER(to),      NUMBER(count), TEXT(worker),       TEXT(text),
};
_Static_assert(sizeof event_fields / sizeof event_fields[0] == EVENT_FIELD_COUNT, "count them");

/* --- kinds --------------------------------------------------------------------------------------------- */

#define X(id, kind_name, kind_help, from, to, count)                                                         \
    _Static_assert(sizeof(kind_name) <= sizeof((struct events_wire_kind *)0)->name &&                        \
                       sizeof(kind_help) <= sizeof((struct events_wire_kind *)0)->help,                      \
                   #id " is too long");
EVENT_KINDS(X)
#undef X

struct kind {
    const char *name, *help, *from, *to, *count;
};

static const struct kind kinds[EVENT_KIND_COUNT] = {
#define X(id, name, help, from, to, count) [id] = {name, help, from, to, count},
    EVENT_KINDS(X)
#undef X
};

static const char *or_none(const char *text)
{
    return text != NULL ? text : "";
}

struct event_about event_about(int64_t kind)
{
    if (kind <= EVENT_KIND_NONE || kind >= EVENT_KIND_COUNT)
        return (struct event_about){"?", "", "", "", ""};
    const struct kind *known = &kinds[kind];
    return (struct event_about){known->name, known->help, or_none(known->from), or_none(known->to),
                                or_none(known->count)};
}

const char *event_kind_name(int64_t kind)
{
    return event_about(kind).name;
}

void event_init(struct event *event, enum event_kind kind)
{
    *event = (struct event){
        .kind = kind,
        .generation = STATS_UNKNOWN,
        .pid = STATS_UNKNOWN,
        .partition = STATS_UNKNOWN,
        .from = STATS_UNKNOWN,
        .to = STATS_UNKNOWN,
        .count = STATS_UNKNOWN,
    };
}

/* --- the object ---------------------------------------------------------------------------------------- */

#define CACHE_LINE 64U

static uint32_t next_line(uint32_t offset)
{
    return (offset + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

void events_layout(struct events_header *header)
{
    memcpy(header->magic, EVENTS_MAGIC, sizeof header->magic);
    header->byte_order = EVENTS_BYTE_ORDER;
    header->field_bytes = sizeof(struct wire_field);
    header->field_count = EVENT_FIELD_COUNT;
    header->kind_bytes = sizeof(struct events_wire_kind);
    header->kind_count = EVENT_KIND_COUNT - 1;
    header->entry_bytes = sizeof(struct event);
    header->entry_count = EVENTS_KEPT;
    header->cursor_offset = next_line(sizeof *header);
    header->fields_offset = next_line(header->cursor_offset + sizeof(struct events_cursor));
    header->kinds_offset = header->fields_offset + header->field_count * header->field_bytes;
    header->entries_offset = next_line(header->kinds_offset + header->kind_count * header->kind_bytes);
    header->total_bytes = header->entries_offset + (uint64_t)header->entry_count * header->entry_bytes;
}

static void describe_kind(struct events_wire_kind *wire, int64_t kind)
{
    struct event_about about = event_about(kind);
    snprintf(wire->name, sizeof wire->name, "%s", about.name);
    snprintf(wire->help, sizeof wire->help, "%s", about.help);
    snprintf(wire->from, sizeof wire->from, "%s", about.from);
    snprintf(wire->to, sizeof wire->to, "%s", about.to);
    snprintf(wire->count, sizeof wire->count, "%s", about.count);
}

void events_layout_tables(const struct events_header *header, unsigned char *image)
{
    fields_describe((struct wire_field *)(void *)(image + header->fields_offset), event_fields,
                    EVENT_FIELD_COUNT);
    struct events_wire_kind *wire = (void *)(image + header->kinds_offset);
    for (uint32_t i = 0; i < header->kind_count; i++)
        describe_kind(&wire[i], i + 1);
}
