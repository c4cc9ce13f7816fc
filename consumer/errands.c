#include "consumer/errands.h"

#include "consumer/manual.h"
#include "consumer/reset.h"

static int reset_errand(struct consumer *consumer, const char *text, struct error *error)
{
    struct reset_wish wish;
    int64_t partitions;
    if (reset_wish_parse(&wish, text, error) == -1)
        return -1;
    return reset_owned(consumer, &wish, &partitions, error);
}

struct errand {
    const char *method;
    int (*run)(struct consumer *consumer, const char *text, struct error *error);
};

static const struct errand errands[] = {
    {"reset", reset_errand},
    {"ack", manual_ack},
};

static int run(struct consumer *consumer, struct error *error)
{
    for (size_t i = 0; i < sizeof errands / sizeof errands[0]; i++)
        if (strcmp(errands[i].method, consumer->errand.method) == 0)
            return errands[i].run(consumer, consumer->errand.text, error);
    return error_set(error, "a consumer knows no '%s'", consumer->errand.method);
}

void errands_run(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    if (!consumer->errand_waits && !worker_control_errand(consumer->control, &consumer->errand))
        return;
    /* One that is under way could land behind the errand's own. */
    consumer->errand_waits = consumer->committer.quiet = consumer->committer.outstanding;
    if (consumer->errand_waits)
        return;
    if (run(consumer, &error) == -1)
        worker_notify_text(consumer->control, "errand_failed", error.text);
    else
        worker_notify_count(consumer->control, "errand_done", consumer->errand.number);
}
