/* ktopic dlq show */
#include <inttypes.h>
#include <jansson.h>

#include "common/log.h"
#include "tools/ktopic/dlq/dlq.h"
#include "tools/ktopic/dlq/latest.h"

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
static void write_json(FILE *stream, const struct letters *letters, const struct letter *letter,
                       const char *record)
{
    json_t *json = letter_json(letters, letter);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    if (text != NULL)
        fprintf(stream, "%.*s,\"record\":%s}", (int)strlen(text) - 1, text, record);
    free(text);
    json_decref(json);
}

static void write_text(FILE *stream, const struct letter *letter, const char *record)
{
    char group[LETTER_TEXT_BYTES], stage[LETTER_TEXT_BYTES], reason[LETTER_TEXT_BYTES],
        attempts[LETTER_TEXT_BYTES], when[LETTER_TEXT_BYTES], key[LETTER_TEXT_BYTES];
    struct kafka_header its_key = {letter->message->key, letter->message->key_len};
    fprintf(stream,
            "%" PRId32 ":%" PRId64 " group %s gave up partition %" PRId32 " offset %" PRId64
            " (key %s) in %s at %s, attempts %s: %s%s\n    %s",
            letter->message->partition, letter->message->offset, letter_text(letter->group, group),
            letter->partition, letter->offset, letter_text(its_key, key), letter_text(letter->stage, stage),
            letter_text(letter->first_failure, when), letter_text(letter->attempts, attempts),
            letter_text(letter->reason, reason), letter->is_replayed ? " (sent back)" : "", record);
}

struct showing {
    const struct letters *letters;
    struct show show;
    struct latest latest; /* with --limit: told at the end */
};

/* The caller's; NULL without memory. */
static char *make_text(struct showing *showing, const struct letter *letter)
{
    char *text = NULL;
    size_t length;
    const char *record = show_message(&showing->show, &letter->content);
    FILE *stream = record == NULL ? NULL : open_memstream(&text, &length);
    if (stream == NULL)
        return NULL;
    if (showing->show.json)
        write_json(stream, showing->letters, letter, record);
    else
        write_text(stream, letter, record);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static int show_letter(void *context, const struct letter *letter, struct error *error)
{
    struct showing *showing = context;
    bool limited = showing->letters->settings->limit != 0;
    if (letter->kind != LETTER || !letter->is_chosen)
        return 0;
    int64_t time_ms = rd_kafka_message_timestamp(letter->message, NULL);
    if (limited && !latest_wants(&showing->latest, time_ms))
        return 0;
    char *text = make_text(showing, letter);
    if (text == NULL)
        return error_set(error, "no memory to show a record of %zu bytes", letter->content.length);
    if (limited) {
        latest_add(&showing->latest, time_ms, text);
        return 0;
    }
    log_line("%s", text);
    free(text);
    return 0;
}

static int show(struct showing *showing, struct letters *letters, struct error *error)
{
    if (latest_init(&showing->latest, (size_t)letters->settings->limit, error) == -1 ||
        letters_each(letters, show_letter, showing, error) == -1)
        return -1;
    for (size_t i = 0; i < showing->latest.count; i++)
        log_line("%s", showing->latest.texts[i].text);
    return 0;
}

int dlq_show(struct letters *letters, struct error *error)
{
    struct showing showing = {.letters = letters};
    show_init(&showing.show, letters->schema);
    showing.show.json = letters->settings->json;
    int result = show(&showing, letters, error);
    latest_release(&showing.latest);
    show_release(&showing.show);
    return result;
}
