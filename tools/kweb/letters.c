#include "tools/kweb/letters.h"

#include "common/msgpack/to_json.h"
#include "tools/kweb/verb.h"

/* Of the lines those that are objects; what else there is (a warning) becomes a note. */
static void sort_line(json_t *line, json_t *objects, json_t *notes)
{
    json_t *object = json_loadb(json_string_value(line), json_string_length(line), 0, NULL);
    if (json_is_object(object))
        json_array_append(objects, object);
    else
        json_array_append(notes, line);
    json_decref(object);
}

static void sort_lines(const struct mp_reader *result, json_t *objects, json_t *notes)
{
    struct mp_reader reader = *result;
    size_t index;
    json_t *line;
    json_t *all = mp_to_json(&reader);
    json_array_foreach(json_object_get(all, "lines"), index, line) sort_line(line, objects, notes);
    json_decref(all);
}

typedef json_t *make_answer(json_t *objects);

/* The answer is what `make` makes of the objects, with the notes; it is NULL where they are not what was
 * asked for. */
static void answer_lines(struct exchange *exchange, enum call_end end, const struct mp_reader *result,
                         const char *text, make_answer *make)
{
    if (end != CALL_ANSWERED) {
        answer_call_end(exchange, end, text);
        return;
    }
    json_t *objects = json_array(), *notes = json_array();
    sort_lines(result, objects, notes);
    json_t *value = make(objects);
    json_object_set(value, "notes", notes);
    json_decref(objects);
    json_decref(notes);
    if (value != NULL)
        answer_json(exchange, MHD_HTTP_OK, value);
    else
        answer_call_end(exchange, CALL_BROKEN, "ktopic has not said what became of it");
}

static json_t *only_object(json_t *objects)
{
    return json_array_size(objects) == 1 ? json_incref(json_array_get(objects, 0)) : NULL;
}

static json_t *as_records(json_t *objects)
{
    return json_pack("{s:O}", "records", objects);
}

static void answered_object(void *context, enum call_end end, const struct mp_reader *result,
                            const char *text)
{
    answer_lines(context, end, result, text, only_object);
}

static void answered_records(void *context, enum call_end end, const struct mp_reader *result,
                             const char *text)
{
    answer_lines(context, end, result, text, as_records);
}

static void ask_letters(struct exchange *exchange, const char *argument, call_done *done)
{
    ask_verb_of(exchange, exchange->route->verb, exchange_value(exchange, "topic"), argument, done, exchange);
}

void serve_letters(struct exchange *exchange)
{
    ask_letters(exchange, "list", answered_object);
}

void serve_letter_records(struct exchange *exchange)
{
    char argument[64];
    snprintf(argument, sizeof argument, "show %s", exchange_value(exchange, "limit"));
    ask_letters(exchange, argument, answered_records);
}

void serve_letters_replay(struct exchange *exchange)
{
    bool dry_run = strcmp(exchange_value(exchange, "dry_run"), "true") == 0;
    ask_letters(exchange, dry_run ? "replay dry-run" : "replay", answered_object);
}
