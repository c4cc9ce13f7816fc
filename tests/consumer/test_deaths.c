#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

#include "consumer/deaths.h"

static struct partitions table;
static struct deaths deaths;
static struct error error;
static rd_kafka_message_t messages[8];

static void open_table(void)
{
    partitions_init(&table, "payments", NULL);
    ck_assert_int_eq(deaths_init(&deaths, 4, &error), 0);
}

static void close_table(void)
{
    deaths_release(&deaths);
    deaths_release(&deaths); /* twice is fine */
    ck_assert_uint_eq(deaths.capacity, 0);
    partitions_release(&table);
}

static void die(int32_t partition, int64_t offset)
{
    rd_kafka_message_t *message = &messages[deaths.count];
    *message = (rd_kafka_message_t){.partition = partition, .offset = offset};
    deaths_add(&deaths, message, "stage", "why");
}

START_TEST(what_is_said_of_a_record_is_kept)
{
    const struct death *death = deaths_add(&deaths, &messages[3], "validate", "amount: 0 is below 1");
    ck_assert_ptr_eq(death, &deaths.list[0]);
    ck_assert_uint_eq(deaths.count, 1);
    ck_assert_ptr_eq(death->message, &messages[3]);
    ck_assert_str_eq(death->stage, "validate");
    ck_assert_str_eq(death->why, "amount: 0 is below 1");
    ck_assert_uint_eq(death->attempts, 1);
    ck_assert_int_eq(death->first_failure_us, 0);
}
END_TEST

START_TEST(a_long_reason_is_cut)
{
    char why[DEATH_WHY_BYTES + 10];
    memset(why, 'x', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    const struct death *death = deaths_add(&deaths, &messages[0], NULL, why);
    ck_assert_uint_eq(strlen(death->why), DEATH_WHY_BYTES - 1);
    ck_assert_ptr_null(death->stage);
}
END_TEST

START_TEST(as_many_as_a_batch_has_can_die)
{
    for (int64_t i = 0; i < 4; i++)
        die(0, i);
    ck_assert_uint_eq(deaths.count, 4);
}
END_TEST

START_TEST(only_those_that_positions_move_over_stand)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_fly(&table, 0, 12);
    die(0, 11);
    die(0, 12); /* behind a record that waits */
    die(1, 20); /* nothing of it moves */
    die(7, 3);  /* not ours any more */
    deaths_keep_standing(&deaths, &table);
    ck_assert_uint_eq(deaths.count, 1);
    ck_assert_int_eq(deaths.list[0].message->offset, 11);
    ck_assert_int_eq(deaths.list[0].message->partition, 0);
}
END_TEST

START_TEST(those_that_stand_keep_their_order)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_fly(&table, 0, 15);
    table_fly(&table, 1, 21);
    die(1, 21);
    die(0, 10);
    die(1, 20);
    die(0, 14);
    deaths_keep_standing(&deaths, &table);
    ck_assert_uint_eq(deaths.count, 3);
    ck_assert_int_eq(deaths.list[0].message->offset, 10);
    ck_assert_int_eq(deaths.list[1].message->offset, 20);
    ck_assert_int_eq(deaths.list[2].message->offset, 14);
    ck_assert_str_eq(deaths.list[2].stage, "stage");
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(a_batch_that_memory_cannot_hold_names_the_flag)
{
    struct deaths many;
    ck_assert_int_eq(deaths_init(&many, SIZE_MAX / 1024, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--batch-size is too large"));
}
END_TEST

CHECK_MAIN_WITH("consumer/deaths", open_table, close_table, what_is_said_of_a_record_is_kept,
                a_long_reason_is_cut, as_many_as_a_batch_has_can_die,
                only_those_that_positions_move_over_stand, those_that_stand_keep_their_order,
                a_batch_that_memory_cannot_hold_names_the_flag)
