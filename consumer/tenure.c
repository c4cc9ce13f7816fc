#include "consumer/tenure.h"

#include "common/clock.h"

#define HOLD_US (2 * US_PER_SECOND)

static bool is_silent(struct tenure *tenure, const struct joining *joining)
{
    int64_t now_us = clock_monotonic_us();
    if (!joining_session_over(joining)) {
        tenure->silent_us = 0;
        return false;
    }
    if (tenure->silent_us == 0)
        tenure->silent_us = now_us;
    return now_us - tenure->silent_us < HOLD_US;
}

static bool has_lapsed(struct tenure *tenure, const struct joining *joining)
{
    unsigned lapses = joining_lapses(joining);
    bool lapsed = lapses != tenure->lapses;
    tenure->lapses = lapses;
    return lapsed;
}

bool tenure_in_doubt(struct consumer *consumer)
{
    bool lapsed = has_lapsed(&consumer->tenure, &consumer->joining);
    bool silent = is_silent(&consumer->tenure, &consumer->joining);
    return lapsed || silent || rd_kafka_assignment_lost(consumer->rk);
}
