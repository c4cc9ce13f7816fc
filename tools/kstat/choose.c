#include "tools/kstat/choose.h"

#include <stdbool.h>

#include "common/exit_codes.h"
#include "common/stats/directory.h"

#define CANDIDATES_MAX 32

struct candidates {
    char names[CANDIDATES_MAX][NAME_BYTES];
    size_t count;
};

static int note(void *context, const char *instance)
{
    struct candidates *candidates = context;
    for (size_t i = 0; i < candidates->count; i++)
        if (strcmp(candidates->names[i], instance) == 0)
            return 0;
    if (candidates->count < CANDIDATES_MAX)
        snprintf(candidates->names[candidates->count++], NAME_BYTES, "%s", instance);
    return 0;
}

/* Workers that were started by hand have segments and no directory. */
static int note_segment(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)worker;
    (void)generation;
    return note(context, instance);
}

static int too_many(const struct candidates *candidates, struct error *error)
{
    char list[ERROR_TEXT_BYTES / 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < candidates->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 candidates->names[i]);
    return error_set_code(error, EXIT_CODE_USAGE, "several instances are there: %s; choose one with -i NAME",
                          list);
}

int choose_instance(char instance[NAME_BYTES], struct error *error)
{
    struct candidates candidates = {.count = 0};
    if (directory_scan(note, &candidates) != 0 || stats_segment_scan(NULL, note_segment, &candidates) != 0)
        return error_set(error, "cannot list /dev/shm: %m");
    const char *chosen = candidates.count > 0 ? candidates.names[0] : NULL;
    for (size_t i = 0; i < candidates.count; i++)
        if (strcmp(candidates.names[i], INSTANCE_DEFAULT) == 0)
            chosen = candidates.names[i];
    if (chosen == NULL)
        return error_set_code(
            error, EXIT_CODE_NOT_RUNNING,
            "nothing is running; start it with 'make play', or 'ksupervise --clients bravo,zulu'");
    if (candidates.count > 1 && strcmp(chosen, INSTANCE_DEFAULT) != 0)
        return too_many(&candidates, error);
    snprintf(instance, NAME_BYTES, "%s", chosen);
    return 0;
}
