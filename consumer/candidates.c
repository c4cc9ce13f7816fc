#include "consumer/candidates.h"

#include "common/decimal.h"
#include "common/exit_codes.h"

/* --- the texts ----------------------------------------------------------------------------------------- */

/* PARTITION:OFFSET, or PARTITION:OFFSET-END. Returns what follows, or NULL. */
static const char *read_range(const char *text, bool with_end, struct candidate_range *range)
{
    int64_t partition;
    const char *at = decimal_read(text, INT32_MAX, &partition);
    if (at == NULL || *at++ != ':')
        return NULL;
    at = decimal_read(at, INT64_MAX - 1, &range->first);
    if (at == NULL)
        return NULL;
    range->partition = (int32_t)partition;
    range->end = range->first + 1;
    if (!with_end)
        return at;
    return *at == '-' ? decimal_read(at + 1, INT64_MAX, &range->end) : NULL;
}

static size_t items(const char *text)
{
    size_t count = text != NULL && text[0] != '\0';
    for (; text != NULL && *text != '\0'; text++)
        count += *text == ',';
    return count;
}

static int read_all(const char *text, bool with_end, struct candidate_range *ranges)
{
    size_t count = items(text);
    for (size_t i = 0; i < count; i++) {
        text = read_range(text, with_end, &ranges[i]);
        if (text == NULL || *text != (i + 1 < count ? ',' : '\0'))
            return -1;
        text++;
    }
    return 0;
}

int candidates_open(struct candidates *candidates, const char *candidate_text, const char *quarantine_text,
                    struct error *error)
{
    *candidates = (struct candidates){.candidate_count = items(candidate_text),
                                      .quarantined_count = items(quarantine_text)};
    size_t count = candidates->candidate_count + candidates->quarantined_count;
    if (count == 0)
        return 0;
    candidates->ranges = calloc(count, sizeof *candidates->ranges);
    if (candidates->ranges == NULL)
        return error_set(error, "out of memory");
    if (read_all(candidate_text, true, candidates->ranges) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "--candidates: '%s' is not PARTITION:FIRST-END,…",
                              candidate_text);
    if (read_all(quarantine_text, false, candidates->ranges + candidates->candidate_count) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "--quarantine: '%s' is not PARTITION:OFFSET,…",
                              quarantine_text);
    candidates->ahead = true;
    return 0;
}

void candidates_close(struct candidates *candidates)
{
    free(candidates->ranges);
    *candidates = (struct candidates){0};
}

/* --- where we are -------------------------------------------------------------------------------------- */

static bool is_ahead(const struct candidate_range *range, const struct partitions *partitions)
{
    if ((size_t)range->partition >= partitions->row_count)
        return false;
    const struct partition *row = &partitions->rows[range->partition];
    return row->state != STATE_UNASSIGNED && (row->position == STATS_UNKNOWN || row->position < range->end);
}

bool candidates_look(struct candidates *candidates, const struct partitions *partitions)
{
    bool before = candidates->ahead;
    candidates->ahead = false;
    for (size_t i = 0; i < candidates->candidate_count + candidates->quarantined_count && !candidates->ahead;
         i++)
        candidates->ahead = is_ahead(&candidates->ranges[i], partitions);
    return candidates->ahead != before;
}

bool candidates_quarantined(const struct candidates *candidates, int32_t partition, int64_t offset)
{
    const struct candidate_range *quarantined = candidates->ranges + candidates->candidate_count;
    for (size_t i = 0; i < candidates->quarantined_count; i++)
        if (quarantined[i].partition == partition && quarantined[i].first == offset)
            return true;
    return false;
}
