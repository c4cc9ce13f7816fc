#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "common/record/schema.h"
#include "tools/kbroker/topics.h"

static struct topic_list topics;
static struct error error;

static int collect(size_t count, const char **words)
{
    return topics_collect(&topics, 3, &(struct option_list){(char **)words, count}, &error);
}

static int collect_one(const char *word)
{
    return collect(1, &word);
}

START_TEST(has_the_topic_of_every_workload)
{
    ck_assert_int_eq(collect(0, NULL), 0);

    const struct schema *schema;
    size_t count = 0;
    for (; (schema = schema_at(count)) != NULL; count++) {
        ck_assert_str_eq(topics.items[count].name, schema->topic);
        ck_assert_int_eq(topics.items[count].partitions, 3);
    }
    ck_assert_uint_eq(topics.count, count);
}
END_TEST

START_TEST(adds_a_topic_with_its_own_number_of_partitions)
{
    const char *words[] = {"audit:12", "orders.dlq"};
    ck_assert_int_eq(collect(2, words), 0);

    const struct topic *last = &topics.items[topics.count - 1];
    ck_assert_str_eq(last[-1].name, "audit");
    ck_assert_int_eq(last[-1].partitions, 12);
    ck_assert_str_eq(last->name, "orders.dlq");
    ck_assert_int_eq(last->partitions, 3);
}
END_TEST

START_TEST(a_topic_named_again_gets_the_later_count)
{
    size_t workloads = (collect(0, NULL), topics.count);
    const char *words[] = {"payments:6", "audit:1", "audit:2", "audi:4"};
    ck_assert_int_eq(collect(4, words), 0);

    ck_assert_uint_eq(topics.count, workloads + 2);
    ck_assert_int_eq(topics.items[0].partitions, 6);
    ck_assert_int_eq(topics.items[workloads].partitions, 2);
    ck_assert_int_eq(topics.items[workloads + 1].partitions, 4);
}
END_TEST

START_TEST(refuses_what_kafka_would_refuse)
{
    char long_name[TOPIC_NAME_BYTES + 1];
    memset(long_name, 'a', TOPIC_NAME_BYTES);
    long_name[TOPIC_NAME_BYTES] = '\0';
    const char *wrong[] = {"",    ":3", "a b", "a/b",    ".",     "..",
                           "a:0", "a:", "a:x", "a:1001", "a:3:4", long_name};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(collect_one(wrong[i]) == -1, "accepted '%s'", wrong[i]);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "--topic"));
    }
    long_name[TOPIC_NAME_BYTES - 1] = '\0';
    ck_assert_int_eq(collect_one(long_name), 0);
}
END_TEST

START_TEST(says_how_many_topics_are_too_many)
{
    static char names[TOPICS_MAX + 1][8];
    const char *words[TOPICS_MAX + 1];
    for (int i = 0; i <= TOPICS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        words[i] = names[i];
    }
    ck_assert_int_eq(collect(TOPICS_MAX + 1, words), -1);
    ck_assert_str_eq(error.text, "more than 64 topics");
}
END_TEST

CHECK_MAIN("tools/kbroker/topics", has_the_topic_of_every_workload,
           adds_a_topic_with_its_own_number_of_partitions, a_topic_named_again_gets_the_later_count,
           refuses_what_kafka_would_refuse, says_how_many_topics_are_too_many)
