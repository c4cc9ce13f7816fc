/* statistics: totals over the records, told every --statistics-every records and at the end. What is totalled
 * follows from the schema: amounts per currency, split by sign; a count for each value of each list field;
 * how many different keys were active. */
#include "consumer/pipeline/stages/stages.h"

#include <inttypes.h>

#include "common/exit_codes.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/record/text.h"
#include "common/text.h"

enum { CURRENCIES_MAX = 32, CHOICES_MAX = 16, KEYS_INITIAL = 1024, KEYS_MAX = 1 << 20, GUESSES = 64 };

struct currency_total {
    char code[4];
    int exponent;
    uint64_t positive, negative;
    int64_t positive_minor, negative_minor; /* saturating */
};

/* How often each word of a list field came. */
struct list_counts {
    size_t field;
    const struct choice *choices;
    uint8_t choice_count;
    uint8_t guesses[GUESSES];
    uint64_t counts[CHOICES_MAX];
};

struct statistics {
    const struct schema *schema;
    uint64_t every;
    uint64_t records;
    int money_field, currency_field; /* -1: the schema has none */
    struct currency_total currencies[CURRENCIES_MAX];
    size_t currency_count;
    struct list_counts lists[RECORD_FIELDS_MAX];
    size_t list_count;
    /* the keys seen: an open-addressed set of 64-bit hashes, 0 is empty. A set of hashes, so that keys of any
     * length cost eight bytes. */
    uint64_t *keys;
    size_t key_capacity, key_count;
};

static void find_lists(struct statistics *s)
{
    for (size_t f = 0; f < s->schema->field_count; f++) {
        if (s->schema->fields[f].type != FIELD_ENUM)
            continue;
        struct list_counts *list = &s->lists[s->list_count++];
        list->field = f;
        list->choices = s->schema->fields[f].choices;
        while (list->choice_count < CHOICES_MAX && list->choices[list->choice_count].text != NULL)
            list->choice_count++;
    }
}

/* Nothing: as --statistics-every says, or only at the end. */
static int parse_every(const char *argument, const struct settings *settings, uint64_t *every,
                       struct error *error)
{
    int64_t value = settings->statistics_every;
    if (argument != NULL && option_parse_integer(argument, 1, INT64_MAX, &value, error) == -1)
        return -1;
    *every = (uint64_t)value;
    return 0;
}

static int statistics_open(void **state, const char *argument, const struct pipeline *pipeline,
                           struct error *error)
{
    uint64_t every;
    if (parse_every(argument, pipeline->settings, &every, error) == -1) {
        error->exit_code = EXIT_CODE_USAGE;
        return -1;
    }
    struct statistics *s = calloc(1, sizeof *s);
    uint64_t *keys = calloc(KEYS_INITIAL, sizeof *keys);
    if (s == NULL || keys == NULL) {
        free(s);
        free(keys);
        return error_set(error, "out of memory");
    }
    s->schema = pipeline->settings->schema;
    s->every = every;
    s->money_field = schema_type_index(s->schema, FIELD_MONEY);
    s->currency_field = schema_type_index(s->schema, FIELD_CURRENCY);
    s->keys = keys;
    s->key_capacity = KEYS_INITIAL;
    find_lists(s);
    *state = s;
    return 0;
}

static void statistics_close(void *state)
{
    struct statistics *s = state;
    free(s->keys);
    free(s);
}

/* --- keys ---------------------------------------------------------------------------------------------- */

/* FNV-1a's step (Fowler, Noll, Vo) on words of eight bytes instead of one, then the finalizer of SplitMix64,
 * which spreads what multiplication left in the high bits. Keys that differ in the last, shorter word differ
 * in it: it is padded with zeros, and the length is hashed too. */
static uint64_t hash(const char *bytes, size_t length)
{
    uint64_t h = HASH_64_START ^ length;
    for (; length > 0;
         length -= length < sizeof(uint64_t) ? length : sizeof(uint64_t), bytes += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes, length < sizeof word ? length : sizeof word);
        h = (h ^ word) * UINT64_C(0x100000001b3);
        h ^= h >> 32;
    }
    h = hash_mix(h);
    return h != 0 ? h : 1;
}

/* Of the field as it was decoded: no text is made of a number. */
static uint64_t hash_key(const struct schema *schema, const struct value *key)
{
    if (field_is_text(&schema->fields[schema->key_field]))
        return hash(key->text.data, key->text.length);
    if (schema->fields[schema->key_field].type == FIELD_UUID)
        return hash((const char *)key->uuid, sizeof key->uuid);
    return hash((const char *)&key->integer, sizeof key->integer);
}

static void insert(uint64_t *keys, size_t capacity, uint64_t h, size_t *count)
{
    size_t at = h & (capacity - 1);
    while (keys[at] != 0 && keys[at] != h)
        at = (at + 1) & (capacity - 1);
    if (keys[at] == 0) {
        keys[at] = h;
        (*count)++;
    }
}

static void grow(struct statistics *s)
{
    size_t capacity = s->key_capacity * 2;
    uint64_t *keys = calloc(capacity, sizeof *keys);
    if (keys == NULL)
        return; /* the set gets fuller, and slower, and the next insert tries again */
    size_t count = 0;
    for (size_t i = 0; i < s->key_capacity; i++)
        if (s->keys[i] != 0)
            insert(keys, capacity, s->keys[i], &count);
    free(s->keys);
    s->keys = keys;
    s->key_capacity = capacity;
}

static void note_key(struct statistics *s, const struct record *record)
{
    if (!schema_has_key(s->schema) || !record_has(record, (int)s->schema->key_field))
        return;
    if (s->key_count * 2 >= s->key_capacity && s->key_capacity < KEYS_MAX)
        grow(s);
    if (s->key_count + 1 < s->key_capacity) /* one place stays empty, or a search would not end */
        insert(s->keys, s->key_capacity, hash_key(s->schema, &record->values[s->schema->key_field]),
               &s->key_count);
}

/* --- amounts and lists --------------------------------------------------------------------------------- */

static struct currency_total *total_of(struct statistics *s, struct mp_view code, int exponent)
{
    for (size_t i = 0; i < s->currency_count; i++)
        if (memcmp(s->currencies[i].code, code.data, 3) == 0 && s->currencies[i].exponent == exponent)
            return &s->currencies[i];
    if (s->currency_count == CURRENCIES_MAX)
        return NULL;
    struct currency_total *total = &s->currencies[s->currency_count++];
    memcpy(total->code, code.data, 3);
    total->exponent = exponent;
    return total;
}

static void add_saturating(int64_t *sum, int64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = value > 0 ? INT64_MAX : INT64_MIN;
}

static void note_amount(struct statistics *s, const struct record *record)
{
    if (!record_has(record, s->money_field) || !record_has(record, s->currency_field))
        return;
    int exponent = record_digits(record, &s->schema->fields[s->money_field]);
    struct currency_total *total = total_of(s, record->values[s->currency_field].text, exponent);
    if (total == NULL)
        return;
    int64_t minor = record->values[s->money_field].integer;
    if (minor >= 0) {
        total->positive++;
        add_saturating(&total->positive_minor, minor);
    } else {
        total->negative++;
        add_saturating(&total->negative_minor, minor);
    }
}

/* Where a word of a list probably stands: by its length and its first and last letters. A guess: the word
 * there is compared. */
static unsigned guess_slot(const char *text, size_t length)
{
    return length == 0
               ? 0
               : ((unsigned)length + 7U * (unsigned char)text[0] + 29U * (unsigned char)text[length - 1]) %
                     GUESSES;
}

static bool is_choice(const struct choice *choice, struct mp_view text)
{
    return choice->length == text.length && memcmp(choice->text, text.data, text.length) == 0;
}

static void note_choice(struct list_counts *list, struct mp_view text)
{
    uint8_t *guess = &list->guesses[guess_slot(text.data, text.length)];
    if (!is_choice(&list->choices[*guess], text)) {
        uint8_t c = 0;
        while (c < list->choice_count && !is_choice(&list->choices[c], text))
            c++;
        if (c == list->choice_count)
            return;
        *guess = c;
    }
    list->counts[*guess]++;
}

static void note_choices(struct statistics *s, const struct record *record)
{
    for (size_t i = 0; i < s->list_count; i++)
        if (record_has(record, (int)s->lists[i].field))
            note_choice(&s->lists[i], record->values[s->lists[i].field].text);
}

/* --- telling ------------------------------------------------------------------------------------------- */

static void tell_currency(const struct currency_total *total)
{
    char positive[MONEY_TEXT_BYTES];
    char negative[MONEY_TEXT_BYTES];
    char net[MONEY_TEXT_BYTES];
    int64_t sum = total->positive_minor;
    add_saturating(&sum, total->negative_minor);
    money_format(total->positive_minor, total->exponent, true, positive);
    money_format(total->negative_minor, total->exponent, false, negative);
    money_format(sum, total->exponent, true, net);
    if (total->negative == 0)
        log_line("  %-13s %s %s in %" PRIu64, "total", positive + 1, total->code, total->positive);
    else
        log_line("  %-13s %s %s in %" PRIu64 " deposits, %s in %" PRIu64 " withdrawals, net %s", "total",
                 positive, total->code, total->positive, negative, total->negative, net);
}

static void tell_list(const struct statistics *s, const struct list_counts *list)
{
    char line[512];
    size_t used = 0;
    for (size_t c = 0; c < list->choice_count; c++)
        used = text_append(line, sizeof line, used, "%s%.40s %" PRIu64, c > 0 ? ", " : "",
                           list->choices[c].text, list->counts[c]);
    log_line("  by %-10s %s", s->schema->fields[list->field].name, line);
}

static void tell(const struct statistics *s)
{
    log_line("──── statistics after %" PRIu64 " %s ────", s->records, s->schema->noun_plural);
    for (size_t i = 0; i < s->currency_count; i++)
        tell_currency(&s->currencies[i]);
    for (size_t i = 0; i < s->list_count; i++)
        tell_list(s, &s->lists[i]);
    log_line("  active %ss %zu%s", s->schema->fields[s->schema->key_field].name, s->key_count,
             s->key_count + 1 >= KEYS_MAX ? " or more" : "");
}

static enum verdict statistics_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    struct statistics *s = state;
    (void)why;
    s->records++;
    note_amount(s, item->record);
    note_choices(s, item->record);
    note_key(s, item->record);
    if (s->every > 0 && s->records % s->every == 0)
        tell(s);
    return VERDICT_PASS;
}

static void statistics_finish(void *state)
{
    const struct statistics *s = state;
    if (s->every == 0 || s->records % s->every != 0) /* what has been told is not told twice */
        tell(s);
}

const struct stage_class stage_statistics = {
    .name = "stats",
    .argument = "N",
    .argument_optional = true,
    .help = "totals, by type and currency, active keys: every N records, and at the end",
    .open = statistics_open,
    .record = statistics_record,
    .finish = statistics_finish,
    .close = statistics_close,
};
