#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "common/kafka_rules.h"

static struct error error;

static bool passes(unsigned roles, const char *property)
{
    char *items[] = {(char *)(uintptr_t)property};
    const struct option_list list = {.items = items, .count = 1};
    error = (struct error)ERROR_INIT;
    return kafka_rules_check(roles, &list, &error) == 0;
}

START_TEST(what_the_dead_letters_producer_cannot_run_with_is_refused_with_the_reason)
{
    static const char *const bad[] = {"acks=1",
                                      "acks=0",
                                      "request.required.acks=1",
                                      "enable.idempotence=false",
                                      "retries=0",
                                      "max.in.flight=6",
                                      "queuing.strategy=lifo",
                                      "transactional.id=x",
                                      "delivery.report.only.error=true"};
    static const char *const good[] = {"acks=all",
                                       "acks=-1",
                                       "enable.idempotence=true",
                                       "retries=3",
                                       "max.in.flight=5",
                                       "queuing.strategy=fifo",
                                       "linger.ms=60000",
                                       "delivery.report.only.error=false"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!passes(KAFKA_ROLE_LETTERS, bad[i]), "%s", bad[i]);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
        ck_assert_ptr_nonnull(strstr(error.text, bad[i]));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(passes(KAFKA_ROLE_LETTERS, good[i]), "%s", good[i]);
}
END_TEST

START_TEST(what_would_write_a_record_twice_is_refused_to_the_sink_of_another_topic)
{
    static const char *const bad[] = {
        "acks=1",          "enable.idempotence=false", "retries=0",
        "max.in.flight=6", "transactional.id=x",       "isolation.level=read_uncommitted"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!passes(KAFKA_ROLE_TRANSACTIONS, bad[i]), "%s", bad[i]);
    ck_assert(passes(KAFKA_ROLE_TRANSACTIONS, "isolation.level=read_committed"));
    ck_assert(passes(KAFKA_ROLE_TRANSACTIONS, "transaction.timeout.ms=60000"));
    ck_assert(passes(KAFKA_ROLE_CONSUMER, "isolation.level=read_uncommitted"));
}
END_TEST

START_TEST(what_would_be_ignored_is_refused_and_names_the_flag)
{
    ck_assert(!passes(KAFKA_ROLE_CONSUMER, "group.id=x"));
    ck_assert_ptr_nonnull(strstr(error.text, "--group"));
    ck_assert(!passes(KAFKA_ROLE_CONSUMER, "auto.offset.reset=latest"));
    ck_assert_ptr_nonnull(strstr(error.text, "--from"));
    ck_assert(!passes(KAFKA_ROLE_CONSUMER, "enable.auto.commit=true"));
    ck_assert(passes(KAFKA_ROLE_CONSUMER, "enable.auto.commit=false"));
    ck_assert(!passes(KAFKA_ROLE_TOOL, "bootstrap.servers=h:1"));
}
END_TEST

START_TEST(what_is_another_roles_business_is_left_alone)
{
    ck_assert(passes(KAFKA_ROLE_PRODUCER, "group.id=x"));
    ck_assert(passes(KAFKA_ROLE_PRODUCER, "acks=1"));
    ck_assert(!passes(KAFKA_ROLE_PRODUCER, "acks=0"));
    ck_assert(passes(KAFKA_ROLE_CONSUMER, "acks=1"));
    ck_assert(passes(KAFKA_ROLE_CONSUMER, "group.idx=x"));
    ck_assert(passes(KAFKA_ROLE_LETTERS, "acks"));
}
END_TEST

START_TEST(only_the_last_of_a_name_counts)
{
    char first[] = "acks=1", second[] = "acks=all";
    char *items[] = {first, second}, *turned[] = {second, first};
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(
        kafka_rules_check(KAFKA_ROLE_LETTERS, &(struct option_list){.items = items, .count = 2}, &error), 0);
    ck_assert_int_eq(
        kafka_rules_check(KAFKA_ROLE_LETTERS, &(struct option_list){.items = turned, .count = 2}, &error),
        -1);
    char longer[] = "acks.x=all"; /* another name, which begins alike */
    char *others[] = {first, longer};
    ck_assert_int_eq(
        kafka_rules_check(KAFKA_ROLE_LETTERS, &(struct option_list){.items = others, .count = 2}, &error),
        -1);
}
END_TEST

CHECK_MAIN("common/kafka_rules", what_the_dead_letters_producer_cannot_run_with_is_refused_with_the_reason,
           what_would_write_a_record_twice_is_refused_to_the_sink_of_another_topic,
           what_would_be_ignored_is_refused_and_names_the_flag, what_is_another_roles_business_is_left_alone,
           only_the_last_of_a_name_counts)
