/* Which request may begin, which has to wait, and what becomes of one that nobody waits for any more. */
#include "common/stats/events.h"
#include "supervisor/control/queue.h"
#include "tests/supervisor/fleet_stage.h"

static struct queue queue;
static struct error error;
static int callers[2]; /* two clients: their addresses */

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1");
    fleet_begin();
    fleet_all_ready();
}

static void tear_down(void)
{
    queue_release(&queue);
    ck_assert(queue_is_empty(&queue));
    ck_assert_ptr_null(fleet.requests);
    fleet_close();
}

static struct pending *enters(int caller, const char *verb, const char *target, const char *argument)
{
    struct pending *pending = queue_free_slot(&queue);
    ck_assert_ptr_nonnull(pending);
    pending->request = (struct request){.supervisor = &fleet,
                                        .verb = verb_find(verb, strlen(verb), NULL),
                                        .wait = true,
                                        .deadline_us = clock_monotonic_us() + 30 * US_PER_SECOND};
    snprintf(pending->request.target, sizeof pending->request.target, "%s", target);
    snprintf(pending->request.argument, sizeof pending->request.argument, "%s", argument);
    queue_enter(&queue, pending, &callers[caller], 7);
    return pending;
}

static enum progress steps(struct pending *pending)
{
    error = (struct error)ERROR_INIT;
    return queue_step(&queue, pending, &error);
}

static void ends(const char *name)
{
    fake_ends(&fleet_worker(name)->process, 0, 0);
    fleet_turn();
}

/* --- places -------------------------------------------------------------------------------------------- */

START_TEST(there_are_so_many_places_and_one_that_is_left_is_free_again)
{
    struct pending *all[QUEUE_REQUESTS_MAX];
    ck_assert(queue_is_empty(&queue));
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        all[i] = enters(0, "status", "", "");
    ck_assert_ptr_null(queue_free_slot(&queue));
    queue_answered(all[QUEUE_REQUESTS_MAX - 1]);
    ck_assert_ptr_eq(queue_free_slot(&queue), all[QUEUE_REQUESTS_MAX - 1]);
    ck_assert(!queue_is_empty(&queue));
    queue_caller_gone(&queue, &callers[0]);
    ck_assert(queue_is_empty(&queue));
}
END_TEST

START_TEST(they_come_in_the_order_of_their_arrival_whatever_their_place)
{
    struct pending *first = enters(0, "status", "", "");
    struct pending *second = enters(0, "status", "", "");
    queue_answered(first);
    struct pending *third = enters(0, "status", "", ""); /* in the first one's place */
    ck_assert_ptr_eq(third, first);
    ck_assert_ptr_eq(queue_after(&queue, 0), second);
    ck_assert_ptr_eq(queue_after(&queue, second->sequence), third);
    ck_assert_ptr_null(queue_after(&queue, third->sequence));
    ck_assert_uint_eq(third->id, 7);
}
END_TEST

START_TEST(a_caller_that_goes_takes_its_own_requests_with_it_alone)
{
    struct pending *first = enters(0, "status", "", "");
    struct pending *second = enters(1, "status", "", "");
    ck_assert(queue_waits_for(&queue, &callers[0]));
    queue_caller_gone(&queue, &callers[0]);
    ck_assert(!queue_waits_for(&queue, &callers[0]));
    ck_assert(queue_waits_for(&queue, &callers[1]));
    ck_assert(!first->open && second->open);
    ck_assert_ptr_eq(second->caller, &callers[1]);
}
END_TEST

/* --- whose turn it is ---------------------------------------------------------------------------------- */

START_TEST(a_request_that_touches_the_same_worker_begins_when_the_one_before_is_over)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    struct pending *start = enters(1, "start", "bravo", "");
    struct pending *beside = enters(1, "stop", "zulu", "");
    ck_assert_int_eq(steps(stop), PROGRESS_WAITING);
    ck_assert_int_eq(steps(start), PROGRESS_WAITING);
    ck_assert_int_eq(steps(beside), PROGRESS_WAITING);
    ck_assert(stop->request.begun && !start->request.begun && beside->request.begun);
    ends("bravo");
    ck_assert_int_eq(steps(start), PROGRESS_WAITING); /* the other is not answered yet */
    ck_assert(!start->request.begun);
    ck_assert_int_eq(steps(stop), PROGRESS_DONE);
    queue_answered(stop);
    ck_assert_int_eq(steps(start), PROGRESS_WAITING);
    ck_assert(start->request.begun);
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STARTING);
    fleet_becomes_ready(fleet_worker("bravo"));
    ck_assert_int_eq(steps(start), PROGRESS_DONE);
}
END_TEST

START_TEST(a_later_request_does_not_hold_an_earlier_one_up)
{
    struct pending *first = enters(0, "stop", "bravo", "");
    struct pending *later = enters(1, "stop", "bravo", "");
    ck_assert_int_eq(steps(later), PROGRESS_WAITING);
    ck_assert(!later->request.begun);
    ck_assert_int_eq(steps(first), PROGRESS_WAITING);
    ck_assert(first->request.begun);
}
END_TEST

START_TEST(one_that_does_not_wait_is_done_when_it_has_begun)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    stop->request.wait = false;
    ck_assert_int_eq(steps(stop), PROGRESS_DONE);
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
    struct pending *refused = enters(0, "stop", "yank", "");
    refused->request.wait = false;
    ck_assert_int_eq(steps(refused), PROGRESS_FAILED);
}
END_TEST

START_TEST(a_verb_without_a_condition_is_done_when_it_has_begun)
{
    ck_assert_int_eq(steps(enters(0, "status", "all", "")), PROGRESS_DONE);
    ck_assert_int_eq(steps(enters(0, "logs", "yank", "")), PROGRESS_FAILED);
}
END_TEST

/* --- time ---------------------------------------------------------------------------------------------- */

START_TEST(one_whose_time_is_up_has_failed_and_goes_on)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    fake_clock_advance(30 * US_PER_SECOND - 1);
    ck_assert_int_eq(steps(stop), PROGRESS_WAITING);
    fake_clock_advance(1);
    ck_assert_int_eq(steps(stop), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "stop bravo: timed out; it continues in the background");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
}
END_TEST

/* Whether it may still come true depends on whether somebody was asked. */
START_TEST(a_record_that_is_late_may_still_arrive_or_was_never_sent)
{
    struct worker *producer = fleet_worker("producer");
    struct pending *first = enters(0, "produce", "", "user=marek");
    steps(first);
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(first), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "produce: timed out: the record may still arrive; it is not sent again");
    queue_answered(first);
    struct pending *next = enters(1, "produce", "", "user=ola");
    ck_assert_int_eq(steps(next), PROGRESS_WAITING);
    ck_assert(!next->request.begun); /* the producer is asked one thing at a time */
    struct pending *last = enters(2, "produce", "", "user=ewa");
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(last), PROGRESS_FAILED);
    ck_assert_str_eq(error.text,
                     "produce: timed out before it began: it waits for 'produce'; nothing was changed");
    queue_answered(last);
    FAKE_SAYS(producer, "failed", "is", first->request.number, "no");
    fleet_turn();
    ck_assert_int_eq(steps(first), PROGRESS_FAILED);
    queue_answered(first);
    fleet_restart_worker(producer);
    next->request.deadline_us = clock_monotonic_us() + 30 * US_PER_SECOND;
    ck_assert_int_eq(steps(next), PROGRESS_WAITING);
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(next), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "produce: timed out: nobody could be asked; nothing was changed");
}
END_TEST

START_TEST(one_that_could_not_begin_in_its_time_says_for_what_it_waited)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    struct pending *start = enters(1, "start", "bravo", "");
    steps(stop);
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(start), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "start bravo: timed out before it began: it waits for 'stop bravo'; nothing "
                                 "was changed");
}
END_TEST

START_TEST(one_that_is_done_at_its_last_moment_is_done)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    steps(stop);
    ends("bravo");
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(stop), PROGRESS_DONE);
}
END_TEST

/* --- what workers were asked ---------------------------------------------------------------------------- */

START_TEST(what_a_worker_was_asked_goes_on_without_a_caller_and_the_next_comes_after_it)
{
    struct worker *bravo = fleet_worker("bravo");
    struct pending *ack = enters(0, "ack", "bravo", "all");
    ck_assert_int_eq(steps(ack), PROGRESS_WAITING);
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(ack), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "ack bravo: timed out; it continues in the background (bravo "
                                 "has not answered)");
    int64_t number = ack->request.number;
    queue_answered(ack);
    ck_assert(ack->open); /* its answer is still to come */
    ck_assert_ptr_null(ack->caller);
    struct pending *next = enters(1, "reset", "bravo", "earliest");
    ck_assert_int_eq(steps(next), PROGRESS_WAITING);
    ck_assert(!next->request.begun);
    ck_assert_int_eq(steps(ack), PROGRESS_WAITING); /* no deadline of its own any more */
    FAKE_SAYS(bravo, "result", "iiiis", number, (int64_t)0, (int64_t)1, (int64_t)2, "a line");
    FAKE_SAYS(bravo, "done", "i", number);
    fleet_turn();
    ck_assert_int_eq(steps(ack), PROGRESS_DONE);
    queue_answered(ack);
    ck_assert(!ack->open);
    steps(next);
    ck_assert(next->request.begun);
}
END_TEST

START_TEST(one_that_asked_nobody_holds_nobody_up_without_its_caller)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    steps(stop);
    stop->caller = NULL;
    struct pending *start = enters(1, "start", "bravo", "");
    steps(start);
    ck_assert(start->request.begun);
}
END_TEST

/* --- the way in and the way out ------------------------------------------------------------------------ */

START_TEST(what_waits_when_the_instance_stops_is_not_begun_any_more)
{
    struct pending *stop = enters(0, "stop", "bravo", "");
    struct pending *start = enters(1, "start", "bravo", "");
    steps(stop);
    steps(start);
    fleet_stop(&fleet, 0);
    ends("bravo");
    ck_assert_int_eq(steps(stop), PROGRESS_DONE);
    queue_answered(stop);
    ck_assert_int_eq(steps(start), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "the instance is stopping");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_DOWN);
    ck_assert_int_eq(steps(enters(1, "status", "", "")), PROGRESS_DONE);
}
END_TEST

/* Each worker is started when the topics are there: who would be started before, or stopped, as well. */
START_TEST(what_starts_or_stops_workers_waits_until_the_fleet_has_started_them)
{
    fleet.step = STEP_PROVISION;
    struct pending *stop = enters(0, "stop", "bravo", "");
    struct pending *pause = enters(0, "pause", "zulu", "");
    ck_assert_int_eq(steps(stop), PROGRESS_WAITING);
    steps(pause);
    ck_assert(!stop->request.begun && pause->request.begun);
    fake_clock_advance(30 * US_PER_SECOND);
    ck_assert_int_eq(steps(stop), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "stop bravo: timed out before it began: the instance is just starting; "
                                 "nothing was changed");
    fleet.step = STEP_WORK;
    steps(stop);
    ck_assert(stop->request.begun);
}
END_TEST

/* --- who asked ----------------------------------------------------------------------------------------- */

static void last_event(struct event *event)
{
    struct events_reader *reader;
    uint64_t missed;
    ck_assert_int_eq(events_reader_open(&reader, fleet_instance, &error), 0);
    ck_assert_int_eq(events_read(reader, events_newest(reader) - 1, event, &missed, &error), 1);
    events_reader_close(reader);
}

START_TEST(what_happens_while_a_verb_begins_is_told_as_an_operators)
{
    struct event event;
    ck_assert_int_eq(steps(enters(0, "pause", "bravo", "")), PROGRESS_WAITING);
    ck_assert_ptr_null(fleet.cause);
    last_event(&event);
    ck_assert_int_eq(event.kind, EVENT_KIND_PAUSED);
    ck_assert_str_eq(event.text, "an operator's pause");
    fake_ends(&fleet_worker("zulu")->process, -1, 9); /* that is nobody's request */
    fleet_turn();
    last_event(&event);
    ck_assert_int_eq(event.kind, EVENT_KIND_STARTED);
    ck_assert_str_eq(event.text, "");
}
END_TEST

START_TEST(where_a_request_comes_from_is_told_too)
{
    struct event event;
    struct pending *pending = enters(0, "pause", "bravo", "");
    snprintf(pending->request.by, sizeof pending->request.by, "HTTP, 127.0.0.1");
    ck_assert_int_eq(steps(pending), PROGRESS_WAITING);
    last_event(&event);
    ck_assert_str_eq(event.text, "an operator's pause (HTTP, 127.0.0.1)");
}
END_TEST

CHECK_MAIN_WITH("supervisor/queue", set_up, tear_down, where_a_request_comes_from_is_told_too,
                what_happens_while_a_verb_begins_is_told_as_an_operators,
                there_are_so_many_places_and_one_that_is_left_is_free_again,
                they_come_in_the_order_of_their_arrival_whatever_their_place,
                a_caller_that_goes_takes_its_own_requests_with_it_alone,
                a_request_that_touches_the_same_worker_begins_when_the_one_before_is_over,
                a_later_request_does_not_hold_an_earlier_one_up,
                one_that_does_not_wait_is_done_when_it_has_begun,
                a_verb_without_a_condition_is_done_when_it_has_begun,
                a_record_that_is_late_may_still_arrive_or_was_never_sent,
                one_whose_time_is_up_has_failed_and_goes_on,
                one_that_could_not_begin_in_its_time_says_for_what_it_waited,
                one_that_is_done_at_its_last_moment_is_done,
                what_a_worker_was_asked_goes_on_without_a_caller_and_the_next_comes_after_it,
                one_that_asked_nobody_holds_nobody_up_without_its_caller,
                what_waits_when_the_instance_stops_is_not_begun_any_more,
                what_starts_or_stops_workers_waits_until_the_fleet_has_started_them)
