#include "supervisor/control/verb_rate.h"

#include <inttypes.h>
#include <strings.h>

#include "common/options.h"
#include "supervisor/control/request.h"
#include "supervisor/fleet.h"

#define RATE_MAX 100000000 /* as --rate's own */

static int parse(const char *text, int64_t *records, int64_t *interval_us, struct error *error)
{
    char number[32] = ""; /* a longer one is none */
    size_t length = strlen(text);
    bool per_second = length > 2 && strcmp(text + length - 2, "/s") == 0;
    size_t digits = length - (per_second ? 2 : 0);
    if (digits < sizeof number)
        memcpy(number, text, digits);
    *interval_us = 0;
    if (option_parse_integer(number, 0, RATE_MAX, records, NULL) == 0)
        return 0;
    *records = 0;
    if (!per_second && option_parse_duration(text, interval_us, NULL) == 0 && *interval_us > 0)
        return 0;
    return error_set(error,
                     "'%s' is not a valid rate: records a second, 500 or 500/s, or the time from one to the "
                     "next, 2s",
                     text);
}

/* The rate alone is enough: there is one producer. */
static int sort_out_words(struct request *request, struct error *error)
{
    if (request->argument[0] == '\0') {
        memcpy(request->argument, request->target, sizeof request->target);
        snprintf(request->target, sizeof request->target, "%s", PRODUCER_WORKER);
    }
    if (request->argument[0] == '\0')
        return error_set(error, "rate: how fast? 500/s, or 2s from one record to the next");
    if (strcasecmp(request->target, PRODUCER_WORKER) != 0)
        return error_set(error, "rate is for the producer, not for '%s'", request->target);
    return 0;
}

enum progress verb_rate_begin(struct request *request, struct error *error)
{
    struct worker *producer = supervisor_find(request->supervisor, KIND_PRODUCER);
    int64_t records;
    int64_t interval_us;
    if (sort_out_words(request, error) == -1 || parse(request->argument, &records, &interval_us, error) == -1)
        return PROGRESS_FAILED;
    if (producer == NULL || producer->retired) {
        error_set(error, "this instance has no producer");
        return PROGRESS_FAILED;
    }
    if (producer->on_request) {
        error_set(error, "the producer makes no records of its own: it sends those of 'kctl produce'");
        return PROGRESS_FAILED;
    }
    if (fleet_set_rate(producer, records, interval_us) == -1) {
        error_set(error, "the producer is not listening: its rate is unchanged; try again");
        return PROGRESS_FAILED;
    }
    request->value = producer->rate.number;
    return PROGRESS_WAITING;
}

enum progress verb_rate_check(struct request *request, struct error *error)
{
    const struct worker *producer = supervisor_find(request->supervisor, KIND_PRODUCER);
    if (!producer->rate.set) {
        error_set(error, "a reload has set another rate meanwhile");
        return PROGRESS_FAILED;
    }
    return producer->process.pid == 0 || producer->rate.taken >= request->value ||
                   producer->rate.number != request->value
               ? PROGRESS_DONE
               : PROGRESS_WAITING;
}

void verb_rate_lines(struct request *request, msgpack_packer *packer)
{
    const struct worker *producer = supervisor_find(request->supervisor, KIND_PRODUCER);
    bool taken = producer->process.pid != 0 && producer->rate.taken >= request->value;
    char line[VERB_TEXT_BYTES + 64];
    int length = 0;
    if (producer->rate.interval_us > 0)
        length = snprintf(line, sizeof line, "producer: a record every %g s%s",
                          (double)producer->rate.interval_us / 1e6, taken ? "" : ", when it runs");
    else if (producer->rate.records > 0)
        length = snprintf(line, sizeof line, "producer: %" PRId64 " records a second%s",
                          producer->rate.records, taken ? "" : ", when it runs");
    else
        length =
            snprintf(line, sizeof line, "producer: as fast as possible%s", taken ? "" : ", when it runs");
    msgpack_pack_array(packer, 1);
    msgpack_pack_str_with_body(packer, line, (size_t)length);
}
