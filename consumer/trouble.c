#include "consumer/trouble.h"

#include "common/clock.h"
#include "common/log.h"

/* librdkafka says a lasting error again with each attempt, the slowest of which come 10 s apart. */
#define OVER_US (30 * US_PER_SECOND)

static size_t find(const struct trouble *trouble, int code)
{
    for (size_t i = 0; i < TROUBLE_KINDS; i++)
        if (trouble->kinds[i].code == code)
            return i;
    return TROUBLE_KINDS;
}

/* A free one, while there are: what is over was met before all that is not. */
static size_t oldest(const struct trouble *trouble)
{
    size_t found = 0;
    for (size_t i = 1; i < TROUBLE_KINDS; i++)
        if (trouble->kinds[i].last_us < trouble->kinds[found].last_us)
            found = i;
    return found;
}

static void tell(struct trouble *trouble, const char *text)
{
    if (strcmp(trouble->told, text) == 0)
        return;
    snprintf(trouble->told, sizeof trouble->told, "%s", text);
    if (trouble->control != NULL)
        worker_notify_text(trouble->control, "trouble", text);
}

/* True when it is new. */
static bool keep(struct trouble *trouble, int code, const char *text)
{
    size_t at = find(trouble, code);
    bool fresh = at == TROUBLE_KINDS;
    if (fresh) {
        at = oldest(trouble);
        trouble->kinds[at].code = code;
    }
    trouble->kinds[at].last_us = clock_monotonic_us();
    snprintf(trouble->kinds[at].text, sizeof trouble->kinds[at].text, "%s", text);
    tell(trouble, trouble->kinds[at].text);
    return fresh;
}

void trouble_goes_on(struct trouble *trouble, int code, const char *text)
{
    keep(trouble, code, text);
}

void trouble_met(struct trouble *trouble, int code, const char *text)
{
    if (keep(trouble, code, text))
        log_warning("Kafka: %s", text);
    stats_event(trouble->stats, STATS_RING_ERRORS, clock_wall_us(), code, "%s", text);
}

void trouble_check(struct trouble *trouble)
{
    const char *left = "";
    if (trouble->told[0] == '\0')
        return;
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < TROUBLE_KINDS; i++) {
        if (trouble->kinds[i].code != 0 && now_us - trouble->kinds[i].last_us > OVER_US)
            trouble->kinds[i].code = 0;
        if (trouble->kinds[i].code != 0)
            left = trouble->kinds[i].text;
    }
    tell(trouble, left);
}
