#include "consumer/behind.h"

#include "common/stats/definitions.h"

void behind_init(struct behind *behind)
{
    behind->count = 0;
    behind->spacing_us = BEHIND_SPACING_US;
    behind->looked_us = STATS_UNKNOWN;
}

/* A clock that was set back is no silence. */
static bool was_silent(const struct behind *behind, int64_t now_us)
{
    return behind->looked_us == STATS_UNKNOWN || now_us - behind->looked_us > BEHIND_SILENCE_US;
}

void behind_forget_stale(struct behind *behind, int64_t now_us)
{
    if (was_silent(behind, now_us))
        behind_init(behind);
}

int64_t behind_high(const struct behind *behind)
{
    return behind->count > 0 ? behind->looks[behind->count - 1].high : STATS_UNKNOWN;
}

/* What was seen by a look that is dropped counts as seen by the next one: too late, never too early. */
static void replace(const struct behind_look *dropped, struct behind_look *next)
{
    next->late |= dropped->late;
}

/* The first stays, since what lies before it is not known; and the second, as below. */
static void keep_every_other(struct behind *behind)
{
    size_t kept = 2;
    for (size_t i = 3; i < behind->count; i += 2) {
        replace(&behind->looks[i - 1], &behind->looks[i]);
        behind->looks[kept++] = behind->looks[i];
    }
    behind->count = kept;
    behind->spacing_us *= 2;
}

/* Then it is not wanted any more when another one comes. The second stays whatever comes: it is the answer
 * for the present committed offset, which must not move while that does not. */
static bool newest_is_close(const struct behind *behind)
{
    const struct behind_look *newest = &behind->looks[behind->count - 1];
    return behind->count > 2 && newest->us - newest[-1].us < behind->spacing_us;
}

static void add(struct behind *behind, struct behind_look look)
{
    if (behind->count > 0 && newest_is_close(behind))
        replace(&behind->looks[--behind->count], &look);
    if (behind->count == BEHIND_LOOKS)
        keep_every_other(behind);
    behind->looks[behind->count++] = look;
}

void behind_reach(struct behind *behind, int64_t high, int64_t now_us)
{
    if (behind->count == 0 || high > behind_high(behind))
        add(behind, (struct behind_look){.high = high, .us = now_us, .late = was_silent(behind, now_us)});
}

void behind_look(struct behind *behind, int64_t high, int64_t now_us)
{
    if (behind->count > 0 && high < behind_high(behind)) {
        if (!was_silent(behind, now_us))
            return;
        behind_init(behind);
    }
    behind_reach(behind, high, now_us);
    behind->looked_us = now_us;
}

/* Of offsets behind the committed one it is not said when they were passed: before that look, or, where the
 * watermark is known from records that were read after it, before now. */
void behind_resume(struct behind *behind, int64_t committed, const struct behind_since *since, int64_t high,
                   int64_t looked_us, int64_t now_us)
{
    if (behind->count > 0 || committed < 0 || high <= committed || since->us == STATS_UNKNOWN)
        return;
    add(behind, (struct behind_look){.high = committed, .us = since->us});
    add(behind, (struct behind_look){.high = committed + 1, .us = since->us, .late = since->at_least});
    if (high > committed + 1)
        add(behind, (struct behind_look){
                        .high = high, .us = looked_us >= since->us ? looked_us : now_us, .late = true});
    behind->looked_us = looked_us;
}

/* All but the last that is not beyond the committed offset, with which the others begin. */
static void forget_before(struct behind *behind, int64_t committed)
{
    size_t past = 0;
    while (past + 1 < behind->count && behind->looks[past + 1].high <= committed)
        past++;
    if (past == 0)
        return;
    behind->count -= past;
    for (size_t i = 0; i < behind->count; i++)
        behind->looks[i] = behind->looks[i + past];
    if (behind->count < BEHIND_LOOKS / 4)
        behind->spacing_us = BEHIND_SPACING_US;
}

struct behind_since behind_since(struct behind *behind, int64_t committed)
{
    const struct behind_since unknown = {.us = STATS_UNKNOWN};
    if (committed == STATS_UNKNOWN)
        return unknown;
    forget_before(behind, committed);
    for (size_t i = 0; i < behind->count; i++)
        if (behind->looks[i].high > committed)
            return (struct behind_since){.us = behind->looks[i].us,
                                         .at_least = i == 0 || behind->looks[i].late};
    return unknown;
}
