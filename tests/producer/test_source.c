#include "producer/source.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "common/exit_codes.h"
#include "common/log.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct settings settings;
static struct source source;
static struct error error;

static int open_with(int count, const char *const *words)
{
    error = (struct error)ERROR_INIT;
    log_init();
    ck_assert_msg(settings_load(&settings, count, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
    return source_open(&source, &settings, &error);
}

#define OPEN(...)                                                                                            \
    open_with((int)(sizeof((const char *[]){"kproduce", "--bootstrap=127.0.0.1:9092", __VA_ARGS__}) /        \
                    sizeof(char *)),                                                                         \
              (const char *[]){"kproduce", "--bootstrap=127.0.0.1:9092", __VA_ARGS__, NULL})

static void teardown(void)
{
    source_close(&source);
    settings_release(&settings);
}

/* Standard input becomes this text. */
static void give_stdin(const char *text)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

START_TEST(a_seed_makes_the_same_records_again)
{
    uint8_t first[2][1024];
    size_t length[2];
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(OPEN("--seed", "7"), 0);
        ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
        length[round] = record_encode(&source.record, first[round], sizeof first[round]);
        settings_release(&settings);
        memset(&settings, 0, sizeof settings);
    }
    ck_assert_uint_eq(length[0], length[1]);
    ck_assert_mem_eq(first[0], first[1], length[0]);
}
END_TEST

static bool no_chance;

ssize_t getrandom(void *bytes, size_t count, unsigned flags)
{
    if (!no_chance)
        return syscall(SYS_getrandom, bytes, count, flags);
    memset(bytes, 0, count);
    return -1;
}

enum { RECORDS = 20 };

/* The amounts of a stream's first payments, without --seed. */
static void draw(int64_t amounts[RECORDS])
{
    ck_assert_int_eq(OPEN("--quiet"), 0);
    for (int i = 0; i < RECORDS; i++) {
        ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
        amounts[i] = source.record.values[2].integer;
    }
    ck_assert_int_eq(source_fd(&source), -1);
    settings_release(&settings);
    memset(&settings, 0, sizeof settings);
}

START_TEST(without_a_seed_each_stream_is_another_even_where_there_is_no_chance)
{
    int64_t streams[4][RECORDS];
    for (int i = 0; i < 4; i++) {
        no_chance = i >= 2;
        draw(streams[i]);
        fake_clock_advance(i >= 2 ? 12345 : 0);
    }
    ck_assert_mem_ne(streams[0], streams[1], sizeof streams[0]);
    ck_assert_mem_ne(streams[2], streams[3], sizeof streams[0]);
}
END_TEST

START_TEST(ends_after_the_count)
{
    ck_assert_int_eq(OPEN("--count", "3"), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_END);
}
END_TEST

START_TEST(makes_the_one_record_of_flags)
{
    ck_assert_int_eq(OPEN("--payment-id", "0193a1b2-0000-7000-8000-000000000001", "--amount", "249.99",
                          "--currency", "PLN", "--user", "marek", "--method", "credit_card"),
                     0);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
    ck_assert_mem_eq(source.record.values[0].uuid, "\x01\x93\xa1\xb2", 4);
    ck_assert_int_eq(source.record.values[2].integer, 24999);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_END);
}
END_TEST

START_TEST(refuses_the_one_record_at_once)
{
    ck_assert_int_eq(OPEN("--amount", "1", "--currency", "PLN"), -1);
    ck_assert_str_eq(error.text, "fields missing: user, method");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
}
END_TEST

START_TEST(passes_over_the_lines_that_are_no_records)
{
    give_stdin("{\"content\":\"one\"}\n"
               "\n"
               "{\"content\":1}\n"
               "nonsense\n"
               "{\"content\":\"two\",\"key\":\"a\"}");
    ck_assert_int_eq(OPEN("--stdin", "--workload", "messages"), 0);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
    ck_assert_mem_eq(source.record.values[0].text.data, "one", 3);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_RECORD);
    ck_assert_mem_eq(source.record.values[0].text.data, "two", 3);
    ck_assert_uint_eq(source.input.line, 5);
    ck_assert_int_eq(source_next(&source, &error), SOURCE_END);
    ck_assert_uint_eq(source.refused, 2);
}
END_TEST

CHECK_MAIN_WITH("producer/source", NULL, teardown, a_seed_makes_the_same_records_again,
                without_a_seed_each_stream_is_another_even_where_there_is_no_chance, ends_after_the_count,
                makes_the_one_record_of_flags, refuses_the_one_record_at_once,
                passes_over_the_lines_that_are_no_records)
