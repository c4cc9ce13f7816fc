/* ktopic dlq list */
#include <inttypes.h>
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"
#include "tools/ktopic/dlq/dlq.h"

/* Reasons may carry a value each: beyond so many different ones they are counted together. */
#define REASONS_MAX 1000

struct list {
    const struct letters *letters;
    json_t *reasons; /* {"group\nstage\nreason": {"group", "stage", "reason", "count", "replayed"}} */
    json_int_t count, replayed;
};

static void increase(json_t *object, const char *name, bool by_one)
{
    json_int_t count = json_integer_value(json_object_get(object, name));
    json_object_set_new(object, name, json_integer(count + by_one));
}

static int count_letter(void *context, const struct letter *letter, struct error *error)
{
    struct list *list = context;
    char group[LETTER_TEXT_BYTES], stage[LETTER_TEXT_BYTES], reason[LETTER_TEXT_BYTES];
    char key[3 * LETTER_TEXT_BYTES];
    if (letter->kind != LETTER || !letter->is_chosen)
        return 0;
    const char *why = letter_text(letter->reason, reason);
    if (json_object_size(list->reasons) >= REASONS_MAX)
        why = "(further reasons)";
    snprintf(key, sizeof key, "%s\n%s\n%s", letter_text(letter->group, group),
             letter_text(letter->stage, stage), why);
    json_t *entry = json_object_get(list->reasons, key);
    if (entry == NULL) {
        entry = json_pack("{s:s, s:s, s:s}", "group", letter_text(letter->group, group), "stage",
                          letter_text(letter->stage, stage), "reason", why);
        if (json_object_set_new(list->reasons, key, entry) == -1)
            return error_set(error, "out of memory");
    }
    increase(entry, "count", true);
    increase(entry, "replayed", letter->is_replayed);
    list->count++;
    list->replayed += letter->is_replayed;
    return 0;
}

static json_int_t count_of(const json_t *entry)
{
    return json_integer_value(json_object_get(entry, "count"));
}

static int by_count(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a;
    const json_t *right = *(json_t *const *)b;
    if (count_of(left) != count_of(right))
        return count_of(left) < count_of(right) ? 1 : -1;
    return strcmp(json_string_value(json_object_get(left, "reason")),
                  json_string_value(json_object_get(right, "reason")));
}

/* The most frequent first. */
static json_t *sorted(json_t *reasons)
{
    size_t count = 0;
    const char *key;
    json_t *entry;
    json_t *list = json_array();
    json_t **entries = calloc(json_object_size(reasons) + 1, sizeof(json_t *));
    if (entries == NULL)
        return list;
    json_object_foreach(reasons, key, entry) entries[count++] = entry;
    qsort(entries, count, sizeof(json_t *), by_count);
    for (size_t i = 0; i < count; i++)
        json_array_append(list, entries[i]);
    free(entries);
    return list;
}

static void print_json(const struct list *list, json_t *reasons)
{
    const struct letters *letters = list->letters;
    json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:O}", "topic", letters->topic, "dlq_topic",
                             letters->name, "letters", list->count, "replayed", list->replayed, "repeats",
                             (json_int_t)letters->kinds[LETTER_REPEAT], "of_other_topics",
                             (json_int_t)letters->kinds[LETTER_OF_OTHERS], "unreadable",
                             (json_int_t)letters->kinds[LETTER_NONE], "reasons", reasons);
    log_json(json);
    json_decref(json);
}

static void print_table(const struct list *list, const json_t *reasons)
{
    const struct letters *letters = list->letters;
    size_t index;
    json_t *entry;
    log_line("%8s %8s  %-24s %-12s %s", "LETTERS", "REPLAYED", "GROUP", "STAGE", "REASON");
    json_array_foreach(reasons, index, entry)
        log_line("%8" JSON_INTEGER_FORMAT " %8" JSON_INTEGER_FORMAT "  %-24s %-12s %s", count_of(entry),
                 json_integer_value(json_object_get(entry, "replayed")),
                 json_string_value(json_object_get(entry, "group")),
                 json_string_value(json_object_get(entry, "stage")),
                 json_string_value(json_object_get(entry, "reason")));
    log_line("%s: %" JSON_INTEGER_FORMAT " dead letter%s, %" JSON_INTEGER_FORMAT " sent back", letters->name,
             list->count, list->count == 1 ? "" : "s", list->replayed);
    if (letters->kinds[LETTER_REPEAT] > 0)
        log_line("%" PRIu64 " more are repeats of them", letters->kinds[LETTER_REPEAT]);
    if (letters->kinds[LETTER_NONE] > 0)
        log_line("%" PRIu64 " records there are not dead letters", letters->kinds[LETTER_NONE]);
}

int dlq_list(struct letters *letters, struct error *error)
{
    struct list list = {.letters = letters, .reasons = json_object()};
    int result = letters_each(letters, count_letter, &list, error);
    if (result == 0) {
        json_t *reasons = sorted(list.reasons);
        if (letters->settings->json)
            print_json(&list, reasons);
        else
            print_table(&list, reasons);
        json_decref(reasons);
    }
    json_decref(list.reasons);
    return result;
}
