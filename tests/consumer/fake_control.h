/* fake_control.h: common/worker/control.h, answered here: the requests are set by hand, notifications are
 * noted as text. Behind fake_kafka.h. All its functions are here, so that the linker leaves the real ones in
 * the archive. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_CONTROL_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_CONTROL_H

#include "common/worker/control.h"
#include "tests/consumer/fake_kafka.h"

struct worker_control {
    enum worker_stop wanted;
    bool paused;
    struct worker_request request;
    void (*wake)(void *context);
    void *context;
};

static struct worker_control control;

int worker_control_start(struct worker_control **made, bool supervised, void (*wake)(void *context),
                         void *context, struct error *error)
{
    (void)supervised;
    (void)error;
    control = (struct worker_control){.wake = wake, .context = context};
    *made = &control;
    return 0;
}

void worker_control_stop(struct worker_control *stopped)
{
    (void)stopped;
}

void worker_control_set_wake(struct worker_control *of, void (*wake)(void *context), void *context)
{
    of->wake = wake;
    of->context = context;
}

enum worker_stop worker_control_wanted(const struct worker_control *of)
{
    return of->wanted;
}

bool worker_control_paused(const struct worker_control *of)
{
    return of->paused;
}

bool worker_control_rate(struct worker_control *of, struct worker_rate *rate)
{
    (void)of;
    (void)rate;
    return false;
}

bool worker_control_request(struct worker_control *of, struct worker_request *request)
{
    if (of->request.number == request->number)
        return false;
    *request = of->request;
    return true;
}

/* The supervisor wants this done. */
static inline void control_ask(const char *method, const char *text)
{
    control.request.number++;
    snprintf(control.request.method, sizeof control.request.method, "%s", method);
    snprintf(control.request.text, sizeof control.request.text, "%s", text);
}

void worker_notify_count(struct worker_control *to, const char *method, int64_t count)
{
    ck_assert_ptr_eq(to, &control);
    kafka_note_call("notify");
    kafka_note(" %s %lld", method, (long long)count);
}

void worker_notify_text(struct worker_control *to, const char *method, const char *text)
{
    ck_assert_ptr_eq(to, &control);
    kafka_note_call("notify");
    kafka_note(" %s '%s'", method, text);
}

void worker_notify_gap(struct worker_control *to, const struct worker_gap *gap)
{
    ck_assert_ptr_eq(to, &control);
    kafka_note_call("notify");
    kafka_note(" committed-gap %d %lld %lld %lld", (int)gap->partition, (long long)gap->from,
               (long long)gap->to, (long long)gap->records);
}

/* The number is checked, and not noted where it says nothing: a process answers the request that it has. */
static struct worker_result last_result;

void worker_answer_result(struct worker_control *to, int64_t number, const struct worker_result *result)
{
    ck_assert_ptr_eq(to, &control);
    ck_assert_int_eq(number, control.request.number);
    last_result = *result;
    kafka_note_call("result");
    kafka_note(" '%s'", result->text);
}

void worker_answer_end(struct worker_control *to, int64_t number, const char *failure)
{
    ck_assert_ptr_eq(to, &control);
    ck_assert_int_eq(number, control.request.number);
    kafka_note_call(failure == NULL ? "done" : "failed");
    if (failure == NULL)
        kafka_note(" %lld", (long long)number);
    else
        kafka_note(" '%s'", failure);
}

#endif
