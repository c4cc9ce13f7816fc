#include "consumer/suspects.h"

#include "common/decimal.h"
#include "common/exit_codes.h"

/* --- the texts ----------------------------------------------------------------------------------------- */

/* PARTITION:OFFSET, or PARTITION:OFFSET-END. Returns what follows, or NULL. */
static const char *read_range(const char *text, bool with_end, struct suspect_range *range)
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

static int read_all(const char *text, bool with_end, struct suspect_range *ranges)
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

int suspects_open(struct suspects *suspects, const char *suspect_text, const char *convict_text,
                  struct error *error)
{
    *suspects = (struct suspects){.suspect_count = items(suspect_text), .convict_count = items(convict_text)};
    size_t count = suspects->suspect_count + suspects->convict_count;
    if (count == 0)
        return 0;
    suspects->ranges = calloc(count, sizeof *suspects->ranges);
    if (suspects->ranges == NULL)
        return error_set(error, "out of memory");
    if (read_all(suspect_text, true, suspects->ranges) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "--suspects: '%s' is not PARTITION:FIRST-END,…",
                              suspect_text);
    if (read_all(convict_text, false, suspects->ranges + suspects->suspect_count) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "--quarantine: '%s' is not PARTITION:OFFSET,…",
                              convict_text);
    suspects->ahead = true;
    return 0;
}

void suspects_close(struct suspects *suspects)
{
    free(suspects->ranges);
    *suspects = (struct suspects){0};
}

/* --- where we are -------------------------------------------------------------------------------------- */

static bool is_ahead(const struct suspect_range *range, const struct partitions *partitions)
{
    if ((size_t)range->partition >= partitions->row_count)
        return false;
    const struct partition *row = &partitions->rows[range->partition];
    return row->state != STATE_UNASSIGNED && (row->position == STATS_UNKNOWN || row->position < range->end);
}

bool suspects_look(struct suspects *suspects, const struct partitions *partitions)
{
    bool before = suspects->ahead;
    suspects->ahead = false;
    for (size_t i = 0; i < suspects->suspect_count + suspects->convict_count && !suspects->ahead; i++)
        suspects->ahead = is_ahead(&suspects->ranges[i], partitions);
    return suspects->ahead != before;
}

bool suspects_convicted(const struct suspects *suspects, int32_t partition, int64_t offset)
{
    const struct suspect_range *convicts = suspects->ranges + suspects->suspect_count;
    for (size_t i = 0; i < suspects->convict_count; i++)
        if (convicts[i].partition == partition && convicts[i].first == offset)
            return true;
    return false;
}
