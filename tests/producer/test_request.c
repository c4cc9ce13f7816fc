/* A record that is asked for: who asks and what sends it are fakes, its text is real. */
#include "producer/request.h"

#include "tests/support/check_main.h"

static struct settings settings;
static struct delivery delivery;
static struct request request; /* 64 KiB of storage */

/* --- the supervisor ------------------------------------------------------------------------------------ */

static struct {
    struct worker_request request;
    int results, ends;
    int64_t number;
    struct worker_result result;
    char text[ERROR_TEXT_BYTES]; /* the result's line, or the failure */
} boss;

bool worker_control_request(struct worker_control *control, struct worker_request *latest)
{
    (void)control;
    if (boss.request.number == latest->number)
        return false;
    *latest = boss.request;
    return true;
}

void worker_answer_result(struct worker_control *control, int64_t number, const struct worker_result *result)
{
    (void)control;
    boss.results++;
    boss.number = number;
    boss.result = *result;
    snprintf(boss.text, sizeof boss.text, "%s", result->text);
}

void worker_answer_end(struct worker_control *control, int64_t number, const char *failure)
{
    (void)control;
    boss.ends++;
    boss.number = number;
    if (failure != NULL)
        snprintf(boss.text, sizeof boss.text, "%s", failure);
}

/* --- the delivery -------------------------------------------------------------------------------------- */

static enum delivery_answer answers;
static int sent;

enum delivery_answer delivery_send_watched(struct delivery *of, const struct record *record)
{
    ck_assert_ptr_eq(of, &delivery);
    ck_assert_ptr_eq(record, &request.record);
    if (answers != DELIVERY_FULL)
        sent++;
    of->watch = (struct delivery_watch){.seq = 5};
    if (answers == DELIVERY_REFUSED)
        of->watch = (struct delivery_watch){.over = true, .err = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    return answers;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static void begin(void)
{
    settings = (struct settings){.topic = "payments", .schema = schema_by_workload("payments")};
    delivery = (struct delivery){.settings = &settings};
}

static void ask(const char *method, const char *text)
{
    boss.request.number++;
    snprintf(boss.request.method, sizeof boss.request.method, "%s", method);
    snprintf(boss.request.text, sizeof boss.request.text, "%s", text);
}

#define GOOD "user=marek\namount=1.50\ncurrency=PLN\nmethod=blik"

static void reported(rd_kafka_resp_err_t err, bool possibly_stored)
{
    delivery.watch.over = true;
    delivery.watch.err = err;
    delivery.watch.possibly_stored = possibly_stored;
    delivery.watch.partition = 1;
    delivery.watch.offset = 1042;
}

/* --- tests --------------------------------------------------------------------------------------------- */

START_TEST(it_is_answered_only_when_the_broker_has_it)
{
    static const char *const good[] = {
        GOOD, " {\"user\":\"marek\",\"amount\":1.50,\n\"currency\":\"PLN\",\"method\":\"blik\"}"};
    for (size_t i = 0; i < 2; i++) {
        ask("produce", good[i]);
        ck_assert(!request_serve(&request, &delivery));
        ck_assert(!request_serve(&request, &delivery));
        ck_assert_int_eq(sent, (int)i + 1);
        ck_assert_int_eq(boss.ends, (int)i);
        reported(RD_KAFKA_RESP_ERR_NO_ERROR, false);
        ck_assert(!request_serve(&request, &delivery));
        ck_assert_int_eq(boss.results, (int)i + 1);
        ck_assert_int_eq(boss.ends, (int)i + 1);
        ck_assert_int_eq(boss.number, boss.request.number);
        ck_assert_str_eq(boss.text, "payments [1] @ 1042");
        ck_assert_int_eq(boss.result.partition, 1);
        ck_assert_int_eq(boss.result.to, 1042);
    }
    request_serve(&request, &delivery);
    ck_assert_int_eq(boss.ends, 2); /* each once */
}
END_TEST

START_TEST(what_is_no_record_is_refused_and_nothing_is_sent)
{
    static const char *const wrong[][3] = {
        {"produce", "{\"user\":1}", "field user: expected a string, found a number"},
        {"produce", "{", "not JSON"},
        {"produce", "colour=red", "field 'colour'"},
        {"produce", "", "fields missing"},
        {"reset", GOOD, "a producer cannot do that"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask(wrong[i][0], wrong[i][1]);
        ck_assert(!request_serve(&request, &delivery));
        ck_assert_int_eq(boss.ends, (int)i + 1);
        ck_assert_msg(strstr(boss.text, wrong[i][2]) != NULL, "%s", boss.text);
    }
    ck_assert_int_eq(sent + boss.results, 0);
}
END_TEST

START_TEST(a_failed_delivery_says_whether_it_may_be_stored)
{
    static const struct {
        bool possibly;
        const char *text;
    } failures[] = {
        {false, "topic 'payments': Local: Message timed out: the record is not stored"},
        {true, "topic 'payments': Local: Message timed out: the record may be stored all the same; it is not "
               "sent again"},
    };
    for (size_t i = 0; i < 2; i++) {
        ask("produce", GOOD);
        request_serve(&request, &delivery);
        reported(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, failures[i].possibly);
        request_serve(&request, &delivery);
        ck_assert_str_eq(boss.text, failures[i].text);
    }
    ck_assert_int_eq(boss.ends, 2);
    ck_assert_int_eq(boss.results, 0);
}
END_TEST

START_TEST(one_that_librdkafka_does_not_take_is_answered_at_once)
{
    answers = DELIVERY_REFUSED;
    ask("produce", GOOD);
    ck_assert(!request_serve(&request, &delivery));
    ck_assert_int_eq(boss.ends, 1);
    ck_assert_ptr_nonnull(strstr(boss.text, "Broker: Message size too large: the record is not stored"));
}
END_TEST

START_TEST(one_that_finds_no_room_is_tried_again_and_refused_by_a_stop)
{
    answers = DELIVERY_FULL;
    ask("produce", GOOD);
    ck_assert(request_serve(&request, &delivery));
    answers = DELIVERY_QUEUED;
    ck_assert(!request_serve(&request, &delivery));
    ck_assert_int_eq(sent, 1);
    request_refuse(&request, &delivery); /* it is on its way: not refused */
    ck_assert_int_eq(boss.ends, 0);
    reported(RD_KAFKA_RESP_ERR_NO_ERROR, false);
    request_answer(&request, &delivery);
    ck_assert_int_eq(boss.results, 1);
    answers = DELIVERY_FULL;
    ask("produce", GOOD);
    ck_assert(request_serve(&request, &delivery));
    request_refuse(&request, &delivery);
    ck_assert_str_eq(boss.text, "it is about to end; the record is not sent");
    ask("produce", GOOD); /* it came after the last turn */
    request_refuse(&request, &delivery);
    ck_assert_int_eq(boss.ends, 3);
    ck_assert_int_eq(boss.number, 3);
    ck_assert_int_eq(sent, 1);
}
END_TEST

CHECK_MAIN_WITH("producer/request", begin, NULL, it_is_answered_only_when_the_broker_has_it,
                what_is_no_record_is_refused_and_nothing_is_sent,
                a_failed_delivery_says_whether_it_may_be_stored,
                one_that_librdkafka_does_not_take_is_answered_at_once,
                one_that_finds_no_room_is_tried_again_and_refused_by_a_stop)
