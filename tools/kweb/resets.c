#include "tools/kweb/resets.h"

#include <strings.h>

#include "common/msgpack/to_json.h"
#include "common/reset_spec.h"
#include "common/stats/directory.h"
#include "tools/kweb/verb.h"

#define CLIENTS_MAX  256
#define CLIENT_BYTES (sizeof((struct directory_worker *)NULL)->client)

/* --- what is asked for ----------------------------------------------------------------------------------- */

static const char *if_true(const struct exchange *exchange, const char *name, const char *text)
{
    int64_t given;
    return exchange_number(exchange, name, &given) && given == 1 ? text : "";
}

/* As reset_spec.h has it. False: the answer is given. */
static bool spec_of(struct exchange *exchange, char argument[RPC_TEXT_BYTES])
{
    const char *partition = exchange_value(exchange, "partition");
    struct reset_spec spec;
    struct error error = ERROR_INIT;
    int length =
        snprintf(argument, RPC_TEXT_BYTES, "%s%s%s%s%s", exchange_value(exchange, "to"),
                 partition != NULL ? ",partition=" : "", partition != NULL ? partition : "",
                 if_true(exchange, "dry_run", ",dry-run"), if_true(exchange, "delete_rows", ",delete-rows"));
    if (length >= RPC_TEXT_BYTES)
        error_set(&error, "to is too long");
    else if (strchr(exchange_value(exchange, "to"), ',') != NULL)
        error_set(&error, "to takes one position: no comma");
    else if (reset_spec_parse(&spec, argument, &error) == 0)
        return true;
    answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "%s", error.text);
    return false;
}

void serve_reset(struct exchange *exchange)
{
    char argument[RPC_TEXT_BYTES];
    const char *name = exchange_value(exchange, "name");
    if (spec_of(exchange, argument) && target_is_there(exchange, name))
        ask_verb(exchange, "reset", name, argument);
}

/* --- each client ---------------------------------------------------------------------------------------- */

/* One after the other: the supervisor has other callers, too. */
struct round {
    struct exchange *exchange;
    char argument[RPC_TEXT_BYTES];
    char clients[CLIENTS_MAX][CLIENT_BYTES];
    size_t count, at, failed;
    json_t *consumers;
};

static void finish(struct round *round)
{
    json_t *consumers = json_pack("{s:o}", "consumers", round->consumers);
    if (round->failed == 0)
        answer_json(round->exchange, MHD_HTTP_OK, consumers);
    else
        answer_problem_with(round->exchange, MHD_HTTP_CONFLICT, "not every consumer was reset: see each",
                            consumers);
    free(round);
}

static void answered(void *context, enum call_end end, const struct mp_reader *result, const char *text);

static void ask_next(struct round *round)
{
    if (round->at == round->count)
        finish(round);
    else
        ask_verb_of(round->exchange, "reset", round->clients[round->at], round->argument, answered, round);
}

static json_t *to_json(const struct mp_reader *result)
{
    struct mp_reader reader = *result;
    return mp_to_json(&reader);
}

/* Of one that was asked and did not answer it is not known: null. */
static json_t *was_reset(enum call_end end)
{
    return end == CALL_SILENT || end == CALL_LATE || end == CALL_BROKEN ? json_null()
                                                                        : json_boolean(end == CALL_ANSWERED);
}

static void answered(void *context, enum call_end end, const struct mp_reader *result, const char *text)
{
    struct round *round = context;
    json_t *outcome = end == CALL_ANSWERED ? to_json(result) : json_object();
    json_object_set_new(outcome, "reset", was_reset(end));
    if (end != CALL_ANSWERED)
        json_object_set_new(outcome, "detail", json_of_text(text));
    json_object_set_new(round->consumers, round->clients[round->at++], outcome);
    round->failed += end != CALL_ANSWERED;
    ask_next(round);
}

/* The names of the clients, each once. Two clients may share a group: the second then finds it reset already.
 */
static size_t find_clients(const char *instance, char clients[CLIENTS_MAX][CLIENT_BYTES])
{
    struct directory *directory = NULL;
    struct directory_worker entry;
    size_t count = 0;
    if (directory_open(&directory, instance, NULL) == -1)
        return 0;
    for (size_t i = 0; i < directory_count(directory) && count < CLIENTS_MAX; i++) {
        size_t k = 0;
        if (!directory_worker(directory, i, &entry) || entry.kind != STATS_KIND_CONSUMER || entry.retired)
            continue;
        while (k < count && strcasecmp(clients[k], entry.client) != 0)
            k++;
        if (k == count)
            snprintf(clients[count++], CLIENT_BYTES, "%s", entry.client);
    }
    directory_free(directory);
    return count;
}

void serve_reset_all(struct exchange *exchange)
{
    struct round *round = calloc(1, sizeof *round);
    if (round == NULL) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
        return;
    }
    round->exchange = exchange;
    round->count = find_clients(exchange->kweb->settings->instance, round->clients);
    if (round->count > 0 && spec_of(exchange, round->argument)) {
        round->consumers = json_object();
        ask_next(round);
        return;
    }
    if (round->count == 0)
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "instance '%s' has no consumers",
                       exchange->kweb->settings->instance);
    free(round);
}
