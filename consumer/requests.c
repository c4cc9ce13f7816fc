#include "consumer/requests.h"

#include "consumer/manual.h"
#include "consumer/reset.h"

static int reset_verb(struct consumer *consumer, const char *text, struct error *error)
{
    struct reset_spec spec;
    int64_t partitions;
    if (reset_spec_parse(&spec, text, error) == -1)
        return -1;
    if (commit_waits_for_join(&consumer->committer))
        return error_set(error, "a rebalance is under way: try again; nothing was changed");
    return reset_owned(consumer, &spec, &partitions, error);
}

/* At once, and when no commit is under way: one that is could land behind the request's own. */
static const struct request_verb {
    const char *method;
    int (*begin)(struct consumer *consumer, const char *text, struct error *error);
    int (*finish)(struct consumer *consumer, const char *text, struct error *error);
    bool tied; /* what it has begun is gone with a rebalance */
} request_verbs[] = {
    {"reset", NULL, reset_verb, false},
    {"ack", manual_ack, manual_ack_commit, true},
};

static const struct request_verb *find(const char *method)
{
    for (size_t i = 0; i < sizeof request_verbs / sizeof request_verbs[0]; i++)
        if (strcmp(request_verbs[i].method, method) == 0)
            return &request_verbs[i];
    return NULL;
}

static void answer(struct consumer *consumer, int result, const struct error *error)
{
    consumer->request_waits = consumer->committer.quiet = false;
    worker_answer_end(consumer->control, consumer->request.number, result == -1 ? error->text : NULL);
}

static void begin(struct consumer *consumer)
{
    const struct request_verb *request = find(consumer->request.method);
    struct error error = ERROR_INIT;
    int result = 0;
    if (request == NULL)
        result = error_set(&error, "a consumer has no verb '%s'", consumer->request.method);
    else if (request->begin != NULL)
        result = request->begin(consumer, consumer->request.text, &error);
    consumer->request_waits = consumer->committer.quiet = true;
    consumer->request_changes = consumer->partitions.changes;
    if (result == -1)
        answer(consumer, result, &error);
}

void requests_run(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    if (!consumer->request_waits && worker_control_request(consumer->control, &consumer->request))
        begin(consumer);
    if (!consumer->request_waits || consumer->committer.outstanding)
        return;
    const struct request_verb *request = find(consumer->request.method);
    int result = request->tied && consumer->request_changes != consumer->partitions.changes
                     ? error_set(&error, "a rebalance interrupted it: try again")
                     : request->finish(consumer, consumer->request.text, &error);
    answer(consumer, result, &error);
}
