/* What is different between two moments of an instance, worker by worker. */
#include "tests/support/fake_clock.h"

#include "common/stats/liveness.h"
#include "tools/kstat/diff.h"

#include "tests/common/view/instance_case.h"

static struct view before;

static void prepare(void)
{
    instance_prepare();
    collect(&everything);
    before = view;
    view = (struct view){0};
    fake_clock_advance(10 * US_PER_SECOND);
}

static void clean_up(void)
{
    view_release(&before);
    instance_clean_up();
}

/* One blank where there are several: columns are as wide as they must. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != ' ' || (from[1] != ' ' && from[1] != '\n'))
            *to++ = *from;
    *to = '\0';
}

static bool colours;

static void compare(void)
{
    size_t bytes;
    const struct screen screen = {.columns = 0, .colours = colours};
    collect(&everything);
    free(shown);
    FILE *stream = open_memstream(&shown, &bytes);
    show_diff(&before, &view, &screen, stream);
    fclose(stream);
    squeeze(shown);
}

static void refuse_text(const char *text)
{
    ck_assert_msg(strstr(shown, text) == NULL, "'%s' is in:\n%s", text, shown);
}

START_TEST(the_heading_has_the_instance_and_the_time_between)
{
    char heading[96];
    compare();
    snprintf(heading, sizeof heading, "%s · 10 s between the two\n", instance_name);
    ck_assert_ptr_eq(strstr(shown, heading), shown);
    expect("\nWORKER STATE GENERATION RECORDS /S FAILED LAG WHAT\n");
}
END_TEST

START_TEST(what_did_nothing_and_has_nothing_to_do_is_idle)
{
    set_partition(0, 107, 107);
    collect(&everything);
    view_release(&before);
    before = view;
    view = (struct view){0};
    fake_clock_advance(10 * US_PER_SECOND);
    compare();
    expect("\nbravo ready 2 0 0.00 0 0 idle\n");
    expect("\nproducer ready 2 0 0.00 0 idle\n"); /* no lag, nor a place for it */
    refuse_text("stands at");
}
END_TEST

START_TEST(what_is_behind_and_does_nothing_is_stalled_with_its_partitions)
{
    set_partition(0, 100, 110);
    compare();
    expect("\nbravo ready 2 0 0.00 0 7 → 10 stalled\n");
    expect("\nbravo: payments [0] stands at 100, lag 7 → 10\n");
    refuse_text("payments [2]"); /* not behind */
}
END_TEST

START_TEST(what_did_something_moved_and_its_rate_and_failures_are_told)
{
    stats_add(bravo, CONSUMER_PROCESSED, 1000);
    stats_add(bravo, CONSUMER_FAILED, 3);
    stats_add(producer, PRODUCER_ACKNOWLEDGED, 25);
    set_partition(0, 104, 107);
    compare();
    expect("\nbravo ready 2 1000 100 3 7 → 3 moved\n");
    expect("\nproducer ready 2 25 2.50 0 moved\n");
    refuse_text("stands at");
}
END_TEST

START_TEST(a_partition_can_stall_in_a_worker_that_moves)
{
    stats_add(bravo, CONSUMER_PROCESSED, 1);
    set_partition(2, 50, 60);
    set_partition(0, 101, 107);
    compare();
    expect("moved\n");
    expect("\nbravo: payments [2] stands at 50, lag 0 → 10\n");
    refuse_text("payments [0]");
}
END_TEST

START_TEST(a_partition_that_was_given_up_or_is_new_does_not_stall)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(bravo, slot);
    set_partition(9, 10, 20);
    compare();
    refuse_text("stands at");
}
END_TEST

START_TEST(a_worker_that_came_is_new_and_one_that_went_is_gone)
{
    struct stats_writer *zulu;
    int fd = create_worker("zulu", STATS_KIND_CONSUMER, 1);
    zulu = open_writer(fd);
    stats_add(zulu, CONSUMER_PROCESSED, 5);
    compare();
    expect("\nzulu running 1 ? ? ? new\n");
    view_release(&before);
    before = view;
    view = (struct view){0};
    stats_writer_close(zulu);
    close(fd);
    ck_assert_int_eq(stats_segment_unlink(instance_name, "zulu", 1), 0);
    compare();
    expect("\nzulu running 1 ? ? ? gone\n");
}
END_TEST

START_TEST(a_worker_that_died_died_and_one_that_was_dead_is_dead)
{
    stats_add(bravo, CONSUMER_PROCESSED, 3);
    stats_writer_close(bravo);
    bravo = NULL;
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_BACKING_OFF);
    compare();
    expect("\nbravo ready → backing off 2 3 0.30 0 7 died\n");
    view_release(&before);
    before = view;
    view = (struct view){0};
    compare();
    expect("\nbravo backing off 2 0 0 7 dead\n"); /* no time passed between them: no rate */
}
END_TEST

START_TEST(a_worker_that_was_stopped_or_is_done_did_not_die)
{
    static const struct {
        enum worker_state state;
        const char *text;
    } cases[] = {{WORKER_DOWN, "\nbravo ready → down 2 0 0.00 0 7 stopped\n"},
                 {WORKER_DONE, "\nbravo ready → done 2 0 0.00 0 7 done\n"},
                 {WORKER_HELD, "\nbravo ready → held 2 0 0.00 0 7 died\n"}};
    stats_writer_close(bravo);
    bravo = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        list_worker(0, "bravo", STATS_KIND_CONSUMER, cases[i].state);
        compare();
        expect(cases[i].text);
    }
}
END_TEST

START_TEST(a_worker_that_cannot_be_read_is_not_said_to_have_died)
{
    int fd = stats_segment_open(instance_name, "bravo", 2, NULL);
    int writable = liveness_reopen(fd, O_RDWR);
    ck_assert_int_eq(ftruncate(writable, 64), 0);
    close(writable);
    close(fd);
    compare();
    expect("cannot be read: ");
    refuse_text("died");
    refuse_text("dead");
}
END_TEST

START_TEST(a_worker_of_a_later_generation_was_started_again)
{
    struct directory_worker entry;
    int fd = create_worker("bravo", STATS_KIND_CONSUMER, 3);
    struct stats_writer *next = open_writer(fd);
    stats_add(next, CONSUMER_PROCESSED, 2000);
    ck_assert(directory_worker(before.directory, 0, &entry));
    entry.generation = 3;
    snprintf(entry.reason, sizeof entry.reason, "it is slow");
    ck_assert_int_eq(directory_publish(directory, 0, &entry, NULL), 0);
    compare();
    expect("\nbravo ready 2 → 3 958 95.8 0 7 → ? started again: it is slow\n");
    stats_writer_close(next);
    close(fd);
}
END_TEST

static void start_anew(uint64_t number)
{
    struct directory_worker entry;
    ck_assert_int_eq(stats_segment_unlink(instance_name, "bravo", 2), 0);
    stats_writer_close(bravo);
    int fd = create_worker("bravo", STATS_KIND_CONSUMER, number);
    bravo = open_writer(fd);
    close(fd);
    set_partition(0, 100, 110);
    ck_assert(directory_worker(before.directory, 0, &entry));
    entry.generation = (int64_t)number;
    ck_assert_int_eq(directory_publish(directory, 0, &entry, NULL), 0);
}

START_TEST(a_worker_of_an_instance_that_was_started_anew_has_not_stalled)
{
    start_anew(1);
    compare();
    expect("\nbravo ready 2 → 1 ? ? 7 → 10 started again\n");
}
END_TEST

START_TEST(a_worker_of_the_same_number_can_be_another_process)
{
    start_anew(2);
    stats_add(bravo, CONSUMER_PROCESSED, 5000); /* more than the former one ever had */
    compare();
    expect("\nbravo ready 2 ? ? 7 → 10 started again\n");
}
END_TEST

START_TEST(a_worker_that_lives_again_is_not_dead)
{
    view_release(&before);
    stats_writer_close(bravo);
    bravo = NULL;
    collect(&everything);
    before = view;
    view = (struct view){0};
    int fd = stats_segment_open(instance_name, "bravo", 2, NULL);
    close(fd);
    fd = create_worker("bravo", STATS_KIND_CONSUMER, 3);
    bravo = open_writer(fd);
    close(fd);
    ck_assert_int_eq(stats_segment_unlink(instance_name, "bravo", 2), 0);
    compare();
    expect("2 → 3");
    expect("started again\n");
}
END_TEST

/* Unassigned in the one, unknown in the other: no number is made of them. */
START_TEST(what_is_unknown_stays_unknown)
{
    for (int32_t number = 0; number <= 2; number += 2) {
        int slot = stats_partition_slot(bravo, "payments", number);
        stats_partition_set(bravo, slot, PARTITION_HIGH, STATS_UNKNOWN);
        stats_partition_publish(bravo, slot);
    }
    compare();
    expect("\nbravo ready 2 0 0.00 0 7 → ? idle\n");
    refuse_text("stands at");
}
END_TEST

START_TEST(one_record_of_lag_is_a_stall_and_one_failure_is_bad)
{
    set_partition(0, 106, 107);
    compare();
    expect("\nbravo ready 2 0 0.00 0 7 → 1 stalled\n");
    stats_add(bravo, CONSUMER_FAILED, 1);
    colours = true;
    compare();
    expect("\033[1;31m1");
    expect("\033[1;31mstalled");
    expect("\033[2midle");
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/diff", prepare, clean_up, the_heading_has_the_instance_and_the_time_between,
                what_did_nothing_and_has_nothing_to_do_is_idle,
                what_is_behind_and_does_nothing_is_stalled_with_its_partitions,
                what_did_something_moved_and_its_rate_and_failures_are_told,
                a_partition_can_stall_in_a_worker_that_moves,
                a_partition_that_was_given_up_or_is_new_does_not_stall,
                a_worker_that_came_is_new_and_one_that_went_is_gone,
                a_worker_that_died_died_and_one_that_was_dead_is_dead,
                a_worker_that_was_stopped_or_is_done_did_not_die,
                a_worker_that_cannot_be_read_is_not_said_to_have_died,
                a_worker_of_a_later_generation_was_started_again,
                a_worker_of_an_instance_that_was_started_anew_has_not_stalled,
                a_worker_of_the_same_number_can_be_another_process, a_worker_that_lives_again_is_not_dead,
                what_is_unknown_stays_unknown, one_record_of_lag_is_a_stall_and_one_failure_is_bad)
