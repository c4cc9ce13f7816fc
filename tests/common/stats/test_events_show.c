/* The events of an instance, shown: which, how, and when following ends. */
#include "common/stats/events_show.h"

#include <pthread.h>

#include "common/exit_codes.h"
#include "common/stats/events_text.h"
#include "tests/common/stats/events_support.h"

static char shown[64 * 1024];
static struct events_spec spec;
static struct error error;

static void begin(void)
{
    begin_events();
    spec = (struct events_spec){.instance = instance_name};
}

static int show(void)
{
    memset(shown, 0, sizeof shown);
    FILE *stream = fmemopen(shown, sizeof shown, "w");
    error = (struct error)ERROR_INIT;
    int result = events_show(&spec, stream, &error);
    fclose(stream);
    return result;
}

static void happens(enum event_kind kind, const char *worker)
{
    struct event one;
    event_init(&one, kind);
    snprintf(one.worker, sizeof one.worker, "%s", worker);
    events_add(writer, &one);
}

static unsigned count_lines(void)
{
    unsigned count = 0;
    for (const char *at = shown; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

START_TEST(all_that_are_kept_are_shown_a_line_each)
{
    happens(EVENT_KIND_STARTED, "bravo");
    happens(EVENT_KIND_HELD, "zulu");
    ck_assert_int_eq(show(), 0);
    ck_assert_uint_eq(count_lines(), 2);
    ck_assert_ptr_nonnull(strstr(shown, "     2  zulu         held\n"));
}
END_TEST

START_TEST(a_client_means_all_of_its_workers)
{
    happens(EVENT_KIND_STARTED, "bravo");
    happens(EVENT_KIND_STARTED, "bravo.2");
    happens(EVENT_KIND_STARTED, "bravox");
    happens(EVENT_KIND_SUPERVISOR_STOPPING, "");
    spec.worker = "BRAVO";
    ck_assert_int_eq(show(), 0);
    ck_assert_uint_eq(count_lines(), 2);
    spec.worker = "bravo.2";
    ck_assert_int_eq(show(), 0);
    ck_assert_uint_eq(count_lines(), 1);
}
END_TEST

START_TEST(what_was_overwritten_unread_is_told)
{
    write_events(1, EVENTS_KEPT + 5);
    spec.since = 3;
    spec.json = true;
    spec.worker = "nobody";
    ck_assert_int_eq(show(), 0);
    ck_assert_str_eq(shown, "{\"missed\":2}\n");
    spec.json = false;
    ck_assert_int_eq(show(), 0);
    ck_assert_str_eq(shown, "… 2 events were missed\n");
    spec.since = 4;
    ck_assert_int_eq(show(), 0);
    ck_assert_str_eq(shown, "… 1 event was missed\n");
    spec.since = 0;
    ck_assert_int_eq(show(), 0);
    ck_assert_str_eq(shown, "");
}
END_TEST

START_TEST(without_a_ring_it_is_said_that_nothing_runs)
{
    events_close(writer, true);
    ck_assert_int_eq(show(), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_ptr_nonnull(strstr(error.text, "has no events: it is not running"));
    open_writer_of_events();
}
END_TEST

START_TEST(what_cannot_be_written_is_an_error)
{
    FILE *stream = fopen("/dev/full", "w");
    happens(EVENT_KIND_STARTED, "bravo");
    ck_assert_int_eq(events_show(&spec, stream, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot write the events"));
    fclose(stream);
}
END_TEST

struct follower {
    FILE *out;
    int result;
};

static void *run_follower(void *context)
{
    struct follower *follower = context;
    spec.follow = true;
    follower->result = events_show(&spec, follower->out, &error);
    fclose(follower->out);
    return NULL;
}

/* A successor goes on with the ring, and the instance ends in order: so does the following. */
START_TEST(following_goes_on_over_a_successor_and_ends_with_the_instance)
{
    struct follower follower = {.result = -1};
    pthread_t following;
    char line[EVENT_LINE_BYTES];
    int ends[2], lines = 1;
    ck_assert_int_eq(pipe(ends), 0);
    FILE *in = fdopen(ends[0], "r");
    follower.out = fdopen(ends[1], "w");
    happens(EVENT_KIND_SUPERVISOR_STARTED, "");
    ck_assert_int_eq(pthread_create(&following, NULL, run_follower, &follower), 0);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, in)); /* it has it open */
    events_close(writer, false);
    open_writer_of_events();
    happens(EVENT_KIND_SUPERVISOR_STARTED, "");
    happens(EVENT_KIND_SUPERVISOR_STOPPED, "");
    events_close(writer, true);
    writer = NULL;
    while (fgets(line, sizeof line, in) != NULL)
        lines++;
    ck_assert_int_eq(pthread_join(following, NULL), 0);
    ck_assert_msg(follower.result == 0, "%s", error.text);
    ck_assert_int_eq(lines, 3);
    fclose(in);
}
END_TEST

/* Nothing comes any more, so that no write fails. */
START_TEST(following_ends_when_nobody_reads_any_more)
{
    struct follower follower = {.result = -2};
    pthread_t following;
    char line[EVENT_LINE_BYTES];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    FILE *in = fdopen(ends[0], "r");
    follower.out = fdopen(ends[1], "w");
    happens(EVENT_KIND_STARTED, "bravo");
    ck_assert_int_eq(pthread_create(&following, NULL, run_follower, &follower), 0);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, in));
    fclose(in);
    ck_assert_int_eq(pthread_join(following, NULL), 0);
    ck_assert_int_eq(follower.result, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "nobody reads them any more"));
}
END_TEST

CHECK_MAIN_WITH("common/stats/events_show", begin, end_events, all_that_are_kept_are_shown_a_line_each,
                a_client_means_all_of_its_workers, what_was_overwritten_unread_is_told,
                without_a_ring_it_is_said_that_nothing_runs, what_cannot_be_written_is_an_error,
                following_goes_on_over_a_successor_and_ends_with_the_instance,
                following_ends_when_nobody_reads_any_more)
