/* The loop against librdkafka's mock cluster, inside the process, whose broker is down: its queue fills. The
 * supervisor's requests are stood in for. */
#include "producer/loop.h"

#include <librdkafka/rdkafka_mock.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "tests/support/check_main.h"

enum { QUEUE = 10, TURNS_AFTER = 20 };

static struct settings settings;
static struct producer producer = {.settings = &settings};
static int turns_after_full;
static bool pause_wanted;
static int64_t rate_told;

static bool queue_is_full(void)
{
    return producer.delivery.produced >= QUEUE;
}

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    (void)control;
    turns_after_full += queue_is_full();
    return turns_after_full < TURNS_AFTER ? WORKER_RUN : WORKER_DRAIN_LEAVE;
}

bool worker_control_paused(const struct worker_control *control)
{
    (void)control;
    return pause_wanted && turns_after_full > 2;
}

bool worker_control_rate(struct worker_control *control, struct worker_rate *rate)
{
    (void)control;
    if (turns_after_full <= 1 || rate->number == 7)
        return false;
    *rate = (struct worker_rate){.number = 7, .records = 500};
    return true;
}

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    (void)control;
    if (strcmp(method, "rate") == 0)
        rate_told = count;
}

static bool record_wanted;
static char refusal[ERROR_TEXT_BYTES];

bool worker_control_request(struct worker_control *control, struct worker_request *request)
{
    (void)control;
    if (!record_wanted || !queue_is_full() || request->number == 3)
        return false;
    *request = (struct worker_request){3, "produce", "user=ewa\ncurrency=EUR\namount=1\nmethod=blik"};
    return true;
}

void worker_answer_result(struct worker_control *control, int64_t number, const struct worker_result *result)
{
    (void)control, (void)result;
    ck_abort_msg("request %d was done", (int)number);
}

void worker_answer_end(struct worker_control *control, int64_t number, const char *failure)
{
    (void)control;
    ck_assert_int_eq(number, 3);
    snprintf(refusal, sizeof refusal, "%s", failure);
}

void worker_control_set_wake(struct worker_control *control, void (*wake)(void *), void *context)
{
    (void)control, (void)wake, (void)context;
}

static void run(void)
{
    static const char *words[] = {"kproduce",
                                  "--bootstrap=127.0.0.1:9",
                                  "--rate=0",
                                  "--quiet",
                                  "--drain-timeout=100ms",
                                  "-X",
                                  "test.mock.num.brokers=1",
                                  "-X",
                                  "queue.buffering.max.messages=10",
                                  NULL};
    struct error error = ERROR_INIT;
    log_init();
    ck_assert_msg(settings_load(&settings, 9, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
    ck_assert_int_eq(source_open(&producer.source, &settings, &error), 0);
    ck_assert_msg(delivery_open(&producer.delivery, &settings, NULL, NULL, &error) == 0, "%s", error.text);
    rd_kafka_mock_broker_set_down(rd_kafka_handle_mock_cluster(producer.delivery.rk), 1);
    loop_run(&producer);
}

static void teardown(void)
{
    delivery_close(&producer.delivery);
    source_close(&producer.source);
    settings_release(&settings);
}

START_TEST(a_pause_is_taken_while_the_queue_is_full)
{
    pause_wanted = true;
    run();
    ck_assert(producer.paused);
    ck_assert_uint_eq(producer.delivery.produced, QUEUE);
}
END_TEST

START_TEST(a_rate_is_taken_while_the_queue_is_full)
{
    run();
    ck_assert_int_eq(rate_told, 7);
    ck_assert_int_eq(settings.rate, 500);
}
END_TEST

START_TEST(a_record_that_is_asked_for_and_never_finds_room_is_refused_at_the_end)
{
    record_wanted = true;
    run();
    ck_assert_str_eq(refusal, "it is about to end; the record is not sent");
    ck_assert_uint_eq(producer.delivery.produced, QUEUE);
}
END_TEST

CHECK_MAIN_WITH("producer/loop_queue", NULL, teardown, a_pause_is_taken_while_the_queue_is_full,
                a_rate_is_taken_while_the_queue_is_full,
                a_record_that_is_asked_for_and_never_finds_room_is_refused_at_the_end)
