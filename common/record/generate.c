#include "common/record/generate.h"

#include <assert.h>

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
           sizeof generator->scratch - generator->scratch_used); /* 16 fields of at most 50 bytes fit */
    char *at = generator->scratch + generator->scratch_used;
    generator->scratch_used += bytes;
    return at;
}

static struct mp_view make_uuid(struct generator *generator)
{
    uint64_t bits[2] = {generator_draw(generator), generator_draw(generator)};
    char *raw = scratch(generator, sizeof bits);
    memcpy(raw, bits, sizeof bits);
    raw[6] = (char)((raw[6] & 0x0f) | 0x40); /* RFC 9562: version 4, */
    raw[8] = (char)((raw[8] & 0x3f) | 0x80); /* variant 10 */
    return (struct mp_view){raw, sizeof bits};
}

static struct mp_view make_serial(struct generator *generator, const char *prefix)
{
    char *text = scratch(generator, strlen(prefix) + INTEGER_TEXT_BYTES);
    size_t length = 0;
    for (; *prefix != '\0'; prefix++)
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

static struct mp_view make_string(struct generator *generator, const struct field *field)
{
    if (field->made.serial != NULL)
        return make_serial(generator, field->made.serial);
    if (field->made.samples != NULL)
        return draw_word(generator, field->made.samples);
    return (struct mp_view){field->fallback, (uint32_t)strlen(field->fallback)};
}

/* The currency stands before the exponent in every schema, so it is drawn already. */
static int64_t exponent_for(const struct record *record)
{
    int currency = schema_type_index(record->schema, FIELD_CURRENCY);
    return currency_exponent(record->values[currency].text.data);
}

static void make_value(struct generator *generator, const struct field *field, int64_t wall_us,
                       struct record *record, struct value *value)
{
    const struct field_made *made = &field->made;
    switch (field->type) {
    case FIELD_UUID:
        value->text = make_uuid(generator);
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
        value->integer =
            made->minimum + (int64_t)draw_below(generator, (uint64_t)(made->maximum - made->minimum) + 1);
        break;
    case FIELD_EXPONENT:
        value->integer = exponent_for(record);
        break;
    case FIELD_TIME:
        value->integer = wall_us;
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
        make_value(generator, &schema->fields[i], wall_us, record, &record->values[i]);
    record->present = (UINT32_C(1) << schema->field_count) - 1;
    generator->serial++;
}
