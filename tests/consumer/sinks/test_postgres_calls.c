#include "consumer/sinks/postgres_calls.h"

#include "common/exit_codes.h"
#include "tests/consumer/fake_messages.h"
#include "tests/consumer/sinks/fake_link.h"

static const struct postgres_owner owner = {"cluster-1", "group-1", "letters"};

static struct postgres_link to;
static struct postgres_calls calls;
static struct sink_epochs epochs;
static struct error error;

static void begin(void)
{
    error = (struct error)ERROR_INIT;
    server_begin();
}

static void end(void)
{
    postgres_calls_release(&calls);
    sink_epochs_release(&epochs);
    ck_assert_int_eq(results_alive, 0);
}

static void is_away(void)
{
    ck_assert_str_eq(error.text, "the server is away");
}

/* --- arrays -------------------------------------------------------------------------------------------- */

START_TEST(ranges_become_arrays_of_the_same_order)
{
    const struct sink_range ranges[] = {{3, 41, {60, {59, 1772099540102, -5}, 1772099540103}},
                                        {0, STATS_UNKNOWN, {INT64_MAX, WITNESS_NONE, STATS_UNKNOWN}}};
    ck_assert_int_eq(sink_epoch_set(&epochs, 3, 7, &error), 0);
    ck_assert_int_eq(postgres_ranges_set(&calls, ranges, 2, &epochs, &error), 0);
    ck_assert_str_eq(calls.arrays[0].text, "{3,0}");
    ck_assert_str_eq(calls.arrays[1].text, "{7,0}");
    ck_assert_str_eq(calls.arrays[2].text, "{41,NULL}");
    ck_assert_str_eq(calls.arrays[3].text, "{60,9223372036854775807}");
    ck_assert_str_eq(calls.arrays[4].text, "{59,NULL}");
    ck_assert_str_eq(calls.arrays[5].text, "{1772099540102,NULL}");
    ck_assert_str_eq(calls.arrays[6].text, "{-5,NULL}");
    ck_assert_str_eq(calls.arrays[7].text, "{1772099540103,NULL}");
}
END_TEST

START_TEST(an_array_without_numbers_is_empty)
{
    postgres_array_begin(&calls.arrays[0]);
    ck_assert_int_eq(postgres_array_end(&calls.arrays[0], &error), 0);
    ck_assert_str_eq(calls.arrays[0].text, "{}");
}
END_TEST

START_TEST(an_array_grows_once_and_is_filled_again)
{
    struct postgres_array *array = &calls.arrays[0];
    size_t size = 0;
    for (int round = 0; round < 2; round++) {
        postgres_array_begin(array);
        for (int i = 0; i < 10000; i++)
            ck_assert_int_eq(postgres_array_add(array, INT64_MIN + 2 + i, &error), 0);
        ck_assert_int_eq(postgres_array_end(array, &error), 0);
        ck_assert_uint_eq(strlen(array->text), 10000 * 21 + 1);
        ck_assert(round == 0 || size == array->size);
        size = array->size;
    }
}
END_TEST

/* The last number, and the end, have their room. */
START_TEST(an_array_whose_numbers_fill_it_is_not_overrun)
{
    struct postgres_array *array = &calls.arrays[0];
    postgres_array_begin(array);
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(postgres_array_add(array, INT64_MIN + 2, &error), 0);
        ck_assert_uint_lt(array->used, array->size);
    }
    ck_assert_int_eq(postgres_array_end(array, &error), 0);
    ck_assert_uint_le(strlen(array->text) + 1, array->size);
}
END_TEST

/* Under sanitizers too, such a request is refused, and ends nothing. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(numbers_that_memory_cannot_hold_are_an_error)
{
    struct postgres_array array = {.size = SIZE_MAX / 4, .used = SIZE_MAX / 4};
    ck_assert_int_eq(postgres_array_add(&array, 1, &error), -1);
    ck_assert_int_eq(postgres_array_end(&array, &error), -1);
    ck_assert_str_eq(error.text, "out of memory");
    ck_assert_ptr_null(array.text);
}
END_TEST

/* --- where to go on ------------------------------------------------------------------------------------ */

START_TEST(each_statement_is_prepared_once)
{
    ck_assert_int_eq(postgres_calls_prepare(&to, &error), 0);
    SERVER_SAID(
        "wait for other processes; look for other groups; take over; read the next offset; set the next "
        "offsets; add to the outbox; read the outbox; take out of the outbox");
    server_begin();
    server.fails_at = 2;
    ck_assert_int_eq(postgres_calls_prepare(&to, &error), -1);
    SERVER_SAID("wait for other processes; look for other groups");
}
END_TEST

/* The lock first: who comes at the same moment sees what this one writes. */
START_TEST(alone_it_fills_the_table)
{
    ck_assert_int_eq(postgres_check_alone(&to, &owner, &error), 0);
    SERVER_SAID("wait for other processes letters; look for other groups cluster-1|group-1|letters");
}
END_TEST

START_TEST(another_group_in_the_table_is_an_error_of_configuration)
{
    server_answers(&(PGresult){.rows = 1});
    server_answers(&(PGresult){.rows = 1, .cells = {{{"group-2", 0}}}});
    ck_assert_int_eq(postgres_check_alone(&to, &owner, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_str_eq(error.text, "PostgreSQL: table letters is filled by group group-2, or from another "
                                 "cluster: give each its own database");
}
END_TEST

START_TEST(who_is_not_answered_is_not_alone)
{
    server.fails_at = 1;
    ck_assert_int_eq(postgres_check_alone(&to, &owner, &error), -1);
    SERVER_SAID("wait for other processes letters"); /* and nothing behind that */
    is_away();
    server.calls = 0;
    server.fails_at = 2;
    ck_assert_int_eq(postgres_check_alone(&to, &owner, &error), -1);
}
END_TEST

static const PGresult a_place = {
    .rows = 1,
    .cells = {{{"7", 0}, {"60", 0}, {"59", 0}, {"1772099540102", 0}, {"-5", 0}, {"1772099540103", 0}}}};
static const PGresult no_place = {.rows = 1, .cells = {{{"8", 0}}}};

START_TEST(a_partition_that_is_taken_has_an_epoch_and_a_place)
{
    struct postgres_position position = {0};
    server_answers(&a_place);
    ck_assert_int_eq(postgres_take(&to, &owner, 3, &position, &error), 0);
    SERVER_SAID("take over cluster-1|group-1|letters|3");
    ck_assert_int_eq(position.epoch, 7);
    ck_assert_int_eq(position.position.next_offset, 60);
    ck_assert(witness_equal(&position.position.witness, &(struct witness){59, 1772099540102, -5}));
    ck_assert_int_eq(position.position.group_had_ms, 1772099540103);
    server_answers(&no_place);
    ck_assert_int_eq(postgres_take(&to, &owner, 4, &position, &error), 0);
    ck_assert_int_eq(position.epoch, 8);
    ck_assert_int_eq(position.position.next_offset, STATS_UNKNOWN);
    ck_assert(witness_equal(&position.position.witness, &(struct witness)WITNESS_NONE));
    ck_assert_int_eq(position.position.group_had_ms, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_place_that_is_read_may_not_be_there)
{
    struct postgres_position position = {.epoch = 5};
    server_answers(&a_place);
    ck_assert_int_eq(postgres_read(&to, &owner, 3, &position, &error), 1);
    SERVER_SAID("read the next offset cluster-1|group-1|letters|3");
    ck_assert_int_eq(position.epoch, 7);
    ck_assert_int_eq(postgres_read(&to, &owner, 4, &position, &error), 0);
    ck_assert_int_eq(position.epoch, 7); /* nothing of it is touched */
}
END_TEST

START_TEST(a_place_that_nobody_tells_is_an_error)
{
    struct postgres_position position = {.epoch = 5};
    server.fails_at = 1;
    ck_assert_int_eq(postgres_take(&to, &owner, 3, &position, &error), -1);
    is_away();
    server.calls = 0;
    ck_assert_int_eq(postgres_read(&to, &owner, 3, &position, &error), -1);
    ck_assert_int_eq(position.epoch, 5);
}
END_TEST

static int64_t move(bool *altered)
{
    const struct sink_range range = {3, 41, {60, {59, 1772099540102, -5}, 1772099540103}};
    ck_assert_int_eq(sink_epoch_set(&epochs, 3, 7, &error), 0);
    ck_assert_int_eq(postgres_ranges_set(&calls, &range, 1, &epochs, &error), 0);
    return postgres_move(&to, &calls, &owner, "kafka_offset 20", altered, &error);
}

START_TEST(a_move_tells_how_many_rows_were_as_expected_and_whether_the_table_is)
{
    bool altered = true;
    server_answers(&(PGresult){.rows = 1, .cells = {{{"1", 0}, {"kafka_offset 20", 0}}}});
    ck_assert_int_eq(move(&altered), 1);
    SERVER_SAID("set the next offsets cluster-1|group-1|letters|{3}|{7}|{41}|{60}|{59}|{1772099540102}|{-5}|"
                "{1772099540103}|\"letters\"");
    ck_assert(!altered);
    server_answers(&(PGresult){.rows = 1, .cells = {{{"0", 0}, {"kafka_offset 23", 0}}}});
    ck_assert_int_eq(move(&altered), 0);
    ck_assert(altered);
    server.calls = 0;
    server.fails_at = 1;
    ck_assert_int_eq(move(&altered), -1);
    is_away();
}
END_TEST

/* --- the outbox ---------------------------------------------------------------------------------------- */

static int add(const char *key, const char *value)
{
    struct fake *fake = fake_bytes(3, 41, value, value != NULL ? strlen(value) : 0);
    struct sink_death death = {&fake->message, rd_kafka_headers_new(1)};
    if (value == NULL)
        fake->message.payload = NULL;
    fake->message.key = (void *)(uintptr_t)key;
    fake->message.key_len = key != NULL ? strlen(key) : 0;
    rd_kafka_header_add(death.headers, "why", -1, "because", -1);
    int result = postgres_outbox_add(&to, &owner, &death, &error);
    rd_kafka_headers_destroy(death.headers);
    rd_kafka_message_destroy(&fake->message);
    return result;
}

START_TEST(a_letter_goes_into_the_outbox_as_bytes)
{
    ck_assert_int_eq(add("key", "value"), 0);
    SERVER_SAID("add to the outbox cluster-1|group-1|letters|3|41|1772099540102|3 bytes|5 bytes|14 bytes");
    ck_assert_int_eq(add(NULL, NULL), 0);
    SERVER_SAID("add to the outbox cluster-1|group-1|letters|3|41|1772099540102|NULL|NULL|14 bytes");
    server.calls = 0;
    server.fails_at = 1;
    ck_assert_int_eq(add("key", "value"), -1);
    is_away();
}
END_TEST

static struct {
    int count, header_count;
    struct letter_body last;
} listed;

static void list(void *context, const struct letter_body *letter)
{
    ck_assert_ptr_eq(context, &listed);
    listed.count++;
    listed.last = *letter;
    listed.header_count += (int)rd_kafka_header_cnt(letter->headers);
}

#define NUMBER(low)                                                                                          \
    {                                                                                                        \
        "\0\0\0\0\0\0\1" low, 8                                                                              \
    }

START_TEST(the_outbox_is_read_in_binary)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    size_t bytes;
    rd_kafka_header_add(headers, "why", -1, "because", -1);
    char *packed = sink_pack_headers(headers, &bytes);
    server_answers(
        &(PGresult){.rows = 2,
                    .cells = {{NUMBER("\5"), NUMBER("\6")},
                              {NUMBER("\7"), NUMBER("\10"), {"k", 0}, {"value", 0}, {packed, (int)bytes}}}});
    ck_assert_int_eq(postgres_outbox_list(&to, &owner, 3, list, &listed, &error), 0);
    SERVER_SAID("read the outbox cluster-1|group-1|letters|3 in binary");
    ck_assert_int_eq(listed.count, 2);
    ck_assert_int_eq(listed.header_count, 1); /* the first has none */
    ck_assert_int_eq(listed.last.partition, 3);
    ck_assert_int_eq(listed.last.offset, 0x107);
    ck_assert_int_eq(listed.last.timestamp_ms, 0x108);
    ck_assert_uint_eq(listed.last.key_length, 1);
    ck_assert_uint_eq(listed.last.value_length, 5);
    ck_assert_int_eq(memcmp(listed.last.value, "value", 5), 0);
    free(packed);
    rd_kafka_headers_destroy(headers);
}
END_TEST

START_TEST(an_outbox_that_cannot_be_read_gives_nothing)
{
    server.fails_at = 1;
    ck_assert_int_eq(postgres_outbox_list(&to, &owner, 3, list, &listed, &error), -1);
    is_away();
    ck_assert_int_eq(listed.count, 0);
}
END_TEST

START_TEST(letters_are_taken_out_by_place_and_time)
{
    static const struct letter_origin letters[] = {{3, 41, 1000}, {0, 7, 2000}};
    postgres_array_add(&calls.arrays[0], 99, &error); /* what was there is not there any more */
    ck_assert_int_eq(postgres_outbox_remove(&to, &calls, &owner, letters, 2, &error), 0);
    SERVER_SAID("take out of the outbox cluster-1|group-1|letters|{3,0}|{41,7}|{1000,2000}");
    server.calls = 0;
    server.fails_at = 1;
    ck_assert_int_eq(postgres_outbox_remove(&to, &calls, &owner, letters, 2, &error), -1);
    is_away();
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/postgres_calls", begin, end, ranges_become_arrays_of_the_same_order,
                an_array_without_numbers_is_empty, an_array_grows_once_and_is_filled_again,
                an_array_whose_numbers_fill_it_is_not_overrun, numbers_that_memory_cannot_hold_are_an_error,
                each_statement_is_prepared_once, alone_it_fills_the_table,
                another_group_in_the_table_is_an_error_of_configuration, who_is_not_answered_is_not_alone,
                a_partition_that_is_taken_has_an_epoch_and_a_place, a_place_that_is_read_may_not_be_there,
                a_place_that_nobody_tells_is_an_error,
                a_move_tells_how_many_rows_were_as_expected_and_whether_the_table_is,
                a_letter_goes_into_the_outbox_as_bytes, the_outbox_is_read_in_binary,
                an_outbox_that_cannot_be_read_gives_nothing, letters_are_taken_out_by_place_and_time)
