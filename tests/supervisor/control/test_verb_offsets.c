/* The verbs that consumers carry out themselves: who is asked, what counts as done, what the answer holds. */
#include <msgpack.h>

#include "common/stats/events.h"
#include "tests/supervisor/fleet_stage.h"
#include "tests/supervisor/packed.h"

static struct worker *bravo, *zulu;
static struct request request;
static struct error error;

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1");
    fleet_begin();
    fleet_all_ready();
    bravo = fleet_worker("bravo");
    zulu = fleet_worker("zulu");
}

static void tear_down(void)
{
    request_release(&request);
    ck_assert_ptr_null(fleet.requests);
    fleet_close();
}

static enum progress begins(const char *verb, const char *target, const char *argument)
{
    request_release(&request);
    error = (struct error)ERROR_INIT;
    request = (struct request){.supervisor = &fleet, .verb = verb_find(verb, strlen(verb), NULL)};
    snprintf(request.target, sizeof request.target, "%s", target);
    snprintf(request.argument, sizeof request.argument, "%s", argument);
    return request_begin(&request, &error);
}

static void is_refused(const char *verb, const char *target, const char *argument, const char *why)
{
    ck_assert_int_eq(begins(verb, target, argument), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, why));
    ck_assert_uint_eq(request.share_count, 0);
}

static void waits(const char *verb, const char *target, const char *argument)
{
    ck_assert_msg(begins(verb, target, argument) == PROGRESS_WAITING, "%s", error.text);
}

static enum progress is(void)
{
    error = (struct error)ERROR_INIT;
    return request_check(&request, &error);
}

static void failed(const char *why)
{
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, why);
}

static void says_result(struct worker *worker, int64_t number, int64_t partition, int64_t from, int64_t to)
{
    FAKE_SAYS(worker, "result", "iiiis", number, partition, from, to, "a line");
    fleet_turn();
}

static void says_done(struct worker *worker, int64_t number)
{
    FAKE_SAYS(worker, "done", "i", number);
    fleet_turn();
}

static void ends(struct worker *worker, int exit_status)
{
    fake_ends(&worker->process, exit_status, 0);
    fleet_turn();
}

static size_t packed_length;
static const char *packed(void (*pack)(struct request *, msgpack_packer *))
{
    return packed_by(pack, &request, &packed_length);
}

/* The last element of the array of lines, and how many there are. */
static const char *last_line(uint32_t *count)
{
    static char text[256];
    struct mp_reader reader;
    struct mp_view view = {0};
    const char *bytes = packed(verb_lines);
    mp_init(&reader, bytes, packed_length);
    ck_assert(mp_read_array(&reader, count));
    for (uint32_t i = 0; i < *count; i++)
        ck_assert(mp_read_str(&reader, &view));
    snprintf(text, sizeof text, "%.*s", (int)view.length, view.data);
    return text;
}

/* --- refused ------------------------------------------------------------------------------------------- */

START_TEST(who_has_no_offsets_and_what_is_no_spec_is_refused)
{
    is_refused("reset", PRODUCER_WORKER, "earliest", "producer has no offsets: it is not a consumer");
    is_refused("ack", PRODUCER_WORKER, "all", "producer has no offsets: it is not a consumer");
    is_refused("reset", "bravo", "yesterday", "yesterday");
    is_refused("ack", "bravo", "", "ack: what?");
    is_refused("ack", "yank", "all", "there is no client or worker 'yank'");
    struct rpc_message message;
    ck_assert_str_eq(fake_hears(bravo, &message), "");
}
END_TEST

START_TEST(an_ack_of_one_that_does_not_run_fails)
{
    states_dispatch(bravo, EVENT_STOP);
    ends(bravo, 0);
    waits("ack", "bravo", "all");
    failed("bravo: it does not run");
}
END_TEST

START_TEST(one_that_does_not_listen_has_failed_and_the_others_go_on)
{
    fake_close(&fake_process(&bravo->process)->channel_fd);
    waits("ack", "all", "0:1");
    ck_assert_ptr_eq(request_awaits(&request), zulu);
    says_result(zulu, request.number, 0, 1, 2);
    says_done(zulu, request.number);
    failed("bravo: it does not listen; done: zulu [0] 1 → 2");
}
END_TEST

START_TEST(a_reset_that_leaves_a_partition_out_has_failed)
{
    waits("reset", "bravo", "earliest");
    FAKE_SAYS(bravo, "partitions", "i", (int64_t)3);
    says_result(bravo, request.number, 0, 9, 0);
    says_result(bravo, request.number, 2, 9, 0);
    says_done(bravo, request.number);
    failed("no worker of bravo owns partition 1 now; done: bravo [0] 9 → 0, bravo [2] 9 → 0");
    waits("reset", "bravo", "earliest");
    FAKE_SAYS(bravo, "partitions", "i", (int64_t)2);
    says_result(bravo, request.number, 1, 9, 0);
    says_result(bravo, request.number, 0, 9, 0);
    says_done(bravo, request.number);
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(one_that_begins_or_ends_keeps_its_group_from_being_reset)
{
    states_dispatch(bravo, EVENT_STOP);
    waits("reset", "bravo", "earliest");
    failed("bravo: bravo is stopping: try again when it is ready, or down");
    ends(bravo, 0);
    bravo->state = WORKER_BACKING_OFF;
    waits("reset", "bravo", "earliest");
    failed("bravo: bravo is backing off: try again when it is ready, or down");
    bravo->state = WORKER_DOWN;
}
END_TEST

/* --- a client that is down ------------------------------------------------------------------------------ */

START_TEST(a_client_that_is_down_is_reset_by_a_process_for_that_alone)
{
    states_dispatch(bravo, EVENT_STOP);
    ends(bravo, 0);
    waits("reset", "bravo", "offset:7");
    ck_assert_int_ne(bravo->process.pid, 0);
    ck_assert(fake_was_told(bravo, "offset:7"));
    ck_assert_ptr_null(bravo->started_for.text);
    ck_assert_int_eq(bravo->started_for.number, request.number);
    ck_assert_int_eq(bravo->state, WORKER_STOPPING);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    says_result(bravo, 0, 2, STATS_UNKNOWN, 7); /* its own request has no number there */
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ends(bravo, 0);
    ck_assert_int_eq(bravo->state, WORKER_DOWN); /* as before */
    ck_assert_int_eq(bravo->started_for.number, 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    fleet_start_worker(bravo);
    ck_assert(!fake_was_told(bravo, "offset:7"));
}
END_TEST

START_TEST(a_process_for_a_reset_alone_that_ends_badly_has_not_done_it)
{
    states_dispatch(bravo, EVENT_STOP);
    ends(bravo, 0);
    waits("reset", "bravo", "earliest");
    says_result(bravo, 0, 2, 1, 0);
    ends(bravo, 1);
    failed("bravo: its process ended before it was done; done: bravo [2] 1 → 0");
    waits("reset", "bravo", "earliest");
    ends(bravo, 0); /* well, and without a result */
    failed("bravo: its process ended before it was done");
}
END_TEST

START_TEST(a_running_process_that_ends_well_has_not_done_what_it_did_not_say)
{
    waits("ack", "bravo", "0:1");
    says_result(bravo, request.number, 0, 1, 2);
    states_dispatch(bravo, EVENT_STOP);
    ends(bravo, 0);
    failed("bravo: its process ended before it was done; done: bravo [0] 1 → 2");
}
END_TEST

START_TEST(a_process_for_a_reset_that_cannot_be_started_has_failed_with_the_reason)
{
    states_dispatch(bravo, EVENT_STOP);
    ends(bravo, 0);
    bravo->history = (struct restart_history){.consecutive = 5}; /* it is not tried again at once */
    fake_spawn_errno = ENOENT;
    waits("reset", "bravo", "earliest");
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_eq(strstr(error.text, "bravo: cannot start /nowhere/kconsume"), error.text);
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
}
END_TEST

START_TEST(one_process_of_a_group_that_is_down_resets_it)
{
    fleet_scale(&fleet, "bravo", 2, &error);
    fleet_becomes_ready(fleet_worker("bravo.2"));
    states_dispatch(bravo, EVENT_STOP);
    states_dispatch(fleet_worker("bravo.2"), EVENT_STOP);
    ends(bravo, 0);
    ends(fleet_worker("bravo.2"), 0);
    waits("reset", "bravo", "earliest");
    ck_assert_uint_eq(request.share_count, 1);
    ck_assert_int_eq(fleet_worker("bravo.2")->process.pid, 0);
}
END_TEST

/* --- what is not done ---------------------------------------------------------------------------------- */

START_TEST(a_reset_that_nobody_answers_with_a_partition_is_not_done)
{
    waits("reset", "all", "earliest");
    says_done(bravo, request.number);
    says_result(zulu, request.number, 0, 1, 0);
    says_done(zulu, request.number);
    failed("no worker of bravo owns such a partition now (a rebalance, or no such partition); done: zulu [0] "
           "1 → "
           "0");
}
END_TEST

START_TEST(each_word_of_an_ack_has_to_be_answered)
{
    waits("ack", "bravo", "0:1,12:4-9,all");
    says_result(bravo, request.number, 0, 1, 2);
    says_result(bravo, request.number, 12, 4, 10);
    says_done(bravo, request.number);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    waits("ack", "bravo", "12:4-9,0:1");
    says_result(bravo, request.number, 12, 4, 10);
    says_done(bravo, request.number);
    failed("no worker of bravo owns partition 0 now; done: bravo [12] 4 → 10");
    waits("ack", "bravo", "all");
    says_done(bravo, request.number);
    failed("no worker of bravo owns such a partition now (a rebalance, or no such partition)");
}
END_TEST

START_TEST(where_one_of_a_group_failed_that_alone_is_told)
{
    fleet_scale(&fleet, "bravo", 2, &error);
    fleet_becomes_ready(fleet_worker("bravo.2"));
    waits("ack", "bravo", "5:1");
    ck_assert_uint_eq(request.share_count, 2);
    FAKE_SAYS(fleet_worker("bravo.2"), "failed", "is", request.number, "no broker");
    fleet_turn();
    says_done(bravo, request.number);
    failed("bravo.2: no broker"); /* whose partition it was, nobody knows */
    waits("ack", "bravo", "5:1");
    says_done(bravo, request.number);
    says_done(fleet_worker("bravo.2"), request.number);
    failed("no worker of bravo owns partition 5 now"); /* told once */
}
END_TEST

/* --- what the answer holds ----------------------------------------------------------------------------- */

START_TEST(the_answer_for_programs_has_each_partition_with_its_worker_and_nil_for_unknown)
{
    waits("reset", "bravo", "earliest");
    says_result(bravo, request.number, 2, STATS_UNKNOWN, 9);
    says_result(bravo, request.number, 3, 4, 5);
    says_done(bravo, request.number);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_str_eq(request.verb->result_name, "partitions");
    static const char wanted[] = "\x92"
                                 "\x84\xa6worker\xa5"
                                 "bravo\xa9partition\x02\xa4"
                                 "from\xc0\xa2to\x09"
                                 "\x84\xa6worker\xa5"
                                 "bravo\xa9partition\x03\xa4"
                                 "from\x04\xa2to\x05";
    const char *bytes = packed(request.verb->result);
    ck_assert_uint_eq(packed_length, sizeof wanted - 1);
    ck_assert_mem_eq(bytes, wanted, sizeof wanted - 1);
    uint32_t count;
    ck_assert_str_eq(last_line(&count), "a line");
    ck_assert_uint_eq(count, 2);
    ck_assert(fleet_has_said("bravo: a line"));
}
END_TEST

START_TEST(more_results_than_are_kept_are_counted)
{
    uint32_t count;
    waits("reset", "bravo", "earliest");
    struct request_result result = {.partition = 1, .from = 2, .to = 3, .text = (char *)(uintptr_t) "xyz"};
    for (int i = 0; i < 8192; i++)
        request_result(bravo, request.number, &result, 1);
    ck_assert_str_eq(last_line(&count), "x"); /* as long as it was told */
    ck_assert_uint_eq(count, 8192);
    request_result(bravo, request.number, &result, 1);
    request_result(bravo, request.number, &result, 1);
    ck_assert_str_eq(last_line(&count), "and 2 more");
    ck_assert_uint_eq(count, 8193);
}
END_TEST

START_TEST(a_reason_is_told_as_far_as_it_fits_and_no_further)
{
    char long_reason[ERROR_TEXT_BYTES];
    memset(long_reason, 'r', sizeof long_reason - 1);
    long_reason[sizeof long_reason - 1] = '\0';
    waits("ack", "bravo", "all");
    request_failed(bravo, request.number, long_reason, sizeof long_reason - 1);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text + strlen(error.text) - strlen("r …"), "r …");
    size_t fits = strlen(error.text) - strlen("bravo: ") - strlen(" …");
    waits("ack", "bravo", "all");
    request_failed(bravo, request.number, long_reason, fits); /* to the last byte */
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_uint_eq(strlen(error.text), fits + strlen("bravo: "));
    request_failed(bravo, request.number, "another", 7); /* the first one counts */
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_null(strstr(error.text, "another"));
}
END_TEST

/* --- told as events ------------------------------------------------------------------------------------ */

static size_t count_events(enum event_kind kind, struct event *last)
{
    struct events_reader *reader;
    struct event event = {.sequence = 0};
    uint64_t missed;
    size_t count = 0;
    ck_assert_int_eq(events_reader_open(&reader, fleet_instance, &error), 0);
    while (events_read(reader, event.sequence, &event, &missed, &error) == 1)
        if (event.kind == (int64_t)kind) {
            count++;
            *last = event;
        }
    events_reader_close(reader);
    return count;
}

START_TEST(what_a_verb_has_changed_is_an_event)
{
    struct event last;
    waits("ack", "bravo", "2:8");
    says_result(bravo, request.number, 2, 4, 9);
    ck_assert_uint_eq(count_events(EVENT_KIND_ACKNOWLEDGED, &last), 1);
    ck_assert_str_eq(last.worker, "bravo");
    ck_assert_int_eq(last.partition, 2);
    ck_assert_int_eq(last.from, 4);
    ck_assert_int_eq(last.to, 9);
    ck_assert_str_eq(last.text, "an operator's ack");
    waits("reset", "bravo", "earliest,dry-run");
    says_result(bravo, request.number, 2, 4, 0);
    ck_assert_uint_eq(count_events(EVENT_KIND_RESET, &last), 0);
    waits("reset", "bravo", "earliest");
    says_result(bravo, request.number, 2, 4, 0);
    ck_assert_uint_eq(count_events(EVENT_KIND_RESET, &last), 1);
}
END_TEST

START_TEST(many_partitions_are_not_all_events)
{
    struct event last;
    struct request_result result = {.partition = 1, .from = 2, .to = 3, .text = (char *)(uintptr_t) "x"};
    waits("reset", "bravo", "earliest");
    for (int i = 0; i < 100; i++)
        request_result(bravo, request.number, &result, 1);
    request_done(bravo, request.number);
    ck_assert_uint_eq(count_events(EVENT_KIND_RESET, &last), 65);
    ck_assert_int_eq(last.count, 36);
    ck_assert_int_eq(last.partition, STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_offsets", set_up, tear_down, what_a_verb_has_changed_is_an_event,
                many_partitions_are_not_all_events, who_has_no_offsets_and_what_is_no_spec_is_refused,
                an_ack_of_one_that_does_not_run_fails,
                one_that_does_not_listen_has_failed_and_the_others_go_on,
                a_reset_that_leaves_a_partition_out_has_failed,
                one_that_begins_or_ends_keeps_its_group_from_being_reset,
                a_client_that_is_down_is_reset_by_a_process_for_that_alone,
                a_process_for_a_reset_alone_that_ends_badly_has_not_done_it,
                a_running_process_that_ends_well_has_not_done_what_it_did_not_say,
                a_process_for_a_reset_that_cannot_be_started_has_failed_with_the_reason,
                one_process_of_a_group_that_is_down_resets_it,
                a_reset_that_nobody_answers_with_a_partition_is_not_done,
                each_word_of_an_ack_has_to_be_answered, where_one_of_a_group_failed_that_alone_is_told,
                the_answer_for_programs_has_each_partition_with_its_worker_and_nil_for_unknown,
                more_results_than_are_kept_are_counted, a_reason_is_told_as_far_as_it_fits_and_no_further)
