/* What can be asked, in the order in which the documentation shows it. */
#include "tools/kweb/captures.h"
#include "tools/kweb/consumers.h"
#include "tools/kweb/letters.h"
#include "tools/kweb/metrics_routes.h"
#include "tools/kweb/openapi.h"
#include "tools/kweb/pages.h"
#include "tools/kweb/produce.h"
#include "tools/kweb/resets.h"
#include "tools/kweb/route.h"
#include "tools/kweb/status.h"
#include "tools/kweb/stream.h"
#include "tools/kweb/verb.h"

#define GET(...)                                                                                             \
    {                                                                                                        \
        .method = "GET", __VA_ARGS__                                                                         \
    }
#define POST(...)                                                                                            \
    {                                                                                                        \
        .method = "POST", .changes = true, __VA_ARGS__                                                       \
    }

/* --- parameters that several routes have ----------------------------------------------------------------- */

#define CONSUMER_NAME                                                                                        \
    {                                                                                                        \
        .name = "name", .help = "a consumer, or its client", .required = true, .example = "A"                \
    }
#define WORKER_NAME                                                                                          \
    {                                                                                                        \
        .name = "name", .help = "a worker, a client (all its workers), or all", .required = true,            \
        .example = "A"                                                                                       \
    }
/* Of a year that is no leap year. */
#define DAY                                                                                                  \
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])" \
    ")"
#define RESET_PARAMS                                                                                         \
    {.name = "to",                                                                                           \
     .help =                                                                                                 \
         "earliest, latest, offset:N, timestamp:T (2026-02-26T09:52:20Z, or 1772099540500ms) or shift:±N",   \
     .fallback = "earliest",                                                                                 \
     .example = "earliest",                                                                                  \
     .pattern =                                                                                              \
         "^(earliest|latest|offset:[0-9]{1,18}|shift:[+-]?[0-9]{1,18}|timestamp:[0-9]{1,12}(s|ms|us)|"       \
         "timestamp:[12][0-9]{3}-" DAY "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$"},                      \
        {.name = "partition", .help = "only this one", .type = PARAM_INTEGER, .maximum = INT32_MAX},         \
        {.name = "dry_run",                                                                                  \
         .help = "only report what would happen",                                                            \
         .type = PARAM_BOOLEAN,                                                                              \
         .fallback = "false"},                                                                               \
    {                                                                                                        \
        .name = "delete_rows",                                                                               \
        .help = "delete a database's rows from there on; otherwise they are written a second time",          \
        .type = PARAM_BOOLEAN, .fallback = "false"                                                           \
    }

#define LETTERS_TOPIC                                                                                        \
    {                                                                                                        \
        .name = "topic", .help = "where the records came from", .required = true, .example = "demo-topic"    \
    }

/* A verb of a worker, a client or all, without an argument. Both are literals, the first of them joined.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
#define WORKER_VERB(word, does)                                                                              \
    POST(.path = "/workers/{name}/" word, .tag = "workers", .summary = does, .params = {WORKER_NAME},        \
         .answers = "Workers", .verb = word, .target = "name", .serve = serve_verb)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct route routes[] = {
    GET(.path = "/", .tag = "messages", .summary = "health; for a browser the page",
        .help = "A program gets {\"status\":\"ok\", …}, with 503 while no supervisor runs. Who accepts "
                "text/html gets the "
                "page.",
        .answers = "Health", .serve = serve_front),
    POST(.path = "/produce", .tag = "messages", .summary = "send a record and report its offset",
         .help =
             "The fields of the instance's workload; of demo-topic content and key. The answer comes when "
             "the broker has it. A record is never sent twice: if its fate is unknown, the answer says so.",
         .body = "{\"content\": \"hello\", \"key\": \"user-1\"}", .answers = "Produced", .verb = "produce",
         .serve = serve_produce),
    GET(.path = "/consumers/status", .tag = "messages",
        .summary = "what each consumer has received and acknowledged",
        .help = "acknowledged and pending count the records that the topic holds now, for the consumer's own "
                "group; received counts every delivery, including redeliveries.",
        .answers = "Consumers", .serve = serve_consumers),
    POST(.path = "/consumers/{name}/acknowledge", .tag = "messages", .summary = "acknowledge one message",
         .help = "Needs --commit manual. The answer comes after the commit: that group does not see the "
                 "message again, and other groups are not affected.",
         .params = {CONSUMER_NAME,
                    {.name = "message_offset",
                     .help = "its offset",
                     .type = PARAM_INTEGER,
                     .required = true,
                     .example = "0"},
                    {.name = "partition",
                     .help = "its partition; needed if several have a waiting message with this offset",
                     .type = PARAM_INTEGER,
                     .maximum = INT32_MAX}},
         .answers = "Partitions", .verb = "ack", .serve = serve_acknowledge),
    POST(.path = "/consumers/reset", .tag = "messages", .summary = "set the offsets of every consumer",
         .help = "One after the other; the answer has the result of each, even if not all succeeded (409).",
         .params = {RESET_PARAMS}, .answers = "Resets", .verb = "reset", .serve = serve_reset_all),
    POST(.path = "/consumers/{name}/reset", .tag = "messages",
         .summary = "set the offsets of one consumer's group", .params = {CONSUMER_NAME, RESET_PARAMS},
         .answers = "Partitions", .verb = "reset", .serve = serve_reset),

    WORKER_VERB("start", "start what is down, held or done"),
    WORKER_VERB("stop", "finish, commit, leave the group and stay down"),
    WORKER_VERB("restart", "a new process, the group membership kept: no rebalance"),
    POST(.path = "/workers/{name}/rolling-restart", .tag = "workers",
         .summary = "restart consumers one after the other, each once the previous one has caught up",
         .params = {WORKER_NAME,
                    {.name = "max_lag",
                     .help = "how far behind it may still be, in records",
                     .type = PARAM_INTEGER}},
         .answers = "Changes", .verb = "rolling-restart", .target = "name", .argument = "{max_lag}",
         .serve = serve_verb),
    POST(.path = "/workers/{name}/kill", .tag = "workers", .summary = "send a signal, to simulate a crash",
         .params = {WORKER_NAME,
                    {.name = "signal", .help = "its name or number", .fallback = "TERM", .example = "KILL"}},
         .answers = "Workers", .verb = "kill", .target = "name", .argument = "{signal}", .serve = serve_verb),
    WORKER_VERB("pause", "stop taking records, keep the partitions"),
    WORKER_VERB("resume", "take records again"),
    POST(.path = "/workers/{name}/scale", .tag = "workers",
         .summary = "set the number of workers of a client",
         .params = {{.name = "name", .help = "the client", .required = true, .example = "A"},
                    {.name = "workers",
                     .help = "how many",
                     .type = PARAM_INTEGER,
                     .required = true,
                     .minimum = 1,
                     .maximum = 256,
                     .example = "2"}},
         .answers = "Workers", .verb = "scale", .target = "name", .argument = "{workers}",
         .serve = serve_verb),
    POST(.path = "/clients/{name}", .tag = "workers", .summary = "add a client",
         .help = "Its first worker exists when the answer comes. It has the settings of 'like', else the "
                 "defaults. It stays until it is removed, across reloads, while the instance runs.",
         .params = {{.name = "name",
                     .help = "its name",
                     .required = true,
                     .example = "C",
                     .pattern = "^[A-Za-z0-9_-]{1,32}$"},
                    {.name = "group",
                     .help = "its group; by default, one of its own",
                     .example = "test_group_C"},
                    {.name = "like", .help = "a client whose settings it copies", .example = "A"}},
         .answers = "Changes", .verb = "add-client", .target = "name", .makes = true,
         .argument = "group={group} like={like}", .serve = serve_verb),
    {.method = "DELETE",
     .changes = true,
     .path = "/clients/{name}",
     .tag = "workers",
     .summary = "remove an added client: finish, commit, leave the group",
     .params = {{.name = "name", .help = "the client", .required = true, .example = "C"}},
     .answers = "Changes",
     .verb = "remove-client",
     .target = "name",
     .serve = serve_verb},
    WORKER_VERB("release", "start a held worker again"),
    POST(.path = "/workers/{name}/rate", .tag = "workers", .summary = "set the producer's rate",
         .params = {{.name = "name", .help = "producer", .required = true, .example = "producer"},
                    {.name = "records",
                     .help = "records per second; 0: as fast as possible",
                     .type = PARAM_INTEGER,
                     .required = true,
                     .maximum = 100000000,
                     .example = "10"}},
         .answers = "Lines", .verb = "rate", .target = "name", .argument = "{records}", .serve = serve_verb),
    GET(.path = "/workers/{name}/logs", .tag = "workers", .summary = "its last lines",
        .params = {{.name = "name", .help = "a worker, or all", .required = true, .example = "A"},
                   {.name = "lines",
                    .help = "how many",
                    .type = PARAM_INTEGER,
                    .minimum = 1,
                    .maximum = 1000,
                    .fallback = "20"}},
        .answers = "Logs", .verb = "logs", .target = "name", .argument = "{lines}", .serve = serve_verb),

    POST(.path = "/reload", .tag = "instance",
         .summary = "read the configuration again and apply what changed", .answers = "Changes",
         .verb = "reload", .serve = serve_verb),
    POST(.path = "/reopen-logs", .tag = "instance", .summary = "reopen the log files after a manual rotation",
         .answers = "Lines", .verb = "reopen-logs", .serve = serve_verb),
    POST(.path = "/shutdown", .tag = "instance",
         .summary =
             "shut the instance down; the answer comes when that has begun, since this server ends with it",
         .answers = "Lines", .verb = "shutdown", .at_once = true, .serve = serve_verb),

    GET(.path = "/status", .tag = "looking", .summary = "all current values, as kstat --json",
        .params = {{.name = "worker", .help = "only this worker or client"}}, .answers = "Status",
        .serve = serve_status),
    GET(.path = "/workers", .tag = "looking", .summary = "the state of every worker, as kctl status",
        .answers = "Workers", .verb = "status", .serve = serve_verb),
    GET(.path = "/events", .tag = "looking", .summary = "the instance's events, as server-sent events",
        .help = "'snapshot' at once and twice a second; 'event' for each event of the instance, with its "
                "number and when its ring was made as id; 'missed' if some are no longer kept.",
        .params = {{.name = "since",
                    .help = "events after this number, as Last-Event-ID",
                    .type = PARAM_INTEGER}},
        .type = "text/event-stream", .answers = "Text", .serve = serve_events),
    GET(.path = "/history", .tag = "looking", .summary = "the last hour, one sample per second, for charts",
        .help = "For each worker: records per second, lag in records, lag in microseconds, and the 99th "
                "percentile of its latency in microseconds; null is unknown. It survives a restart of this "
                "server.",
        .answers = "History", .serve = serve_history),
    {.method = "POST",
     .path = "/captures",
     .tag = "looking",
     .summary = "a capture of kstat --dump, in the form that the page plays",
     .help = "Its samples, thinned out evenly if there are many, in the form of the snapshots of /events; "
             "and its events. Nothing is stored.",
     .file_bytes = CAPTURES_BYTES_MAX,
     .answers = "Recording",
     .serve = serve_captures},
    GET(.path = "/topics/{topic}/dead-letters", .tag = "dead letters",
        .summary = "how many, by group, stage and reason",
        .help = "The whole dead-letter topic is read for it. A topic without dead letters has count 0; notes "
                "has further remarks.",
        .params = {LETTERS_TOPIC}, .answers = "DeadLetters", .verb = "dead-letters", .serve = serve_letters),
    GET(.path = "/topics/{topic}/dead-letters/records", .tag = "dead letters",
        .summary = "the last of them, each with its reason and its record",
        .params = {LETTERS_TOPIC,
                   {.name = "limit",
                    .help = "only the last N",
                    .type = PARAM_INTEGER,
                    .minimum = 1,
                    .maximum = 500,
                    .fallback = "50"}},
        .answers = "DeadLetterRecords", .verb = "dead-letters", .serve = serve_letter_records),
    POST(.path = "/topics/{topic}/dead-letters/replay", .tag = "dead letters",
         .summary = "send dead letters back to their topic, each once",
         .help = "All groups that read the topic get them again. A letter is never sent back twice, even if "
                 "an earlier replay was cut off. One replay per topic runs at a time.",
         .params = {LETTERS_TOPIC,
                    {.name = "dry_run",
                     .help = "only report what would happen",
                     .type = PARAM_BOOLEAN,
                     .fallback = "false"}},
         .answers = "Replayed", .verb = "dead-letters", .serve = serve_letters_replay),
    GET(.path = "/topics/{topic}/{partition}/{offset}", .tag = "looking", .summary = "one whole record",
        .params = {{.name = "topic", .help = "its topic", .required = true, .example = "demo-topic"},
                   {.name = "partition",
                    .help = "its partition",
                    .type = PARAM_INTEGER,
                    .maximum = INT32_MAX,
                    .required = true,
                    .example = "0"},
                   {.name = "offset",
                    .help = "its offset",
                    .type = PARAM_INTEGER,
                    .required = true,
                    .example = "0"}},
        .answers = "Lines", .verb = "peek", .target = "topic", .argument = "{partition} {offset}",
        .serve = serve_verb),
    GET(.path = "/metrics", .tag = "looking", .summary = "for Prometheus: names that begin with ksupervise_",
        .type = "text/plain", .answers = "Text", .serve = serve_metrics),
    GET(.path = "/metrics/kafka", .tag = "looking",
        .summary =
            "for dashboards of consumer lag: the names that kafka_exporter and kafka-lag-exporter have",
        .type = "text/plain", .answers = "Text", .serve = serve_metrics_kafka),

    GET(.path = "/openapi.json", .tag = "documentation", .summary = "this API, as OpenAPI 3.1",
        .answers = "OpenAPI", .serve = serve_openapi),
    GET(.path = "/docs", .tag = "documentation", .summary = "this documentation, for a browser",
        .type = "text/html", .answers = "Text", .serve = serve_docs),
    GET(.path = "/page/{file}", .tag = "documentation", .summary = "a part of the page",
        .params = {{.name = "file", .help = "its name", .required = true, .example = "style.css"}},
        .type = "*/*", .answers = "Text", .serve = serve_page),
    GET(.path = "/assets/{file}", .tag = "documentation", .summary = "a part of a library that the page uses",
        .params = {{.name = "file", .help = "its name", .required = true, .example = "uPlot.min.css"}},
        .type = "*/*", .answers = "Text", .serve = serve_asset),
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

const struct route *route_at(size_t i)
{
    return i < ROUTES ? &routes[i] : NULL;
}
