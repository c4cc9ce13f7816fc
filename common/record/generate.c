#include "common/record/generate.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>

#include "common/record/text.h"

/* SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014); constants from
 * https://prng.di.unimi.it/splitmix64.c */
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

uint64_t generator_draw(struct generator *generator)
{
    uint64_t *s = generator->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Uniform in 0 … bound − 1, by the high half of a product (Lemire, 2019), without its rejection: the bias is
 * below bound / 2^32, which no workload shows. */
static uint64_t draw_below(struct generator *generator, uint64_t bound)
{
    return ((generator_draw(generator) >> 32) * bound) >> 32;
}

#define FIRST_NUMBER_MIN UINT64_C(10000)
#define NUMBERS          UINT64_C(4000000000)

void generator_init(struct generator *generator, uint64_t seed)
{
    *generator = (struct generator){.serial = 0};
    for (size_t i = 0; i < 4; i++)
        generator->state[i] = splitmix64(&seed);
    generator->first_number = FIRST_NUMBER_MIN + draw_below(generator, NUMBERS);
}

static char *scratch(struct generator *generator, size_t bytes)
{
    assert(bytes <=
           sizeof generator->scratch - generator->scratch_used); /* what each field may take is bounded */
    char *at = generator->scratch + generator->scratch_used;
    generator->scratch_used += bytes;
    return at;
}

static void make_uuid(struct generator *generator, struct value *value)
{
    uint64_t bits[2] = {generator_draw(generator), generator_draw(generator)};
    memcpy(value->uuid, bits, sizeof bits);
    value->uuid[6] = (uint8_t)((value->uuid[6] & 0x0f) | 0x40); /* RFC 9562: version 4, */
    value->uuid[8] = (uint8_t)((value->uuid[8] & 0x3f) | 0x80); /* variant 10 */
}

#define SERIAL_PREFIX_MAX 40

static struct mp_view make_serial(struct generator *generator, const char *prefix)
{
    char *text = scratch(generator, SERIAL_PREFIX_MAX + INTEGER_TEXT_BYTES);
    size_t length = 0;
    for (; *prefix != '\0' && length < SERIAL_PREFIX_MAX; prefix++)
        text[length++] = *prefix;
    length += integer_format((int64_t)(generator->first_number + generator->serial), text + length);
    return (struct mp_view){text, (uint32_t)length};
}

static struct mp_view draw_word(struct generator *generator, const struct choice *words)
{
    size_t count = 0;
    while (words[count].text != NULL)
        count++;
    const struct choice *word = &words[draw_below(generator, count)];
    return (struct mp_view){word->text, (uint32_t)word->length};
}

/* --- what nobody gave samples of ----------------------------------------------------------------------- */

static char filler[RECORD_ENCODED_MAX];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static void fill(void)
{
    memset(filler, 'x', sizeof filler);
}

/* So many letters, for what has to be long. */
static struct mp_view letters(int64_t length)
{
    pthread_once(&filled, fill);
    return (struct mp_view){filler, (uint32_t)(length < RECORD_ENCODED_MAX ? length : RECORD_ENCODED_MAX)};
}

#define TEXT_BYTES 64

/* A word that says which field it is, and a number: "city 17". */
static struct mp_view make_text(struct generator *generator, const struct field *field)
{
    if (field->minimum > 4)
        return letters(field->minimum);
    char *text = scratch(generator, TEXT_BYTES);
    const char *dot = strrchr(field->label, '.');
    int length = snprintf(text, TEXT_BYTES, "%.3s%u", "abc", (unsigned)draw_below(generator, 100));
    if (field->maximum >= TEXT_BYTES && strlen(field->label) < TEXT_BYTES / 2)
        length = snprintf(text, TEXT_BYTES, "%s %u", dot != NULL ? dot + 1 : field->label,
                          (unsigned)draw_below(generator, 100));
    int64_t shown = length < field->maximum ? length : field->maximum;
    return (struct mp_view){text, (uint32_t)shown};
}

static struct mp_view make_bytes(struct generator *generator, const struct field *field)
{
    uint64_t bits = generator_draw(generator);
    if (field->minimum > (int64_t)sizeof bits)
        return letters(field->minimum);
    char *bytes = scratch(generator, sizeof bits);
    memcpy(bytes, &bits, sizeof bits);
    return (struct mp_view){bytes, (uint32_t)(field->maximum < 8 ? field->maximum : 8)};
}

static struct mp_view make_string(struct generator *generator, const struct field *field)
{
    if (field->made.serial != NULL)
        return make_serial(generator, field->made.serial);
    if (field->made.samples != NULL)
        return draw_word(generator, field->made.samples);
    const char *text = field->fallback;
    if (text == NULL && field->type == FIELD_STRING)
        return make_text(generator, field);
    text = text != NULL ? text : "EUR";
    return (struct mp_view){text, (uint32_t)strlen(text)};
}

/* Beyond 32 bits by a remainder, whose bias nobody sees. Where there is no bound at one end, something small.
 */
static int64_t make_integer(struct generator *generator, const struct field_made *made)
{
    int64_t least =
        made->minimum == INT64_MIN ? (made->maximum < 0 ? made->maximum - 1000 : 0) : made->minimum;
    int64_t most = made->maximum == INT64_MAX ? (least > 0 ? least + 1000 : 100000) : made->maximum;
    most = most < least ? least : most;
    uint64_t range = (uint64_t)most - (uint64_t)least + 1;
    if (range <= UINT32_MAX && range > 0)
        return least + (int64_t)draw_below(generator, range);
    uint64_t drawn = generator_draw(generator);
    return (int64_t)((uint64_t)least + (range == 0 ? drawn : drawn % range));
}

/* Two digits behind the point, where that is within its bounds. */
static double make_number(struct generator *generator, const struct field *field)
{
    double low = isfinite(field->low) ? field->low : isfinite(field->high) ? field->high - 1000 : 0;
    double high = isfinite(field->high) ? field->high : low + 1000;
    double drawn = low + (high - low) * ((double)draw_below(generator, 1000001) / 1e6);
    double rounded = round(drawn * 100) / 100;
    return rounded >= field->low && rounded <= field->high ? rounded : drawn;
}

/* A record without a currency has the usual number of digits. */
static int64_t exponent_for(const struct record *record)
{
    int currency = schema_type_index(record->schema, FIELD_CURRENCY);
    int exponent = currency < 0 ? -1 : currency_exponent(record->values[currency].text.data);
    return exponent < 0 ? 2 : exponent;
}

static void make_value(struct generator *generator, const struct field *field, int64_t wall_us,
                       struct value *value)
{
    static const char empty_map[] = "\x80";
    switch (field->type) {
    case FIELD_UUID:
        make_uuid(generator, value);
        break;
    case FIELD_STRING:
    case FIELD_CURRENCY:
        value->text = make_string(generator, field);
        break;
    case FIELD_ENUM:
        value->text = draw_word(generator, field->choices);
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
        value->integer = make_integer(generator, &field->made);
        break;
    case FIELD_TIME:
        value->integer = wall_us;
        break;
    case FIELD_BOOLEAN:
        value->integer = (int64_t)draw_below(generator, 2);
        break;
    case FIELD_NUMBER:
        value->number = make_number(generator, field);
        break;
    case FIELD_BYTES:
        value->text = make_bytes(generator, field);
        break;
    case FIELD_ANY:
        value->text = (struct mp_view){empty_map, 1};
        break;
    case FIELD_EXPONENT: /* follows from the currency, when that is drawn */
        break;
    }
}

void generator_next(struct generator *generator, const struct schema *schema, int64_t wall_us,
                    struct record *record)
{
    record->schema = schema;
    record->unknown_fields = 0;
    generator->scratch_used = 0;
    for (size_t i = 0; i < schema->field_count; i++)
        make_value(generator, &schema->fields[i], wall_us, &record->values[i]);
    int exponent = schema_type_index(schema, FIELD_EXPONENT);
    if (exponent >= 0)
        record->values[exponent].integer = exponent_for(record);
    record->present = schema->all;
    generator->serial++;
}
