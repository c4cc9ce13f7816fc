#include "consumer/errands.h"

#include "consumer/manual.h"
#include "consumer/reset.h"

static int reset_errand(struct consumer *consumer, const char *text, struct error *error)
{
    struct reset_wish wish;
    int64_t partitions;
    if (reset_wish_parse(&wish, text, error) == -1)
        return -1;
    if (commit_waits_for_join(&consumer->committer))
        return error_set(error, "a rebalance is under way: try again; nothing was changed");
    return reset_owned(consumer, &wish, &partitions, error);
}

/* At once, and when no commit is under way: one that is could land behind the errand's own. */
static const struct errand {
    const char *method;
    int (*begin)(struct consumer *consumer, const char *text, struct error *error);
    int (*finish)(struct consumer *consumer, const char *text, struct error *error);
    bool tied; /* what it has begun is gone with a rebalance */
} errands[] = {
    {"reset", NULL, reset_errand, false},
    {"ack", manual_ack, manual_ack_commit, true},
};

static const struct errand *find(const char *method)
{
    for (size_t i = 0; i < sizeof errands / sizeof errands[0]; i++)
        if (strcmp(errands[i].method, method) == 0)
            return &errands[i];
    return NULL;
}

static void answer(struct consumer *consumer, int result, const struct error *error)
{
    consumer->errand_waits = consumer->committer.quiet = false;
    worker_answer_end(consumer->control, consumer->errand.number, result == -1 ? error->text : NULL);
}

static void begin(struct consumer *consumer)
{
    const struct errand *errand = find(consumer->errand.method);
    struct error error = ERROR_INIT;
    int result = 0;
    if (errand == NULL)
        result = error_set(&error, "a consumer knows no '%s'", consumer->errand.method);
    else if (errand->begin != NULL)
        result = errand->begin(consumer, consumer->errand.text, &error);
    consumer->errand_waits = consumer->committer.quiet = true;
    consumer->errand_changes = consumer->partitions.changes;
    if (result == -1)
        answer(consumer, result, &error);
}

void errands_run(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    if (!consumer->errand_waits && worker_control_errand(consumer->control, &consumer->errand))
        begin(consumer);
    if (!consumer->errand_waits || consumer->committer.outstanding)
        return;
    const struct errand *errand = find(consumer->errand.method);
    int result = errand->tied && consumer->errand_changes != consumer->partitions.changes
                     ? error_set(&error, "a rebalance came between: say it again")
                     : errand->finish(consumer, consumer->errand.text, &error);
    answer(consumer, result, &error);
}
