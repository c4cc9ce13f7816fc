#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

static size_t encoded(struct generator *generator, const struct schema *schema, int64_t wall_us,
                      uint8_t bytes[1024])
{
    struct record record;
    generator_next(generator, schema, wall_us, &record);
    return record_encode(&record, bytes, 1024);
}

START_TEST(a_seed_repeats_the_stream)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator a;
        struct generator b;
        generator_init(&a, 42);
        generator_init(&b, 42);
        for (int i = 0; i < 1000; i++) {
            uint8_t first[1024];
            uint8_t second[1024];
            size_t length = encoded(&a, schema, SAMPLE_WALL_US, first);
            ck_assert_uint_eq(encoded(&b, schema, SAMPLE_WALL_US, second), length);
            ck_assert_mem_eq(first, second, length);
        }
    }
}
END_TEST

START_TEST(another_seed_makes_another_stream)
{
    struct generator a;
    struct generator b;
    uint8_t first[1024];
    uint8_t second[1024];
    generator_init(&a, 1);
    generator_init(&b, 2);
    size_t length = encoded(&a, schema_at(0), SAMPLE_WALL_US, first);
    ck_assert(encoded(&b, schema_at(0), SAMPLE_WALL_US, second) != length ||
              memcmp(first, second, length) != 0);
}
END_TEST

START_TEST(every_record_is_valid)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator generator;
        generator_init(&generator, 77);
        for (int i = 0; i < 20000; i++) {
            struct record record;
            struct record_problem problem;
            generator_next(&generator, schema, SAMPLE_WALL_US, &record);
            ck_assert_int_eq(record_validate(&record, &problem), 0);
        }
    }
}
END_TEST

START_TEST(identifiers_are_version_4_uuids_and_differ)
{
    struct generator generator;
    struct record record;
    uint8_t last[16] = {0};
    generator_init(&generator, 5);
    for (int i = 0; i < 1000; i++) {
        generator_next(&generator, schema_by_workload("payments"), 0, &record);
        const uint8_t *uuid = record.values[0].uuid;
        ck_assert_uint_eq(uuid[6] >> 4, 4);
        ck_assert_uint_eq(uuid[8] >> 6, 2);
        ck_assert_mem_ne(uuid, last, 16);
        memcpy(last, uuid, 16);
    }
}
END_TEST

START_TEST(draws_reach_both_ends_of_their_range)
{
    struct generator generator;
    struct record record;
    const struct schema *orders = schema_by_workload("orders");
    int quantity = schema_field_index(orders, "quantity", 8);
    unsigned seen = 0;
    generator_init(&generator, 5);
    for (int i = 0; i < 1000; i++) {
        generator_next(&generator, orders, 0, &record);
        seen |= 1U << record.values[quantity].integer;
    }
    ck_assert_uint_eq(seen, 0x3e); /* 1 to 5, nothing else */
}
END_TEST

/* xoshiro256** from the state 1, 2, 3, 4; the values are those of the authors' C code. */
START_TEST(draws_what_the_published_generator_draws)
{
    struct generator generator = {.state = {1, 2, 3, 4}};
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(generator_draw(&generator), expected[i]);
}
END_TEST

CHECK_MAIN("common/record/generate", a_seed_repeats_the_stream, another_seed_makes_another_stream,
           every_record_is_valid, identifiers_are_version_4_uuids_and_differ,
           draws_reach_both_ends_of_their_range, draws_what_the_published_generator_draws)
