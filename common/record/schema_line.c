/* The human line: a text with fields in braces, {amount:+11}. */
#include <ctype.h>
#include <stdalign.h>

#include "common/names.h"
#include "common/record/schema_private.h"

#define PIECES_MAX 130
#define WIDTH_MAX  60
#define NUMBER     "number"

struct template
{
    struct schema_parser *parser;
    struct line_piece *pieces;
    size_t count;
};

static int fault(const struct template *t, const char *what, const char *text)
{
    return words_error(&t->parser->words, &t->parser->line, "%s%.60s", what, text);
}

static int add(struct template *t, const char *before, int field, int width, bool sign)
{
    if (t->count == PIECES_MAX)
        return fault(t, "the line has too many pieces", "");
    t->pieces[t->count++] =
        (struct line_piece){.before = before, .field = field, .width = width, .sign = sign};
    return 0;
}

static int unknown(const struct template *t, const char *name)
{
    const char *names[RECORD_FIELDS_MAX];
    const char *near = name_suggest(name, names, schema_labels(t->parser->schema, names));
    return words_error(
        &t->parser->words, &t->parser->line, "the line shows '%.40s', which is none of the fields%s%s%s",
        name, near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
}

/* "amount:+11": a sign, and a width, to the left when negative. `inside` is the template's own copy. */
static int take_field(struct template *t, const char *before, char *inside)
{
    char *colon = strrchr(inside, ':');
    bool sign = colon != NULL && colon[1] == '+';
    long width = 0;
    if (colon != NULL) {
        char *end;
        *colon = '\0';
        width = strtol(colon + 1, &end, 10);
        if (*end != '\0' || width > WIDTH_MAX || width < -WIDTH_MAX)
            return fault(t, "a width is a number up to 60: ", colon + 1);
    }
    if (strcmp(inside, NUMBER) == 0 && schema_label_index(t->parser->schema, NUMBER, strlen(NUMBER)) < 0)
        return add(t, before, LINE_NUMBER, (int)width, false);
    int index = schema_label_index(t->parser->schema, inside, strlen(inside));
    return index < 0 ? unknown(t, inside) : add(t, before, index, (int)width, sign);
}

/* The text up to a brace, in place: {{ and }} are braces of the text. Returns what follows the brace, NULL
 * when there is none. */
static char *take_text(char *at)
{
    char *to = at;
    for (; *at != '\0'; at++) {
        bool doubled = (*at == '{' || *at == '}') && at[1] == *at;
        if (*at == '{' && !doubled)
            break;
        at += doubled;
        *to++ = *at;
    }
    char *after = *at == '\0' ? NULL : at + 1;
    *to = '\0';
    return after;
}

static int take_template(struct template *t, char *at)
{
    while (*at != '\0') {
        char *before = at;
        at = take_text(at);
        if (at == NULL)
            return add(t, before, LINE_NOTHING, 0, false);
        char *close = strchr(at, '}');
        if (close == NULL)
            return fault(t, "a brace is not closed: {", at);
        *close = '\0';
        if (take_field(t, before, at) == -1)
            return -1;
        at = close + 1;
    }
    return 0;
}

/* Without a template: `shipment: parcel_id=…, carrier=…` */
static int tell_all(struct template *t)
{
    struct schema *schema = t->parser->schema;
    char text[SCHEMA_PATH_MAX * 2 + 80];
    for (size_t i = 0; i < schema->field_count; i++) {
        int length = i == 0 ? snprintf(text, sizeof text, "%s: %s=", schema->name, schema->fields[i].label)
                            : snprintf(text, sizeof text, ", %s=", schema->fields[i].label);
        const char *before = words_keep_text(&t->parser->words, text, (size_t)length);
        if (before == NULL || add(t, before, (int)i, 0, false) == -1)
            return -1;
    }
    return 0;
}

int schema_read_line(struct schema_parser *p)
{
    struct template t = {.parser = p};
    t.pieces = words_keep(&p->words, PIECES_MAX * sizeof *t.pieces, alignof(struct line_piece));
    if (t.pieces == NULL)
        return -1;
    int result;
    if (p->line.text == NULL) {
        result = tell_all(&t);
    } else {
        char *copy = words_keep_text(&p->words, p->line.text, p->line.length);
        result = copy == NULL ? -1 : take_template(&t, copy);
    }
    p->schema->line = t.pieces;
    p->schema->line_count = t.count;
    return result;
}
