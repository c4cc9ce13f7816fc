/* The control socket, as its clients see it: what is answered, and what is refused. */
#include "tests/supervisor/control_stage.h"

/* --- answers ------------------------------------------------------------------------------------------- */

START_TEST(a_request_is_answered_with_its_number_its_lines_and_its_result)
{
    SENDS(client, 5, "status", "s", "bravo");
    is_answered(client, 5, "");
    ck_assert(has("\x82\xa5lines\x91"));
    ck_assert(has("workers\x91"));
    ck_assert(has("bravo: ready, pid "));
    ck_assert(!has("zulu"));
}
END_TEST

START_TEST(an_answer_without_a_result_has_its_lines_alone)
{
    fleet_worker(PRODUCER_WORKER)->rate.number = 0;
    SENDS(client, 5, "rate", "ssib", "5/s", "", (int64_t)1000, 0);
    is_answered(client, 5, "");
    ck_assert(has("\x81\xa5lines\x91"));
}
END_TEST

START_TEST(a_request_is_answered_when_it_has_become_true)
{
    SENDS(client, 6, "stop", "s", "bravo");
    is_not_answered(client);
    fleet_turn();
    is_not_answered(client);
    ends("bravo");
    is_answered(client, 6, "");
    ck_assert(has("bravo: down"));
    fleet_turn();
    is_not_answered(client); /* once */
}
END_TEST

START_TEST(a_request_is_answered_when_its_time_is_up)
{
    SENDS(client, 6, "stop", "ssi", "bravo", "", (int64_t)1500);
    fake_clock_advance(1500 * US_PER_MS - 1);
    fleet_turn();
    is_not_answered(client);
    fake_clock_advance(1);
    fleet_turn();
    is_answered(client, 6, "stop bravo: timed out; it continues in the background");
}
END_TEST

START_TEST(without_a_timeout_it_is_thirty_seconds)
{
    SENDS(client, 6, "stop", "s", "bravo");
    fake_clock_advance(9 * US_PER_SECOND);
    fleet_worker("bravo")->deadline_us = INT64_MAX; /* it is not killed */
    fake_clock_advance(21 * US_PER_SECOND - 1);
    fleet_turn();
    is_not_answered(client);
    fake_clock_advance(1);
    fleet_turn();
    ck_assert(reads(client) && has("timed out"));
}
END_TEST

START_TEST(who_does_not_wait_is_answered_at_once)
{
    SENDS(client, 6, "stop", "ssib", "bravo", "", (int64_t)1500, 0);
    is_answered(client, 6, "");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_requests_arrival)
{
    SENDS(client, 1, "stop", "s", "zulu");
    SENDS(client, 2, "start", "s", "zulu");
    ends("zulu");
    is_answered(client, 1, "");
    ck_assert_int_eq(fleet_worker("zulu")->state, WORKER_STARTING); /* the second has begun */
}
END_TEST

/* --- what is refused ----------------------------------------------------------------------------------- */

#define PARAMETERS "the parameters are [target, argument, timeout in ms, wait, by]"

START_TEST(an_unknown_verb_is_refused_with_the_nearest_one)
{
    SENDS(client, 3, "restat", "");
    is_answered(client, 3, "there is no verb 'restat'; is 'restart' meant?");
    SENDS(client, 3, "xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz40+", "");
    is_answered(client, 3, "there is no verb 'xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz4'");
}
END_TEST

START_TEST(parameters_of_another_type_or_size_are_refused)
{
    SENDS(client, 1, "status", "i", (int64_t)1);
    is_answered(client, 1, PARAMETERS);
    SENDS(client, 2, "status", "si", "bravo", (int64_t)1);
    is_answered(client, 2, PARAMETERS);
    SENDS(client, 3, "status", "sss", "bravo", "", "soon");
    is_answered(client, 3, PARAMETERS);
    SENDS(client, 4, "status", "ssii", "bravo", "", (int64_t)1, (int64_t)1);
    is_answered(client, 4, PARAMETERS);
    SENDS(client, 5, "status", "ssibi", "bravo", "", (int64_t)1, 1, (int64_t)1);
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 5, "status", "ssibs", "bravo", "", (int64_t)1, 1, "HTTP\n");
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 5, "status", "ssibs", "bravo", "", (int64_t)1, 1, "HTTP, \xc3\xa4");
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 5, "status", "ssibs", "bravo", "", (int64_t)1, 1,
          "one that is as long as the place that there is for it, and longer");
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 5, "status", "ssibss", "bravo", "", (int64_t)1, 1, "HTTP", "x");
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 5, "status", "ssibs", "bravo", "", (int64_t)1, 1, "HTTP, 127.0.0.1");
    is_answered(client, 5, "");
    SENDS(client, 6, "status", "ssi", "bravo", "", (int64_t)-1);
    is_answered(client, 6, PARAMETERS);
    SENDS(client, 7, "status", "ssi", "bravo", "", (int64_t)24 * 3600 * 1000 + 1);
    is_answered(client, 7, PARAMETERS);
    SENDS(client, 8, "status", "ssi", "bravo", "", (int64_t)24 * 3600 * 1000);
    is_answered(client, 8, "");
    SENDS(client, 9, "status", "ssi", "bravo", "", (int64_t)0);
    is_answered(client, 9, "");
    SENDS(client, 10, "status", "");
    is_answered(client, 10, "");
}
END_TEST

START_TEST(a_text_with_a_NUL_is_refused)
{
    static const char bytes[] = "\x94\x00\x07\xa6status\x91\xa3"
                                "a\0b";
    sends_bytes(client, bytes, sizeof bytes - 1);
    is_answered(client, 7, PARAMETERS);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused_and_its_limit_is_told)
{
    char text[RPC_TEXT_BYTES + 1];
    memset(text, 'x', sizeof text - 1);
    text[VERB_TEXT_BYTES] = '\0';
    SENDS(client, 1, "status", "s", text);
    is_answered(client, 1, "the target has 256 bytes, and one request carries at most 255: split it");
    text[VERB_TEXT_BYTES - 1] = '\0';
    SENDS(client, 2, "status", "s", text);
    is_answered(client, 2, "");
    memset(text, 'x', sizeof text - 1);
    text[RPC_TEXT_BYTES] = '\0';
    SENDS(client, 3, "status", "ss", "bravo", text);
    is_answered(client, 3, "the argument has 4096 bytes, and one request carries at most 4095: split it");
    text[RPC_TEXT_BYTES - 1] = '\0';
    SENDS(client, 4, "status", "ss", "bravo", text);
    is_answered(client, 4, "");
}
END_TEST

START_TEST(one_that_stops_answers_only_what_is_for_it)
{
    fleet_stop(&fleet, 0);
    SENDS(client, 1, "start", "s", "bravo");
    is_answered(client, 1, "the instance is stopping");
    SENDS(client, 2, "status", "s", "bravo");
    is_answered(client, 2, "");
}
END_TEST

START_TEST(one_request_too_many_is_refused_and_the_others_stay_open)
{
    for (int i = 0; i < 64; i++)
        SENDS(client, i, "stop", "s", "bravo");
    is_not_answered(client);
    SENDS(client, 99, "status", "s", "bravo");
    is_answered(client, 99, "too many requests are open");
}
END_TEST

/* --- bytes --------------------------------------------------------------------------------------------- */

START_TEST(a_request_may_come_in_pieces_and_several_at_once)
{
    for (size_t i = 0; i + 2 < sizeof status; i++) {
        sends_bytes(client, status + i, 1);
        is_not_answered(client);
    }
    sends_bytes(client, status + sizeof status - 2, 1);
    is_answered(client, 7, "");
    char both[2 * sizeof status];
    memcpy(both, status, sizeof status - 1);
    memcpy(both + sizeof status - 1, status, sizeof status - 1);
    sends_bytes(client, both, 2 * (sizeof status - 1) - 3); /* one and a half */
    is_answered(client, 7, "");
    sends_bytes(client, both + 2 * (sizeof status - 1) - 3, 3);
    is_answered(client, 7, "");
}
END_TEST

START_TEST(what_is_no_request_ends_the_connection_and_no_other)
{
    static const struct {
        const char *bytes;
        size_t length;
    } wrong[] = {{"\xc1", 1},                    /* no MessagePack */
                 {"\x07", 1},                    /* no array */
                 {"\x93\x02\xa6status\x90", 10}, /* a notification */
                 {"\x94\x01\x07\xc0\xc0", 5}};   /* a response */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int fd = connect_client();
        sends_bytes(fd, wrong[i].bytes, wrong[i].length);
        is_dropped(fd);
        close(fd);
    }
    SENDS(client, 7, "status", "");
    is_answered(client, 7, "");
}
END_TEST

START_TEST(a_message_that_is_longer_than_any_of_ours_ends_the_connection)
{
    static char bytes[RPC_MESSAGE_BYTES] = "\x94\x00\x07\xda\xff\xff"; /* a method of 65535 bytes */
    sends_bytes(client, bytes, sizeof bytes - 1);
    fleet_turn();
    is_not_answered(client);
    sends_bytes(client, bytes + sizeof bytes - 1, 1);
    fleet_turn();
    is_dropped(client);
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/control", set_up, tear_down, a_request_is_answered_with_its_number_its_lines_and_its_result,
    an_answer_without_a_result_has_its_lines_alone, a_request_is_answered_when_it_has_become_true,
    a_request_is_answered_when_its_time_is_up, without_a_timeout_it_is_thirty_seconds,
    who_does_not_wait_is_answered_at_once, answers_come_in_the_order_of_the_requests_arrival,
    an_unknown_verb_is_refused_with_the_nearest_one, parameters_of_another_type_or_size_are_refused,
    a_text_with_a_NUL_is_refused, a_text_that_is_too_long_is_refused_and_its_limit_is_told,
    one_that_stops_answers_only_what_is_for_it, one_request_too_many_is_refused_and_the_others_stay_open,
    a_request_may_come_in_pieces_and_several_at_once, what_is_no_request_ends_the_connection_and_no_other,
    a_message_that_is_longer_than_any_of_ours_ends_the_connection)
