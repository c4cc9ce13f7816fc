/* What kaudit may be told, and what of it does not go together. */
#include "tools/kaudit/settings.h"

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct settings settings;
static struct error error;

static void release(void)
{
    settings_release(&settings);
}

static int load(const char *const *words)
{
    char *argv[16] = {(char *)"kaudit"};
    int argc = 1;
    for (; *words != NULL; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    settings_release(&settings);
    settings = (struct settings){0};
    error = (struct error)ERROR_INIT;
    return settings_load(&settings, argc, argv, &error);
}

#define LOAD(...) ck_assert_msg(load((const char *const[]){__VA_ARGS__, NULL}) == 0, "%s", error.text)

static void fails(const char *const *words, const char *why)
{
    ck_assert_int_eq(load(words), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
}

#define FAILS(why, ...) fails((const char *const[]){__VA_ARGS__, NULL}, why)

START_TEST(a_topic_alone_is_audited_without_a_sink)
{
    LOAD("payments");
    ck_assert_str_eq(settings.topic, "payments");
    ck_assert(settings.open_sink == NULL && !settings.dead_letters);
}
END_TEST

START_TEST(each_sink_is_opened_where_it_was_said_to_be)
{
    LOAD("payments", "-g", "g", "--sqlite", "a.db", "--table", "t");
    ck_assert(settings.open_sink == sink_open_sqlite);
    ck_assert_str_eq(settings.sink_where, "a.db");
    LOAD("payments", "-g", "g", "--postgres", "dbname=a", "--table", "t");
    ck_assert(settings.open_sink == sink_open_postgres);
    ck_assert_str_eq(settings.sink_where, "dbname=a");
    LOAD("payments", "-g", "g", "--ndjson", "a.json");
    ck_assert(settings.open_sink == sink_open_ndjson);
    ck_assert_str_eq(settings.sink_where, "a.json");
}
END_TEST

START_TEST(two_sinks_do_not_go_together)
{
    static const char *const one_at_a_time =
        "--sqlite, --postgres, --kafka and --ndjson: only one of them at a time";
    FAILS(one_at_a_time, "payments", "-g", "g", "--sqlite", "a", "--postgres", "b");
    FAILS(one_at_a_time, "payments", "-g", "g", "--postgres", "a", "--ndjson", "b");
}
END_TEST

START_TEST(a_sink_and_dead_letters_need_the_group)
{
    FAILS("--group is needed", "payments", "--sqlite", "a");
    FAILS("--group is needed", "payments", "--dlq");
    FAILS("--group is needed", "payments", "--dlq-topic", "other");
    LOAD("payments", "-g", "g", "--dlq");
    ck_assert(settings.dead_letters);
    LOAD("payments", "-g", "g", "--dlq-topic", "other");
    ck_assert(settings.dead_letters);
    LOAD("payments", "-g", "g");
    ck_assert(!settings.dead_letters);
}
END_TEST

START_TEST(a_table_is_of_a_database)
{
    FAILS("--table needs --sqlite or --postgres", "payments", "--table", "t");
    FAILS("--table needs --sqlite or --postgres", "payments", "-g", "g", "--ndjson", "a", "--table", "t");
}
END_TEST

START_TEST(names_that_Kafka_would_refuse_are_refused)
{
    FAILS("a b", "a b");
    FAILS("--dlq-topic", "payments", "-g", "g", "--dlq-topic", "a b");
    FAILS("--group", "payments", "-g", "");
    FAILS("TOPIC", "--json");
    FAILS("other", "payments", "other");
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/settings", NULL, release, a_topic_alone_is_audited_without_a_sink,
                each_sink_is_opened_where_it_was_said_to_be, two_sinks_do_not_go_together,
                a_sink_and_dead_letters_need_the_group, a_table_is_of_a_database,
                names_that_Kafka_would_refuse_are_refused)
