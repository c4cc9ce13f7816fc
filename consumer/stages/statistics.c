/* statistics: totals over the records, told every --statistics-every records and at the end. What is totalled
 * follows from the schema: amounts per currency, split by sign; a count for each value of each list field;
 * how many different keys were active. */
#include "consumer/stages/stages.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/record/text.h"

enum { CURRENCIES_MAX = 32, CHOICES_MAX = 16, KEYS_INITIAL = 1024, KEYS_MAX = 1 << 20 };

struct currency_total {
    char code[4];
    int exponent;
    uint64_t positive, negative;
    int64_t positive_minor, negative_minor; /* saturating */
};

struct statistics {
    const struct schema *schema;
    uint64_t every;
    uint64_t records;
    int money_field, currency_field, exponent_field; /* -1: the schema has none */
    struct currency_total currencies[CURRENCIES_MAX];
    size_t currency_count;
    uint64_t choices[RECORD_FIELDS_MAX][CHOICES_MAX];
    /* the keys seen: an open-addressed set of 64-bit hashes, 0 is empty. A set of hashes, so that keys of any
     * length cost eight bytes. */
    uint64_t *keys;
    size_t key_capacity, key_count;
};

static int field_of_type(const struct schema *schema, enum field_type type)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].type == type)
            return (int)i;
    return -1;
}

static int statistics_open(void **state, const struct settings *settings, struct error *error)
{
    struct statistics *s = calloc(1, sizeof *s);
    uint64_t *keys = calloc(KEYS_INITIAL, sizeof *keys);
    if (s == NULL || keys == NULL) {
        free(s);
        free(keys);
        return error_set(error, "out of memory");
    }
    s->schema = settings->schema;
    s->every = (uint64_t)settings->statistics_every;
    s->money_field = field_of_type(s->schema, FIELD_MONEY);
    s->currency_field = field_of_type(s->schema, FIELD_CURRENCY);
    s->exponent_field = field_of_type(s->schema, FIELD_EXPONENT);
    s->keys = keys;
    s->key_capacity = KEYS_INITIAL;
    *state = s;
    return 0;
}

static void statistics_close(void *state)
{
    struct statistics *s = state;
    free(s->keys);
    free(s);
}

/* --- keys
 * ---------------------------------------------------------------------------------------------------- */

/* FNV-1a, 64 bits (Fowler, Noll, Vo), then the finalizer of SplitMix64: FNV's low bits alone cluster on short
 * keys. */
static uint64_t hash(const char *text, size_t length)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    h ^= h >> 31;
    return h != 0 ? h : 1;
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
    char key[RECORD_KEY_BYTES];
    size_t length = record_key(record, key);
    if (length == 0)
        return;
    if (s->key_count * 2 >= s->key_capacity && s->key_capacity < KEYS_MAX)
        grow(s);
    if (s->key_count + 1 < s->key_capacity) /* one place stays empty, or a search would not end */
        insert(s->keys, s->key_capacity, hash(key, length), &s->key_count);
}

/* --- amounts and lists
 * --------------------------------------------------------------------------------------- */

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
    if (s->money_field == -1 || s->currency_field == -1)
        return;
    int exponent = s->exponent_field == -1 ? 2 : (int)record->values[s->exponent_field].integer;
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

static void note_choices(struct statistics *s, const struct record *record)
{
    for (size_t f = 0; f < s->schema->field_count; f++) {
        if (s->schema->fields[f].type != FIELD_ENUM)
            continue;
        struct mp_view text = record->values[f].text;
        const struct choice *choices = s->schema->fields[f].choices;
        for (size_t c = 0; c < CHOICES_MAX && choices[c].text != NULL; c++)
            if (choices[c].length == text.length && memcmp(choices[c].text, text.data, text.length) == 0)
                s->choices[f][c]++;
    }
}

/* --- telling
 * ------------------------------------------------------------------------------------------------- */

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

static void tell_choices(const struct statistics *s, size_t field)
{
    char line[512];
    int used = 0;
    const struct choice *choices = s->schema->fields[field].choices;
    for (size_t c = 0; c < CHOICES_MAX && choices[c].text != NULL && used < (int)sizeof line - 64; c++)
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%.40s %" PRIu64, c > 0 ? ", " : "",
                         choices[c].text, s->choices[field][c]);
    log_line("  by %-10s %s", s->schema->fields[field].name, line);
}

static void tell(const struct statistics *s)
{
    log_line("──── statistics after %" PRIu64 " %s ────", s->records, s->schema->noun_plural);
    for (size_t i = 0; i < s->currency_count; i++)
        tell_currency(&s->currencies[i]);
    for (size_t f = 0; f < s->schema->field_count; f++)
        if (s->schema->fields[f].type == FIELD_ENUM)
            tell_choices(s, f);
    log_line("  active %ss %zu%s", s->schema->fields[s->schema->key_field].name, s->key_count,
             s->key_count + 1 >= KEYS_MAX ? " or more" : "");
}

static enum verdict statistics_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    struct statistics *s = state;
    (void)why;
    s->records++;
    note_amount(s, &item->record);
    note_choices(s, &item->record);
    note_key(s, &item->record);
    if (s->every > 0 && s->records % s->every == 0)
        tell(s);
    return VERDICT_PASS;
}

static void statistics_finish(void *state)
{
    const struct statistics *s = state;
    if (s->records > 0)
        tell(s);
}

const struct stage_class stage_statistics = {
    .name = "statistics",
    .help = "totals, by type and currency, active keys",
    .open = statistics_open,
    .record = statistics_record,
    .finish = statistics_finish,
    .close = statistics_close,
};
