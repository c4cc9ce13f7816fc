#include "supervisor/poison.h"

#include <inttypes.h>
#include <signal.h>

#include "common/brokers.h"
#include "common/text.h"

bool poison_is_crash(int signal)
{
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        if (crashes[i] == signal)
            return true;
    return false;
}

void poison_release(struct poison *poison)
{
    free(poison->ranges);
    *poison = (struct poison){0};
}

/* --- the table ----------------------------------------------------------------------------------------- */

static void drop(struct poison *poison, size_t index)
{
    poison->count--;
    memmove(&poison->ranges[index], &poison->ranges[index + 1],
            (poison->count - index) * sizeof *poison->ranges);
}

static void make_room(struct poison *poison)
{
    size_t oldest = 0;
    while (oldest < poison->count && poison->ranges[oldest].quarantined)
        oldest++;
    drop(poison, oldest < poison->count ? oldest : 0);
}

/* NULL when memory is out. */
static struct poison_range *add(struct poison *poison)
{
    if (poison->ranges == NULL)
        poison->ranges = calloc(POISON_MAX, sizeof *poison->ranges);
    if (poison->ranges == NULL)
        return NULL;
    if (poison->count == POISON_MAX)
        make_room(poison);
    return &poison->ranges[poison->count++];
}

static bool same_partition(const struct poison_range *range, const char *group, const char *topic,
                           int32_t partition)
{
    return range->partition == partition && strcmp(range->topic, topic) == 0 &&
           strcmp(range->group, group) == 0;
}

/* The candidate range that already covers the record. */
static struct poison_range *candidate_of(struct poison *poison, const char *group,
                                         const struct poison_flight *flight)
{
    for (size_t i = 0; i < poison->count; i++) {
        struct poison_range *range = &poison->ranges[i];
        if (!range->quarantined && same_partition(range, group, flight->topic, flight->partition) &&
            flight->first >= range->first && flight->end <= range->end)
            return range;
    }
    return NULL;
}

static void note(struct poison *poison, const char *group, uint64_t generation, const char *cause,
                 const struct poison_flight *flight, bool quarantined)
{
    struct poison_range *range = add(poison);
    if (range == NULL)
        return;
    *range = (struct poison_range){.partition = flight->partition,
                                   .first = flight->first,
                                   .end = flight->end,
                                   .quarantined = quarantined,
                                   .generation = generation};
    snprintf(range->group, sizeof range->group, "%s", group);
    snprintf(range->topic, sizeof range->topic, "%s", flight->topic);
    snprintf(range->cause, sizeof range->cause, "%s", cause);
}

/* --- judging ------------------------------------------------------------------------------------------- */

enum poison_verdict poison_judge(struct poison *poison, const char *group, uint64_t generation,
                                 const char *cause, const struct poison_flight *flights, size_t count,
                                 struct poison_range *former)
{
    if (count == 0)
        return POISON_NOTHING;
    const struct poison_range *known = NULL;
    if (count == 1 && flights[0].end == flights[0].first + 1)
        known = candidate_of(poison, group, &flights[0]);
    if (known != NULL) {
        *former = *known; /* it stays: there may be more than one such record in it */
        note(poison, group, generation, cause, &flights[0], true);
        return POISON_QUARANTINED;
    }
    for (size_t i = 0; i < count; i++)
        if (candidate_of(poison, group, &flights[i]) == NULL)
            note(poison, group, generation, cause, &flights[i], false);
    return POISON_CANDIDATES;
}

void poison_clear(struct poison *poison, const char *group, const char *topic, int32_t partition)
{
    for (size_t i = poison->count; i > 0; i--) {
        const struct poison_range *range = &poison->ranges[i - 1];
        if (!range->quarantined && same_partition(range, group, topic, partition))
            drop(poison, i - 1);
    }
}

size_t poison_text(const struct poison *poison, const char *group, const char *topic, bool quarantined,
                   char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < poison->count; i++) {
        const struct poison_range *range = &poison->ranges[i];
        char one[64];
        if (range->quarantined != quarantined || strcmp(range->group, group) != 0 ||
            strcmp(range->topic, topic) != 0)
            continue;
        int length = quarantined
                         ? snprintf(one, sizeof one, "%" PRId32 ":%" PRId64, range->partition, range->first)
                         : snprintf(one, sizeof one, "%" PRId32 ":%" PRId64 "-%" PRId64, range->partition,
                                    range->first, range->end);
        if (used + (size_t)length + 2 > bytes)
            break;
        used = text_append(text, bytes, used, "%s%s", used > 0 ? "," : "", one);
    }
    return used;
}

/* --- kept ---------------------------------------------------------------------------------------------- */

/* The size of a range distinguishes builds whose struct differs. */
struct packed {
    char magic[8];
    uint32_t range_bytes, count;
    char kafka[BROKERS_BYTES];
};

static const char magic[8] = "KSUPOIS"; /* eight with its NUL */

void *poison_pack(const struct poison *poison, const char *kafka, size_t *length)
{
    size_t ranges_bytes = poison->count * sizeof *poison->ranges;
    struct packed *packed = calloc(1, sizeof *packed + ranges_bytes);
    if (packed == NULL)
        return NULL;
    memcpy(packed->magic, magic, sizeof magic);
    packed->range_bytes = sizeof *poison->ranges;
    packed->count = (uint32_t)poison->count;
    snprintf(packed->kafka, sizeof packed->kafka, "%s", kafka);
    if (ranges_bytes > 0)
        memcpy(packed + 1, poison->ranges, ranges_bytes);
    *length = sizeof *packed + ranges_bytes;
    return packed;
}

/* A bool is read as a byte first: a value other than 0 and 1 would be undefined behaviour. */
static bool is_truth(const void *byte)
{
    return *(const unsigned char *)byte <= 1;
}

static bool is_sound(const struct poison_range *range)
{
    return is_truth(&range->quarantined) && memchr(range->group, '\0', sizeof range->group) != NULL &&
           memchr(range->topic, '\0', sizeof range->topic) != NULL &&
           memchr(range->cause, '\0', sizeof range->cause) != NULL && range->partition >= 0 &&
           range->first >= 0 && range->end > range->first &&
           (!range->quarantined || range->end == range->first + 1);
}

void poison_unpack(struct poison *poison, const char *kafka, const void *bytes, size_t length)
{
    const struct packed *packed = bytes;
    if (length < sizeof *packed || memcmp(packed->magic, magic, sizeof magic) != 0 ||
        packed->range_bytes != sizeof(struct poison_range) || packed->count > POISON_MAX ||
        length != sizeof *packed + packed->count * sizeof(struct poison_range) ||
        strncmp(packed->kafka, kafka, sizeof packed->kafka) != 0)
        return;
    for (uint32_t i = 0; i < packed->count; i++) {
        struct poison_range range;
        memcpy(&range, (const char *)(packed + 1) + i * sizeof range, sizeof range);
        struct poison_range *free_range = is_sound(&range) ? add(poison) : NULL;
        if (free_range != NULL)
            *free_range = range;
    }
}
