/* schema_private.h: what the parts of the parser share. Inside common/record only. */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_PRIVATE_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_PRIVATE_H

#include "common/record/schema.h"
#include "common/record/schema_words.h"

struct schema_parser {
    struct words words;
    struct schema *schema;
    struct field *fields;
    struct schema_slot *slots;
    struct schema_slot_name *names;
    struct word places[RECORD_FIELDS_MAX]; /* where each field's name stands */
    size_t open[SCHEMA_DEPTH_MAX];         /* slots of the maps that the last field is in */
    size_t open_count;
    size_t maps;
    struct word key;  /* what the head says; without text: nothing */
    struct word line; /* the human line's template, likewise */
    bool has_exponent;
};

/* schema_field.c: the words of a line that declares a field. -1 with the error, as all of these. */
int schema_read_field(struct schema_parser *parser);

/* schema_layout.c: the name of the field that is being read: its path, label, column, slots. */
int schema_place_field(struct schema_parser *parser, const struct word *path, const struct word *label,
                       const struct word *column);
/* After the last field. */
int schema_finish_layout(struct schema_parser *parser);

/* schema_line.c: the human line. */
int schema_read_line(struct schema_parser *parser);

#endif
