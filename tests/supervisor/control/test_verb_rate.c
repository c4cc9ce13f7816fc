/* How fast the producer is, told while it runs. */
#include "supervisor/process/channel.h"
#include "tests/supervisor/verb_stage.h"

START_TEST(a_rate_is_told_to_the_producer_and_done_when_it_has_taken_it)
{
    static const struct {
        const char *target, *argument;
        int64_t records, interval_us;
        const char *line;
    } rates[] = {
        {"500/s", "", 500, 0, "producer: 500 records a second"},
        {"Producer", "7", 7, 0, "producer: 7 records a second"},
        {"2s", "", 0, 2000000, "producer: a record every 2 s"},
        {"producer", "1us", 0, 1, "producer: a record every 1e-06 s"},
        {"0", "", 0, 0, "producer: as fast as possible"},
        {"100000000/s", "", 100000000, 0, "producer: 100000000 records a second"},
    };
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct rpc_message message;
        int64_t told[3];
        char line[128];
        waits("rate", rates[i].target, rates[i].argument);
        ck_assert_str_eq(fake_hears(producer, &message), "rate");
        for (size_t n = 0; n < 3; n++)
            ck_assert(mp_read_int(&message.params, &told[n]));
        ck_assert_int_eq(told[0], request.value);
        ck_assert_int_eq(told[1], rates[i].records);
        ck_assert_int_eq(told[2], rates[i].interval_us);
        snprintf(line, sizeof line, "%s, when it runs\n", rates[i].line);
        ck_assert_str_eq(lines(), line);
        FAKE_SAYS(producer, "rate", "i", told[0]);
        fleet_turn();
        ck_assert_int_eq(is(), PROGRESS_DONE);
        snprintf(line, sizeof line, "%s\n", rates[i].line);
        ck_assert_str_eq(lines(), line);
    }
}
END_TEST

START_TEST(what_is_no_rate_or_not_for_the_producer_is_refused)
{
    is_refused("rate", "", "", "rate: how fast?");
    is_refused("rate", "bravo", "500", "rate is for the producer, not for 'bravo'");
    is_refused("rate", "fast", "", "'fast' is not a valid rate");
    is_refused("rate", "-1", "", "'-1' is not a valid rate");
    is_refused("rate", "/s", "", "'/s' is not a valid rate");
    is_refused("rate", "2s/s", "", "'2s/s' is not a valid rate");
    is_refused("rate", "0s", "", "'0s' is not a valid rate");
    is_refused("rate", "100000001", "", "is not a valid rate");
    is_refused("rate", "00000000000000000000000000000500", "", "is not a valid rate"); /* longer than any */
    producer->retired = true;
    is_refused("rate", "5", "", "this instance has no producer");
    producer->retired = false;
    ck_assert(!producer->rate.set);
}
END_TEST

START_TEST(a_rate_is_not_waited_for_where_the_producer_is_down_or_has_another_one_by_now)
{
    waits("rate", "5", "");
    fleet_set_rate(producer, 6, 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    waits("rate", "5", "");
    producer->rate.taken = request.value;
    states_dispatch(producer, EVENT_STOP);
    ends(producer, 0);
    producer->rate.taken = 0;
    ck_assert_int_eq(is(), PROGRESS_DONE);
    producer->rate.taken = request.value;
    ck_assert_str_eq(lines(), "producer: 5 records a second, when it runs\n");
}
END_TEST

START_TEST(a_rate_that_cannot_be_told_is_none)
{
    begins("rate", "5", "");
    for (int i = 0; i < 100000 && channel_rate(producer) == 0; i++)
        continue;
    is_refused("rate", "7", "", "the producer is not listening: its rate is unchanged; try again");
    ck_assert_int_eq(producer->rate.records, 5);
    ck_assert_int_eq(producer->rate.number, 1);
}
END_TEST

START_TEST(a_rate_that_a_reload_has_taken_back_is_not_waited_for)
{
    waits("rate", "5", "");
    producer->rate.set = false;
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "a reload has set another rate meanwhile");
    producer->rate.set = true;
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_rate", set_up, tear_down,
                a_rate_is_told_to_the_producer_and_done_when_it_has_taken_it,
                what_is_no_rate_or_not_for_the_producer_is_refused,
                a_rate_is_not_waited_for_where_the_producer_is_down_or_has_another_one_by_now,
                a_rate_that_cannot_be_told_is_none, a_rate_that_a_reload_has_taken_back_is_not_waited_for)
