#include "consumer/pipeline/condition.h"

#include "tests/consumer/fake_messages.h"

static struct settings settings;
static struct pipeline pipeline = {.settings = &settings};

static bool holds(struct fake *fake, const char *text)
{
    struct error error = ERROR_INIT;
    struct record_problem problem;
    struct record record;
    struct item item = {.message = &fake->message, .record = &record};
    void *state;
    settings.schema = schema_by_workload("payments");
    ck_assert_int_eq(
        record_decode(settings.schema, fake->message.payload, fake->message.len, &record, &problem), 0);
    ck_assert_msg(condition_open(&state, text, &pipeline, &error) == 0, "%s", error.text);
    bool result = condition_holds(state, &item);
    condition_close(state);
    return result;
}

/* A sanitizer has an allocator of its own: there nothing fails. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OWN_ALLOCATOR 1
#endif
#endif

static int fails_at; /* the so-manieth allocation from now on; 0: none */

#ifndef HAS_OWN_ALLOCATOR
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);

static bool fails(void)
{
    return fails_at > 0 && --fails_at == 0;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}
#endif

START_TEST(a_condition_is_asked_of_the_record)
{
    struct fake *fake = fake_payment(2, 41);
    ck_assert(holds(fake, "amount == 249.99 and user == 'marek'") && !holds(fake, "amount > 249.99"));
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(it_sees_where_the_message_stands)
{
    static char key[] = "marek";
    struct fake *fake = fake_payment(2, 41);
    ck_assert(holds(fake, "partition == 2 and offset == 41"));
    ck_assert(holds(fake, "kafka_timestamp == '2026-02-26T09:52:20.102Z'"));
    ck_assert(!holds(fake, "kafka_key ~ ''"));
    fake->message.key = key;
    fake->message.key_len = 5;
    ck_assert(holds(fake, "kafka_key == 'marek'"));
    fake->timestamp_ms = 0;
    ck_assert(holds(fake, "kafka_timestamp == '1970-01-01'"));
    fake->timestamp_ms = -1;
    ck_assert(!holds(fake, "kafka_timestamp < '2030-01-01'"));
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(a_mistake_is_told_when_the_stage_is_opened)
{
    struct error error = ERROR_INIT;
    void *state;
    settings.schema = schema_by_workload("payments");
    ck_assert_int_eq(condition_open(&state, "amout > 5", &pipeline, &error), -1);
    ck_assert_msg(strncmp(error.text, "column 1: there is no field 'amout'", 35) == 0, "%s", error.text);
}
END_TEST

START_TEST(without_memory_none_is_opened_and_that_is_told)
{
    void *state;
    settings.schema = schema_by_workload("payments");
    for (int step = 1;; step++) {
        struct error error = ERROR_INIT;
        fails_at = step;
        int result = condition_open(&state, "amount > 5 and user == 'marek'", &pipeline, &error);
        fails_at = 0;
        if (result == 0) {
            condition_close(state);
            break;
        }
        ck_assert_msg(strstr(error.text, "memory") != NULL, "step %d: '%s'", step, error.text);
    }
}
END_TEST

CHECK_MAIN("consumer/condition", a_condition_is_asked_of_the_record, it_sees_where_the_message_stands,
           a_mistake_is_told_when_the_stage_is_opened, without_memory_none_is_opened_and_that_is_told)
