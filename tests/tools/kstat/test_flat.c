/* Values by name, and the names' patterns. */
#include "tests/support/fake_clock.h"

#include "tools/kstat/flat.h"

#include "tests/common/view/instance_case.h"

static FILE *lines;

static void write_line(void *context, const struct view_worker *worker, const char *name,
                       struct stat_value value)
{
    char text[FLAT_VALUE_BYTES];
    ck_assert_ptr_eq(worker, context);
    flat_text(value, text);
    fprintf(lines, "%s=%s\n", name, text);
}

static void list_values(size_t index, const struct rates *rates)
{
    size_t bytes;
    collect(&everything);
    free(shown);
    lines = open_memstream(&shown, &bytes);
    fputc('\n', lines);
    flat_worker(&view, &view.workers[index], rates, write_line, &view.workers[index]);
    fclose(lines);
}

START_TEST(each_value_has_one_name)
{
    list_values(0, NULL);
    expect("\nbravo.name=bravo\n");
    expect("\nbravo.lag=7\n");
    expect("\nbravo.alive=true\n");
    expect("\nbravo.processed=1042\n"); /* of a group, without its name */
    expect("\nbravo.phase=polling\n");
    expect("\nbravo.rates=?\n");
    expect("\nbravo.latency.process_us.p99=1000\n");
    expect("\nbravo.latency.commit_us.max=?\n");
    expect("\nbravo/payments/0/committed=100\n");
    expect("\nbravo/payments/2/assigned=true\n");
    expect("\nbravo/payments/2/lag=0\n");
    ck_assert_ptr_eq(strstr(shown, "errors"), strstr(shown, "errors=0")); /* commit_errors alone */
}
END_TEST

START_TEST(what_stands_in_a_list_without_names_has_none)
{
    list_values(0, NULL);
    ck_assert_ptr_null(strstr(shown, "broker down"));
    ck_assert_ptr_null(strstr(shown, ".text="));
    ck_assert_ptr_null(strstr(shown, "time_us="));
}
END_TEST

START_TEST(no_name_comes_twice_and_all_begin_with_the_worker)
{
    list_values(0, NULL);
    for (const char *line = shown + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        char name[FLAT_NAME_BYTES];
        snprintf(name, sizeof name, "\n%.*s=", (int)strcspn(line, "="), line);
        const char *first = strstr(shown, name);
        ck_assert_ptr_nonnull(first);
        ck_assert_msg(strstr(first + 1, name) == NULL, "twice: %s", name);
        ck_assert_msg(strncmp(line, "bravo.", 6) == 0 || strncmp(line, "bravo/", 6) == 0, "%s", name);
    }
}
END_TEST

START_TEST(rates_and_deaths_have_names_too)
{
    struct rates *rates = rates_new();
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "bravo");
    entry.last_death.time_us = 5;
    entry.last_death.signal = 9;
    ck_assert_int_eq(directory_publish(directory, 0, &entry, NULL), 0);
    rates_update(rates, "bravo", "failed", 0, 0);
    rates_update(rates, "bravo", "failed", 3, 2000000);
    list_values(0, rates);
    expect("\nbravo.rates.failed.now=1.500\nbravo.rates.failed.average=1.500\n");
    expect("\nbravo.last_death.signal=9\n");
    expect("\nbravo.latency.process_us.count=10\n"); /* comes after it, and is not within it */
    rates_free(rates);
}
END_TEST

START_TEST(a_worker_with_a_dot_and_a_topic_with_dots_keep_them)
{
    int fd = create_worker("bravo.2", STATS_KIND_CONSUMER, 1);
    struct stats_writer *writer = open_writer(fd);
    int slot = stats_partition_slot(writer, "eu.payments_v1-x", 12);
    stats_partition_set(writer, slot, PARTITION_HIGH, 5);
    stats_partition_publish(writer, slot);
    list_values(2, NULL);
    expect("\nbravo.2.name=bravo.2\n");
    expect("\nbravo.2.processed=0\n");
    expect("\nbravo.2/eu.payments_v1-x/12/high=5\n");
    stats_writer_close(writer);
    close(fd);
}
END_TEST

START_TEST(the_longest_names_fit)
{
    char topic[STATS_TOPIC_BYTES], worker[NAME_BYTES + 8], line[FLAT_NAME_BYTES];
    memset(topic, 't', sizeof topic - 1);
    topic[sizeof topic - 1] = '\0';
    memset(worker, 'w', NAME_LENGTH_MAX);
    snprintf(worker + NAME_LENGTH_MAX, sizeof worker - NAME_LENGTH_MAX, ".4095");
    int fd = create_worker(worker, STATS_KIND_CONSUMER, 1);
    struct stats_writer *writer = open_writer(fd);
    int slot = stats_partition_slot(writer, topic, INT32_MAX);
    stats_partition_set(writer, slot, PARTITION_OLDEST_UNPROCESSED, 5);
    stats_partition_publish(writer, slot);
    list_values(2, NULL);
    snprintf(line, sizeof line, "\n%s/%s/%d/oldest_unprocessed_us=5\n", worker, topic, INT32_MAX);
    expect(line);
    stats_writer_close(writer);
    close(fd);
}
END_TEST

START_TEST(a_word_that_can_only_be_a_pattern_is_one)
{
    static const char *const patterns[] = {"*",         "bravo.lag", "bravo.2.lag", "bravo/payments/0/lag",
                                           "*.lag",     "br?vo",     "[ab]ravo",    "bravo.",
                                           "bravo.2.x", ".x"};
    static const char *const words[] = {"bravo", "bravo.2", "bravo.13", "1", "1.5", "500ms", "", "bra_vo-x"};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        ck_assert_msg(flat_is_pattern(patterns[i]), "%s", patterns[i]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(!flat_is_pattern(words[i]), "%s", words[i]);
}
END_TEST

START_TEST(a_pattern_is_a_glob_over_the_whole_name)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"bravo.lag", "bravo.lag", true},
        {"bravo.lag", "bravo.lag_ms", false},
        {"lag", "bravo.lag", false},
        {"*.lag", "bravo.2.lag", true},
        {"*lag", "bravo/payments/0/lag", true},
        {"bravo/*/0/lag", "bravo/payments/0/lag", true},
        {"bravo/*/1/lag", "bravo/payments/0/lag", false},
        {"bravo.?.lag", "bravo.2.lag", true},
        {"bravo.?.lag", "bravo.12.lag", false},
        {"bravo.[13].lag", "bravo.3.lag", true},
        {"bravo.[13].lag", "bravo.2.lag", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(flat_matches(cases[i].pattern, cases[i].name) == cases[i].matches, "%s against %s",
                      cases[i].pattern, cases[i].name);
}
END_TEST

static const char *text_of(struct stat_value value)
{
    static char text[FLAT_VALUE_BYTES];
    flat_text(value, text);
    return text;
}

START_TEST(each_type_has_its_text)
{
    static char endless[2 * FLAT_VALUE_BYTES];
    memset(endless, 'x', sizeof endless - 1);
    ck_assert_str_eq(text_of((struct stat_value){VALUE_UNKNOWN, {.number = 5}}), "?");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_NUMBER, {.number = -5}}), "-5");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_NUMBER, {.number = INT64_MAX}}),
                     "9223372036854775807");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_REAL, {.real = 2.0625}}), "2.062");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_BOOLEAN, {.boolean = true}}), "true");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_BOOLEAN, {.boolean = false}}), "false");
    ck_assert_str_eq(text_of((struct stat_value){VALUE_TEXT, {.text = "backing off"}}), "backing off");
    ck_assert_ptr_null(strpbrk(text_of((struct stat_value){VALUE_TEXT, {.text = "a\nb\033[31m"}}), "\n\033"));
    ck_assert_uint_lt(strlen(text_of((struct stat_value){VALUE_TEXT, {.text = endless}})), FLAT_VALUE_BYTES);
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/flat", instance_prepare, instance_clean_up, each_value_has_one_name,
                what_stands_in_a_list_without_names_has_none,
                no_name_comes_twice_and_all_begin_with_the_worker, rates_and_deaths_have_names_too,
                a_worker_with_a_dot_and_a_topic_with_dots_keep_them, the_longest_names_fit,
                a_word_that_can_only_be_a_pattern_is_one, a_pattern_is_a_glob_over_the_whole_name,
                each_type_has_its_text)
