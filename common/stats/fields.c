#include "common/stats/fields.h"

#include "common/stats/definitions.h"
#include "common/stats/object.h"
#include "common/stats/printable.h"

void fields_describe(struct wire_field *wire, const struct stats_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(wire[i].name, sizeof wire[i].name, "%s", fields[i].name);
        wire[i].offset = (uint32_t)fields[i].offset;
        wire[i].bytes = (uint32_t)fields[i].bytes;
    }
}

/* Takes a field of theirs for the one of ours that has its name; ill-fitting ones count as absent. */
static void adopt(const struct wire_field *wire, uint32_t record_bytes, const struct stats_field *fields,
                  struct field_location *locations, size_t count)
{
    if ((uint64_t)wire->offset + wire->bytes > record_bytes)
        return;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(fields[i].name, wire->name, sizeof wire->name) != 0)
            continue;
        if (fields[i].is_text ? wire->bytes > 0 : wire->bytes == sizeof(int64_t))
            locations[i] = (struct field_location){.offset = wire->offset, .bytes = wire->bytes};
    }
}

int fields_find(int fd, const struct wire_fields *theirs, const struct stats_field *fields,
                struct field_location *locations, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        locations[i].offset = FIELD_ABSENT;
    for (uint32_t i = 0; i < theirs->count; i++) {
        struct wire_field wire;
        if (!object_read(fd, &wire, sizeof wire, theirs->offset + (uint64_t)i * theirs->stride))
            return error_set(error, "a truncated object");
        adopt(&wire, theirs->record_bytes, fields, locations, count);
    }
    return 0;
}

static void take(const unsigned char *record, const struct field_location *location,
                 const struct stats_field *field, char *to)
{
    const int64_t unknown = STATS_UNKNOWN;
    if (location->offset != FIELD_ABSENT)
        memcpy(to, record + location->offset,
               location->bytes < field->bytes ? location->bytes : field->bytes);
    else if (!field->is_text)
        memcpy(to, &unknown, sizeof unknown);
    if (field->is_text)
        printable(to, field->bytes);
}

void fields_take(const unsigned char *record, const struct field_location *locations,
                 const struct stats_field *fields, size_t count, void *to)
{
    for (size_t i = 0; i < count; i++)
        take(record, &locations[i], &fields[i], (char *)to + fields[i].offset);
}
