/* Conditions, and what a look at an instance makes of them. */
#include "tests/support/fake_clock.h"

#include "tools/kstat/until.h"

#include "tests/common/view/instance_case.h"

static struct condition parsed[UNTIL_MAX];
static char why[UNTIL_WHY_BYTES];

static const struct condition *parse(const char *source)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(condition_parse(&parsed[0], source, &error) == 0, "%s", error.text);
    ck_assert_ptr_eq(parsed[0].source, source);
    return &parsed[0];
}

static const struct stat_value unknown = {VALUE_UNKNOWN, {.number = 5}};

static struct stat_value number(int64_t value)
{
    return (struct stat_value){VALUE_NUMBER, {.number = value}};
}

static struct stat_value real(double value)
{
    return (struct stat_value){VALUE_REAL, {.real = value}};
}

static struct stat_value boolean(bool value)
{
    return (struct stat_value){VALUE_BOOLEAN, {.boolean = value}};
}

static struct stat_value text(const char *value)
{
    return (struct stat_value){VALUE_TEXT, {.text = value}};
}

START_TEST(each_comparison_is_parsed_with_and_without_blanks)
{
    static const struct {
        const char *source;
        enum comparison comparison;
    } cases[] = {
        {"bravo.lag == 5", COMPARE_EQUAL},       {"bravo.lag==5", COMPARE_EQUAL},
        {"  bravo.lag =  5\t", COMPARE_EQUAL},   {"bravo.lag != 5", COMPARE_UNEQUAL},
        {"bravo.lag < 5", COMPARE_LESS},         {"bravo.lag<=5", COMPARE_AT_MOST},
        {"bravo.lag > 5", COMPARE_MORE},         {"bravo.lag >= 5", COMPARE_AT_LEAST},
        {"'bravo.lag' == \"5\"", COMPARE_EQUAL}, {"\"bravo.lag\">'5'", COMPARE_MORE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct condition *condition = parse(cases[i].source);
        ck_assert_int_eq(condition->comparison, cases[i].comparison);
        ck_assert_str_eq(condition->pattern, "bravo.lag");
        ck_assert_str_eq(condition->text, "5");
        ck_assert_int_eq(condition->number, 5);
    }
}
END_TEST

START_TEST(a_value_is_a_number_a_duration_or_a_word)
{
    ck_assert_int_eq(parse("a == -7")->number, -7);
    ck_assert_int_eq(parse("a == 9223372036854775807")->number, INT64_MAX);
    ck_assert_int_eq(parse("a < 500ms")->number, 500000);
    ck_assert_int_eq(parse("a < 2m")->number, INT64_C(120000000));
    ck_assert(parse("a == ready")->number == STATS_UNKNOWN);
    ck_assert_str_eq(parse("a == 'backing off'")->text, "backing off");
    ck_assert_str_eq(parse("a == backing off ")->text, "backing off");
    ck_assert_str_eq(parse("a == 'it\"s'")->text, "it\"s");
    ck_assert_str_eq(parse("a == 'half")->text, "'half");
    ck_assert_str_eq(parse("a == half'")->text, "half'");
    ck_assert_str_eq(parse("a == '")->text, "'");
    ck_assert_str_eq(parse("*.reason != no=yes")->text, "no=yes");
}
END_TEST

START_TEST(what_is_no_condition_is_refused_with_an_example)
{
    static char long_name[FLAT_NAME_BYTES + 16], long_word[256];
    static const char *const cases[] = {
        "",       "bravo.lag",       "bravo.lag ==", "== 5",   "bravo.lag == ''", "bravo.lag ! 5",
        "'' < 5", "bravo.lag == \t", long_name,      long_word};
    snprintf(long_name, sizeof long_name, "%0*d == 5", FLAT_NAME_BYTES, 0);
    snprintf(long_word, sizeof long_word, "a == %0128d", 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = ERROR_INIT;
        ck_assert_int_eq(condition_parse(&parsed[0], cases[i], &error), -1);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "as in 'bravo.lag == 0'"));
    }
}
END_TEST

START_TEST(the_longest_names_and_words_are_taken)
{
    static char source[FLAT_NAME_BYTES + 256];
    snprintf(source, sizeof source, "%0*d == %0127d", FLAT_NAME_BYTES - 1, 0, 0);
    ck_assert_uint_eq(strlen(parse(source)->pattern), FLAT_NAME_BYTES - 1);
    ck_assert_uint_eq(strlen(parsed[0].text), 127);
}
END_TEST

START_TEST(words_have_no_order)
{
    static const char *const cases[] = {"a < ready", "a <= ready", "a > ready", "a >= 1.5"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = ERROR_INIT;
        ck_assert_int_eq(condition_parse(&parsed[0], cases[i], &error), -1);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "is not a number"));
    }
}
END_TEST

/* For 4, 5 and 6 against 5. */
static const struct {
    const char *sign;
    bool holds[3];
} comparisons[] = {{"==", {false, true, false}}, {"!=", {true, false, true}}, {"<", {true, false, false}},
                   {"<=", {true, true, false}},  {">", {false, false, true}}, {">=", {false, true, true}}};

START_TEST(numbers_and_reals_are_compared_by_their_order_and_what_is_unknown_makes_nothing_true)
{
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        char source[16];
        snprintf(source, sizeof source, "a %s 5", comparisons[i].sign);
        const struct condition *condition = parse(source);
        for (int64_t k = 0; k < 3; k++) {
            bool expected = comparisons[i].holds[k];
            ck_assert_msg(condition_holds(condition, number(4 + k)) == expected, "%s: %d", source, (int)k);
            ck_assert_msg(condition_holds(condition, real(4.0 + (double)k)) == expected, "%s", source);
        }
        ck_assert(!condition_holds(condition, unknown));
        ck_assert(!condition_holds(condition, text("five")) || strcmp(comparisons[i].sign, "!=") == 0);
    }
    ck_assert(condition_holds(parse("a > 5"), real(5.001)));
    ck_assert(!condition_holds(parse("a == 5"), real(5.001)));
}
END_TEST

static bool holds_at_least(const char *source, int64_t value)
{
    const struct stat_value bound = {VALUE_NUMBER, {.number = value, .at_least = true}};
    return condition_holds(parse(source), bound);
}

START_TEST(a_lower_bound_makes_true_what_is_true_of_every_larger_number)
{
    ck_assert(!holds_at_least("a == 0", 0));
    ck_assert(!holds_at_least("a <= 5", 0));
    ck_assert(!holds_at_least("a < 5", 0));
    ck_assert(!holds_at_least("a != 5", 5));
    ck_assert(!holds_at_least("a != 5", 4));
    ck_assert(holds_at_least("a != 5", 6));
    ck_assert(holds_at_least("a > 5", 6));
    ck_assert(!holds_at_least("a > 5", 5));
    ck_assert(holds_at_least("a >= 5", 5));
    ck_assert(!holds_at_least("a == ready", 5));
    ck_assert(!holds_at_least("a != ready", 5));
}
END_TEST

START_TEST(words_are_compared_with_texts_and_booleans_and_never_with_numbers)
{
    ck_assert(condition_holds(parse("a == ready"), text("ready")));
    ck_assert(!condition_holds(parse("a == ready"), text("ready-idle")));
    ck_assert(condition_holds(parse("a != ready"), text("held")));
    ck_assert(!condition_holds(parse("a != ready"), text("ready")));
    ck_assert(condition_holds(parse("a == true"), boolean(true)));
    ck_assert(!condition_holds(parse("a == true"), boolean(false)));
    ck_assert(condition_holds(parse("a != true"), boolean(false)));
    ck_assert(!condition_holds(parse("a == ready"), unknown));
    ck_assert(!condition_holds(parse("a != ready"), unknown));
    ck_assert(!condition_holds(parse("a == ready"), number(0)));
    ck_assert(!condition_holds(parse("a != ready"), number(0)));
    ck_assert(!condition_holds(parse("a != ready"), real(0)));
    ck_assert(condition_holds(parse("a == 5"), text("5")));
    ck_assert(!condition_holds(parse("a < 5"), text("4")));
    ck_assert(!condition_holds(parse("a >= 5"), boolean(true)));
}
END_TEST

static enum until_verdict look(const char *const *sources)
{
    static const struct view_request lazy = {.lazy = true};
    size_t count = 0;
    struct error error = ERROR_INIT;
    struct view_request complete = lazy;
    complete.instance = instance_name;
    for (; sources[count] != NULL; count++)
        ck_assert_msg(condition_parse(&parsed[count], sources[count], &error) == 0, "%s", error.text);
    collect(&lazy);
    return until_look(parsed, count, &view, &complete, why);
}

static void expect_look(enum until_verdict verdict, const char *source, const char *reason)
{
    ck_assert_msg(look((const char *const[]){source, NULL}) == verdict, "%s: %s", source, why);
    ck_assert_msg(strstr(why, reason) != NULL && (reason[0] != '\0' || why[0] == '\0'), "%s: %s", source,
                  why);
}

START_TEST(a_condition_is_true_when_it_is_true_of_all_that_it_matches)
{
    expect_look(UNTIL_TRUE, "bravo.lag == 7", "");
    expect_look(UNTIL_TRUE, "*.state == ready", "");
    expect_look(UNTIL_TRUE, "bravo/payments/*/committed >= 50", "");
    expect_look(UNTIL_NOT_YET, "bravo/payments/*/committed > 50", "bravo/payments/2/committed is 50");
    expect_look(UNTIL_NOT_YET, "*.alive == false", "bravo.alive is true");
    expect_look(UNTIL_NOT_YET, "bravo/payments/0/low >= 0", "bravo/payments/0/low is ?");
}
END_TEST

START_TEST(what_matches_nothing_is_not_true_yet)
{
    expect_look(UNTIL_NOT_YET, "zulu.lag == 0", "there is no zulu.lag");
    expect_look(UNTIL_NOT_YET, "bravo.2.lag == 0", "there is no bravo.2.lag");
}
END_TEST

START_TEST(several_conditions_hold_at_the_same_look_or_not_at_all)
{
    ck_assert_int_eq(look((const char *const[]){"bravo.lag == 7", "producer.acknowledged >= 9", NULL}),
                     UNTIL_TRUE);
    ck_assert_int_eq(look((const char *const[]){"bravo.lag == 7", "producer.acknowledged > 9", NULL}),
                     UNTIL_NOT_YET);
    ck_assert_str_eq(why, "producer.acknowledged is 9");
    ck_assert_int_eq(look((const char *const[]){"bravo.lag == 7", "zulu.lag == 0", NULL}), UNTIL_NOT_YET);
    ck_assert_str_eq(why, "there is no zulu.lag");
    ck_assert_int_eq(look((const char *const[]){"zulu.lag == 0", "bravo.lag == 8", NULL}), UNTIL_NOT_YET);
    ck_assert_str_eq(why, "bravo.lag is 7");
}
END_TEST

START_TEST(a_worker_that_is_held_or_done_never_becomes_what_it_is_not)
{
    static const enum worker_state settled[] = {WORKER_HELD, WORKER_DONE};
    for (size_t i = 0; i < 2; i++) {
        char reason[64];
        snprintf(reason, sizeof reason, "bravo.lag is 7, and bravo is %s", worker_state_name(settled[i]));
        list_worker(0, "bravo", STATS_KIND_CONSUMER, settled[i]);
        expect_look(UNTIL_NEVER, "bravo.lag == 0", reason);
        expect_look(UNTIL_TRUE, "bravo.lag == 7", "");
        expect_look(UNTIL_NOT_YET, "producer.acknowledged == 10", "producer.acknowledged is 9");
    }
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_BACKING_OFF);
    expect_look(UNTIL_NOT_YET, "bravo.lag == 0", "bravo.lag is 7");
    ck_assert_str_eq(why, "bravo.lag is 7");
}
END_TEST

START_TEST(a_lag_of_zero_at_the_last_look_of_the_dead_is_not_caught_up)
{
    set_partition(0, 107, 107);
    stats_writer_close(bravo);
    bravo = NULL;
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_BACKING_OFF);
    expect_look(UNTIL_NOT_YET, "bravo.lag == 0", "bravo.lag is ≥ 0");
    expect_look(UNTIL_NOT_YET, "bravo/payments/0/lag == 0", "bravo/payments/0/lag is ≥ 0");
    expect_look(UNTIL_NOT_YET, "bravo/payments/0/lag_ms < 5", "bravo/payments/0/lag_ms is ≥ 0");
    expect_look(UNTIL_TRUE, "bravo.lag >= 0", "");
}
END_TEST

static void retire(enum worker_state state)
{
    struct directory_worker entry;
    list_worker(0, "bravo", STATS_KIND_CONSUMER, state);
    collect(&(struct view_request){.lazy = true});
    entry = view.workers[0].entry;
    entry.retired = 1;
    ck_assert_int_eq(directory_publish(directory, 0, &entry, NULL), 0);
}

START_TEST(a_worker_that_was_scaled_away_is_meant_by_its_name_alone)
{
    retire(WORKER_STOPPING); /* it works on */
    expect_look(UNTIL_NOT_YET, "*.alive == false", "bravo.alive is true");
    stats_writer_close(bravo);
    bravo = NULL;
    retire(WORKER_DOWN);
    expect_look(UNTIL_TRUE, "*.state == ready", "");
    expect_look(UNTIL_NOT_YET, "*.lag == 0", "there is no *.lag");
    expect_look(UNTIL_NEVER, "bravo.state == ready", "bravo.state is down, and bravo is down");
    expect_look(UNTIL_TRUE, "bravo.state == down", "");
}
END_TEST

/* Of two that are not so, what makes it hopeless is what is told. */
START_TEST(the_reason_why_it_never_becomes_true_is_the_one_that_is_told)
{
    list_worker(1, "producer", STATS_KIND_PRODUCER, WORKER_DONE);
    expect_look(UNTIL_NEVER, "*.state == starting", "producer.state is done, and producer is done");
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_HELD);
    expect_look(UNTIL_NEVER, "*.state == starting", "bravo.state is held, and bravo is held");
}
END_TEST

START_TEST(a_dead_worker_comes_again_while_there_is_a_supervisor)
{
    stats_writer_close(bravo);
    bravo = NULL;
    expect_look(UNTIL_NOT_YET, "bravo.lag == 0", "bravo.lag is ≥ 7");
    directory_close(directory, true);
    directory = NULL;
    expect_look(UNTIL_NEVER, "bravo.lag == 0", "bravo.lag is ≥ 7, and bravo is dead");
    expect_look(UNTIL_NOT_YET, "producer.acknowledged == 10", "producer.acknowledged is 9"); /* it runs */
    expect_look(UNTIL_TRUE, "bravo.state == dead", "");
}
END_TEST

START_TEST(a_dead_worker_of_a_dead_supervisor_stays_dead)
{
    stats_writer_close(bravo);
    bravo = NULL;
    collect(&(struct view_request){.lazy = true});
    view.supervisor_alive = false;
    ck_assert_int_eq(condition_parse(&parsed[0], "bravo.lag == 0", NULL), 0);
    ck_assert_int_eq(until_look(parsed, 1, &view, &(struct view_request){.lazy = true}, why), UNTIL_NEVER);
    ck_assert_str_eq(why, "bravo.lag is ≥ 7, and bravo is dead");
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/until", instance_prepare, instance_clean_up,
                each_comparison_is_parsed_with_and_without_blanks, a_value_is_a_number_a_duration_or_a_word,
                what_is_no_condition_is_refused_with_an_example, the_longest_names_and_words_are_taken,
                words_have_no_order,
                numbers_and_reals_are_compared_by_their_order_and_what_is_unknown_makes_nothing_true,
                a_lower_bound_makes_true_what_is_true_of_every_larger_number,
                a_lag_of_zero_at_the_last_look_of_the_dead_is_not_caught_up,
                words_are_compared_with_texts_and_booleans_and_never_with_numbers,
                a_condition_is_true_when_it_is_true_of_all_that_it_matches,
                what_matches_nothing_is_not_true_yet, several_conditions_hold_at_the_same_look_or_not_at_all,
                a_worker_that_is_held_or_done_never_becomes_what_it_is_not,
                a_worker_that_was_scaled_away_is_meant_by_its_name_alone,
                the_reason_why_it_never_becomes_true_is_the_one_that_is_told,
                a_dead_worker_comes_again_while_there_is_a_supervisor,
                a_dead_worker_of_a_dead_supervisor_stays_dead)
