#include "tools/ktopic/show.h"

#include <inttypes.h>
#include <jansson.h>

#include "common/exit_codes.h"
#include "common/record/text.h"
#include "common/schema_file.h"
#include "common/text.h"

#define LINE_BYTES_FIRST 4096
/* The largest record in JSON's worst escape, six characters a byte. */
#define LINE_BYTES_MAX (8 * RECORD_BYTES_MAX)
/* Of a value that cannot be decoded, so much is shown. */
#define RAW_BYTES_MAX 256

void show_init(struct show *show, const struct schema *fallback)
{
    *show = (struct show){.fallback = fallback};
}

void show_release(struct show *show)
{
    free(show->line);
    show->line = NULL;
}

static bool grow(struct show *show, size_t capacity)
{
    char *line = realloc(show->line, capacity);
    if (line == NULL)
        return false;
    show->line = line;
    show->capacity = capacity;
    return true;
}

static const char *const match_problems[] = {
    [SCHEMA_UNKNOWN_NAME] = "its schema header names an unknown schema",
    [SCHEMA_UNKNOWN_MAJOR] = "its schema header names a major version that is not known here",
    [SCHEMA_MALFORMED] = "its schema header is not of the form name/1",
};

int show_fallback(const char *workload, const char *file, const char *topic, const struct schema **fallback,
                  struct error *error)
{
    *fallback = NULL;
    if (workload != NULL || file != NULL) {
        struct schema *own;
        const struct schema_spec spec = {workload, workload != NULL, file, NULL};
        *fallback = schema_open(&spec, &own, error);
        if (*fallback == NULL)
            return file != NULL ? -1 : error_context(error, "--workload");
        return 0;
    }
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (strcmp(schema->topic, topic) == 0)
            *fallback = schema;
    return 0;
}

bool show_decode(const struct schema *fallback, const struct message *message, struct record *record,
                 char *reason, size_t bytes)
{
    const struct schema *schema = fallback;
    if (message->schema != NULL) {
        enum schema_match match =
            schema_from_header(message->schema, message->schema_length, fallback, &schema);
        if (match != SCHEMA_KNOWN) {
            size_t used = (size_t)snprintf(reason, bytes, "%s: ", match_problems[match]);
            text_escape(reason, bytes, &used, message->schema, message->schema_length);
            return false;
        }
    }
    struct record_problem problem;
    if (message->value == NULL)
        snprintf(reason, bytes, "it has no value");
    else if (schema == NULL)
        snprintf(reason, bytes,
                 "it has no schema header, and no workload has this topic: name one with --workload");
    else if (record_decode(schema, message->value, message->length, record, &problem) == -1)
        record_problem_text(&problem, reason, bytes);
    else
        return true;
    return false;
}

static void raw_text(const struct message *message, char *text, size_t bytes)
{
    size_t used = 0;
    size_t length = message->length < RAW_BYTES_MAX ? message->length : RAW_BYTES_MAX;
    text[0] = '\0';
    if (message->value != NULL)
        text_escape(text, bytes, &used, message->value, length);
    if (message->length > length && used < bytes)
        text_append(text, bytes, used, "… (%zu bytes)", message->length);
}

static bool show_undecodable(struct show *show, const struct message *message, const char *reason)
{
    char raw[RAW_BYTES_MAX * 4 + 64];
    raw_text(message, raw, sizeof raw);
    show->undecodable++;
    if (!show->json) {
        snprintf(show->line, show->capacity,
                 "partition %" PRId32 " offset %" PRId64 " cannot be decoded: %s: %s", message->partition,
                 message->offset, reason, raw);
        return true;
    }
    json_t *json = json_pack("{s:{s:i, s:I, s:s, s:s}}", "undecodable", "partition", (int)message->partition,
                             "offset", (json_int_t)message->offset, "reason", reason, "value", raw);
    size_t length = json == NULL ? 0 : json_dumpb(json, show->line, show->capacity - 1, JSON_COMPACT);
    json_decref(json);
    if (length == 0 || length >= show->capacity)
        return false;
    show->line[length] = '\0';
    return true;
}

/* With --offsets its place comes first, as in the lines that kconsume's ndjson writes. */
static bool put_json(struct show *show, const struct message *message, const struct record *record)
{
    size_t used = 0;
    if (show->offsets)
        used = (size_t)snprintf(show->line, show->capacity, "{\"partition\":%" PRId32 ",\"offset\":%" PRId64,
                                message->partition, message->offset);
    if (record_json(record, show->line + used, show->capacity - used) == -1)
        return false;
    if (used > 0 && show->line[used + 1] == '}') /* no field: only its end is wanted */
        memmove(show->line + used, show->line + used + 1, 2);
    else if (used > 0)
        show->line[used] = ',';
    return true;
}

static bool show_decoded(struct show *show, const struct message *message, const struct record *record)
{
    size_t used = 0;
    if (show->offsets && !show->json)
        used = (size_t)snprintf(show->line, show->capacity, "%" PRId32 ":%" PRId64 " ", message->partition,
                                message->offset);
    if (!show->json) {
        record_line(record, show->number, show->line + used, show->capacity - used);
        return true;
    }
    while (!put_json(show, message, record))
        if (show->capacity >= LINE_BYTES_MAX || !grow(show, show->capacity * 2))
            return false;
    return true;
}

const char *show_message(struct show *show, const struct message *message)
{
    struct record record;
    char reason[512];
    if (show->line == NULL && !grow(show, LINE_BYTES_FIRST))
        return NULL;
    show->number++;
    bool shown = show_decode(show->fallback, message, &record, reason, sizeof reason)
                     ? show_decoded(show, message, &record)
                     : show_undecodable(show, message, reason);
    return shown ? show->line : NULL;
}
