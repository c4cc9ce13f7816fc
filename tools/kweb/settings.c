#include "tools/kweb/settings.h"

#include "common/names.h"
#include "common/worker/config.h"

#define AT(field) offsetof(struct settings, field)

static const struct option_def options[] = {
    {OPTION_STRING, "instance", 'i', "NAME", INSTANCE_DEFAULT, "KSUPERVISE_INSTANCE", AT(instance), 0, 0,
     NULL, "the supervisor's instance", 0},
    {OPTION_STRING, "http", 0, "[ADDRESS:]PORT|unix:PATH", "8000", NULL, AT(http), 0, 0, NULL,
     "where to listen; by default on 127.0.0.1", 0},
    {OPTION_FLAG, "http-read-only", 0, NULL, NULL, NULL, AT(read_only), 0, 0, NULL,
     "serve read-only: show everything, change nothing", 0},
    {OPTION_STRING, "http-behind", 0, "ORIGIN,…", NULL, NULL, AT(behind), 0, 0, NULL,
     "the origins (https://fleet.example), separated by commas, by which browsers know the proxy in front of "
     "it; then everyone needs the token, as every request comes from the proxy",
     0},
    {OPTION_FLAG, "print-token", 0, NULL, NULL, NULL, AT(print_token), 0, 0, NULL,
     "print the token that other users need, and exit", 0},
    {OPTION_FLAG, "metrics-reference", 0, NULL, NULL, NULL, AT(metrics_reference), 0, 0, NULL,
     "print every name of /metrics and /metrics/kafka, as Markdown, and exit", 0},
    WORKER_OPTION(struct settings),
};

const struct program kweb_program = {
    .name = "kweb",
    .synopsis = "[OPTION]…",
    .about = "Serves an instance over HTTP: a page, an API (/docs), metrics for Prometheus (/metrics).\n"
             "'ksupervise --http 8000' starts it, and restarts it when it dies.",
    .epilogue =
        "Examples:\n  kweb                            http://127.0.0.1:8000/ for this user\n  kweb -i night "
        "--http 9000       another instance, another port\n  curl http://127.0.0.1:8000/consumers/status\n  "
        "curl --unix-socket /run/kweb http://localhost/status    with --http unix:/run/kweb\n\nThis user's "
        "processes on this machine need nothing else. Other users and machines need the\ntoken, as "
        "'Authorization: Bearer TOKEN', or in a browser once as http://…/?token=TOKEN.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};
