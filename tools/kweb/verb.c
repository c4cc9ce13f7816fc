#include "tools/kweb/verb.h"

#include <strings.h>

#include "common/msgpack/to_json.h"
#include "common/stats/directory.h"
#include "tools/kweb/peer.h"

#define TIMEOUT_MS 30000
#define TARGET_ALL "all"

/* --- who is meant -------------------------------------------------------------------------------------- */

static bool is_among(const struct directory *directory, const char *target)
{
    struct directory_worker entry;
    for (size_t i = 0; i < directory_count(directory); i++)
        if (directory_worker(directory, i, &entry) &&
            (strcasecmp(entry.name, target) == 0 || strcasecmp(entry.client, target) == 0))
            return true;
    return false;
}

bool target_is_there(struct exchange *exchange, const char *target)
{
    struct directory *directory = NULL;
    bool there = strcasecmp(target, TARGET_ALL) == 0 ||
                 directory_open(&directory, exchange->kweb->settings->instance, NULL) == -1 ||
                 is_among(directory, target); /* without a directory the call says what is wrong */
    directory_free(directory);
    if (!there)
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, "there is no client or worker '%s'", target);
    return there;
}

/* --- the answer ---------------------------------------------------------------------------------------- */

unsigned status_of_call_end(enum call_end end)
{
    static const unsigned statuses[] = {
        [CALL_ANSWERED] = MHD_HTTP_OK,
        [CALL_REFUSED] = MHD_HTTP_CONFLICT,
        [CALL_LATE] = MHD_HTTP_GATEWAY_TIMEOUT,
        [CALL_NOT_RUNNING] = MHD_HTTP_SERVICE_UNAVAILABLE,
        [CALL_BUSY] = MHD_HTTP_SERVICE_UNAVAILABLE,
        [CALL_SILENT] = MHD_HTTP_GATEWAY_TIMEOUT,
        [CALL_BROKEN] = MHD_HTTP_BAD_GATEWAY,
    };
    return statuses[end];
}

void answer_call_end(struct exchange *exchange, enum call_end end, const char *text)
{
    answer_problem_with(exchange, status_of_call_end(end), text, NULL);
}

static void answered(void *context, enum call_end end, const struct mp_reader *result, const char *text)
{
    struct exchange *exchange = context;
    if (end != CALL_ANSWERED) {
        answer_call_end(exchange, end, text);
        return;
    }
    struct mp_reader reader = *result;
    answer_json(exchange, MHD_HTTP_OK, mp_to_json(&reader));
}

/* --- the question -------------------------------------------------------------------------------------- */

void ask_verb_of(struct exchange *exchange, const char *verb, const char *target, const char *argument,
                 call_done *done, void *context)
{
    char by[PEER_TEXT_BYTES + 8];
    snprintf(by, sizeof by, "HTTP, %s", exchange->peer->text);
    const struct verb_call asked = {verb, target, argument, TIMEOUT_MS, !exchange->route->at_once, by};
    call_begin(exchange->kweb, &asked, done, context);
}

void ask_verb(struct exchange *exchange, const char *verb, const char *target, const char *argument)
{
    ask_verb_of(exchange, verb, target, argument, answered, exchange);
}

/* "{partition} {offset}" with the values in the places of the names. False when it does not fit. */
static bool fill(const struct exchange *exchange, const char *template, char argument[RPC_TEXT_BYTES])
{
    size_t used = 0;
    while (*template != '\0' && used < RPC_TEXT_BYTES) {
        size_t plain = strcspn(template, "{");
        used += (size_t)snprintf(argument + used, RPC_TEXT_BYTES - used, "%.*s", (int)plain, template);
        template += plain;
        if (*template == '\0' || used >= RPC_TEXT_BYTES)
            break;
        size_t length = strcspn(template, "}");
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)length - 1, template + 1);
        const char *value = exchange_value(exchange, name);
        used += (size_t)snprintf(argument + used, RPC_TEXT_BYTES - used, "%s", value != NULL ? value : "");
        template += length + 1;
    }
    return used < RPC_TEXT_BYTES;
}

void serve_verb(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    char argument[RPC_TEXT_BYTES] = "";
    const char *target = route->target != NULL ? exchange_value(exchange, route->target) : NULL;
    if (route->argument != NULL && !fill(exchange, route->argument, argument))
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "the parameters are too long: at most %d bytes",
                       RPC_TEXT_BYTES - 1);
    else if (target == NULL || route->makes || strcmp(route->target, "name") != 0 ||
             target_is_there(exchange, target))
        ask_verb(exchange, route->verb, target != NULL ? target : "", argument);
}
