/* One record through the producer: who sends it, what counts as sent, what is said where that is not known.
 */
#include "tests/supervisor/verb_stage.h"

#define RECORD "user=marek"

static void without_producer(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1", "--no-producer");
    fleet_begin();
    fleet_all_ready();
}

static enum progress begins_waiting(const char *target, const char *argument)
{
    enum progress progress = begins("produce", target, argument);
    request.wait = true;
    return progress == PROGRESS_FAILED ? request_begin(&request, &error) : progress;
}

/* The record has been asked of the producer; the number of the request. */
static int64_t asked(const struct worker *worker)
{
    struct rpc_message message;
    int64_t number;
    struct mp_view method;
    struct mp_view text;
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ck_assert_str_eq(fake_hears(worker, &message), "request");
    ck_assert(mp_read_int(&message.params, &number) && mp_read_str(&message.params, &method) &&
              mp_read_str(&message.params, &text));
    ck_assert_mem_eq(method.data, "produce", method.length);
    ck_assert_mem_eq(text.data, RECORD, text.length);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ck_assert_str_eq(fake_hears(worker, &message), ""); /* once */
    return number;
}

static void is_sent(struct worker *worker, int64_t number)
{
    FAKE_SAYS(worker, "result", "iiiis", number, (int64_t)1, (int64_t)-1, (int64_t)1042,
              "payments [1] @ 1042");
    FAKE_SAYS(worker, "done", "i", number);
    fleet_turn();
}

START_TEST(it_is_done_when_the_producer_says_where_the_record_is)
{
    int64_t number = asked(producer);
    is_sent(producer, number);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_int_eq(producer->asked, 1);
    ck_assert_str_eq(lines(), "payments [1] @ 1042\n");
    const char *bytes = packed(request.verb->result);
    struct mp_reader reader;
    uint32_t pairs;
    mp_init(&reader, bytes, packed_length);
    ck_assert(mp_read_map(&reader, &pairs));
    ck_assert_uint_eq(pairs, 4);
}
END_TEST

START_TEST(what_cannot_be_a_request_for_a_record_is_refused)
{
    is_refused("produce", "bravo", RECORD, "the producer sends records, not 'bravo'");
    is_refused("produce", "", "", "produce: which record?");
    is_refused("produce", "Producer", RECORD, "it has to be waited for"); /* without waiting */
    ck_assert_ptr_null(fleet.requests);
}
END_TEST

START_TEST(the_producers_reason_is_told)
{
    int64_t number = asked(producer);
    FAKE_SAYS(producer, "failed", "is", number, "field user: it rains");
    fleet_turn();
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "producer: field user: it rains");
    ck_assert_int_eq(producer->asked, 0);
    number = asked(producer);
    FAKE_SAYS(producer, "done", "i", number);
    fleet_turn();
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "producer: it does not say where the record is");
}
END_TEST

START_TEST(of_one_whose_producer_dies_it_is_not_known_and_it_is_not_asked_again)
{
    asked(producer);
    ends(producer, -1);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "producer: its process ended before it was done: the record may be stored "
                                 "all the same; it is not sent again");
}
END_TEST

START_TEST(it_waits_for_a_producer_that_starts_and_asks_a_paused_one_at_once)
{
    struct rpc_message message;
    fleet_restart_worker(producer);
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ends(producer, 0);
    ck_assert_int_eq(producer->state, WORKER_STARTING);
    ck_assert(!producer->on_request);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ck_assert_uint_eq(request.share_count, 0);
    fleet_pause_worker(producer, true);
    ck_assert_str_eq(fake_hears(producer, &message), "pause");
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    ck_assert_str_eq(fake_hears(producer, &message), "request");
}
END_TEST

START_TEST(of_one_that_is_held_back_the_reason_is_told_and_of_an_end_too)
{
    ends(producer, EXIT_CODE_CONFIG);
    ck_assert_int_eq(producer->state, WORKER_HELD);
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "producer is held: exit code 78"));
    ck_assert_ptr_nonnull(strstr(error.text, "the record is not sent"));
    fleet.stopping = true;
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "the instance is stopping; the record is not sent");
    fleet.stopping = false;
}
END_TEST

START_TEST(where_none_runs_one_is_started_that_makes_no_records_and_stays)
{
    fleet_close();
    without_producer();
    ck_assert_ptr_null(supervisor_find(&fleet, KIND_PRODUCER));
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    producer = fleet_worker(PRODUCER_WORKER);
    ck_assert(producer->on_request);
    ck_assert_int_eq(producer->state, WORKER_STARTING);
    fleet_becomes_ready(producer);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    is_sent(producer, request.number);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_ptr_nonnull(strstr(lines(), "one was started that makes no records of its own and stays"));
    is_refused("rate", "5", "", "makes no records of its own");
    fleet_restart_worker(producer);
    ends(producer, 0);
    ck_assert(producer->on_request); /* as it was */
    ck_assert_int_eq(producer->state, WORKER_STARTING);
}
END_TEST

START_TEST(one_that_was_stopped_comes_back_for_it_and_turns_to_its_work_when_it_is_started)
{
    states_dispatch(producer, EVENT_STOP);
    ends(producer, 0);
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    fleet_becomes_ready(producer);
    ck_assert(producer->on_request);
    fleet_start_worker(producer);
    ck_assert_int_eq(producer->state, WORKER_STOPPING);
    ends(producer, 0);
    ck_assert_int_eq(producer->state, WORKER_STARTING);
    ck_assert(!producer->on_request);
}
END_TEST

START_TEST(a_topic_that_no_client_reads_is_not_guessed)
{
    fleet_close();
    without_producer();
    for (size_t i = 0; i < fleet.worker_count; i++) {
        static struct settings other;
        other = *fleet.workers[i]->settings;
        other.topic = "elsewhere";
        fleet.workers[i]->settings = &other;
    }
    ck_assert_int_eq(begins_waiting("", RECORD), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "none of its clients reads topic 'payments'"));
    ck_assert_ptr_null(supervisor_find(&fleet, KIND_PRODUCER));
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_produce", set_up, tear_down,
                it_is_done_when_the_producer_says_where_the_record_is,
                what_cannot_be_a_request_for_a_record_is_refused, the_producers_reason_is_told,
                of_one_whose_producer_dies_it_is_not_known_and_it_is_not_asked_again,
                it_waits_for_a_producer_that_starts_and_asks_a_paused_one_at_once,
                of_one_that_is_held_back_the_reason_is_told_and_of_an_end_too,
                where_none_runs_one_is_started_that_makes_no_records_and_stays,
                one_that_was_stopped_comes_back_for_it_and_turns_to_its_work_when_it_is_started,
                a_topic_that_no_client_reads_is_not_guessed)
