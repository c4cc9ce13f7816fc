/* ktopic dlq show */
#include <inttypes.h>
#include <jansson.h>

#include "common/log.h"
#include "tools/ktopic/dlq/dlq.h"

static json_t *text_or_null(struct kafka_header header)
{
    char text[LETTER_TEXT_BYTES];
    return header.data == NULL ? json_null() : json_string(letter_text(header, text));
}

static json_t *letter_json(const struct letters *letters, const struct letter *letter)
{
    return json_pack("{s:o, s:i, s:I, s:o, s:s, s:i, s:I, s:o, s:o, s:o, s:o, s:b}", "id",
                     text_or_null(letter->id), "dlq_partition", (int)letter->message->partition, "dlq_offset",
                     (json_int_t)letter->message->offset, "group", text_or_null(letter->group), "topic",
                     letters->topic, "partition", (int)letter->partition, "offset",
                     (json_int_t)letter->offset, "stage", text_or_null(letter->stage), "reason",
                     text_or_null(letter->reason), "attempts", text_or_null(letter->attempts),
                     "first_failure", text_or_null(letter->first_failure), "replayed", letter->is_replayed);
}

/* show.h has the record as JSON already: it becomes the last member. */
static void print_json(const struct letters *letters, const struct letter *letter, const char *record)
{
    json_t *json = letter_json(letters, letter);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    if (text != NULL)
        log_line("%.*s,\"record\":%s}", (int)strlen(text) - 1, text, record);
    free(text);
    json_decref(json);
}

static void print_text(const struct letter *letter, const char *record)
{
    char group[LETTER_TEXT_BYTES], stage[LETTER_TEXT_BYTES], reason[LETTER_TEXT_BYTES],
        attempts[LETTER_TEXT_BYTES], when[LETTER_TEXT_BYTES], key[LETTER_TEXT_BYTES];
    struct kafka_header its_key = {letter->message->key, letter->message->key_len};
    log_line("%" PRId32 ":%" PRId64 " group %s gave up partition %" PRId32 " offset %" PRId64
             " (key %s) in %s at %s, attempts %s: %s%s",
             letter->message->partition, letter->message->offset, letter_text(letter->group, group),
             letter->partition, letter->offset, letter_text(its_key, key), letter_text(letter->stage, stage),
             letter_text(letter->first_failure, when), letter_text(letter->attempts, attempts),
             letter_text(letter->reason, reason), letter->is_replayed ? " (sent back)" : "");
    log_line("    %s", record);
}

struct showing {
    const struct letters *letters;
    struct show show;
};

static int show_letter(void *context, const struct letter *letter, struct error *error)
{
    struct showing *showing = context;
    if (letter->kind != LETTER || !letter->is_chosen)
        return 0;
    const char *record = show_message(&showing->show, &letter->content);
    if (record == NULL)
        return error_set(error, "no memory to show a record of %zu bytes", letter->content.length);
    if (showing->show.json)
        print_json(showing->letters, letter, record);
    else
        print_text(letter, record);
    return 0;
}

int dlq_show(struct letters *letters, struct error *error)
{
    struct showing showing = {.letters = letters};
    show_init(&showing.show, letters->schema);
    showing.show.json = letters->settings->json;
    int result = letters_each(letters, show_letter, &showing, error);
    show_release(&showing.show);
    return result;
}
