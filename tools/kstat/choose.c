#include "tools/kstat/choose.h"

#include <stdbool.h>

#include "common/exit_codes.h"
#include "common/text.h"
#include "common/view/source.h"

#define CANDIDATES_MAX 256

struct candidate {
    char name[NAME_BYTES];
    bool alive; /* its supervisor, or one of its workers */
};

struct candidates {
    struct candidate items[CANDIDATES_MAX];
    size_t count;
};

static struct candidate *find(struct candidates *candidates, const char *instance)
{
    for (size_t i = 0; i < candidates->count; i++)
        if (strcmp(candidates->items[i].name, instance) == 0)
            return &candidates->items[i];
    if (candidates->count == CANDIDATES_MAX)
        return NULL;
    struct candidate *fresh = &candidates->items[candidates->count++];
    snprintf(fresh->name, sizeof fresh->name, "%s", instance);
    return fresh;
}

static int note(void *context, const char *instance)
{
    struct source_supervisor supervisor;
    struct candidate *candidate = find(context, instance);
    if (candidate == NULL || source_live.class->supervisor(&source_live, instance, &supervisor, NULL) != 0)
        return 0;
    candidate->alive |= supervisor.alive;
    directory_free(supervisor.directory);
    return 0;
}

/* Workers without a supervisor have segments and no directory. Of an instance that is known to live no more
 * need be read. */
static int note_segment(void *context, const char *instance, const char *worker, uint64_t generation)
{
    struct candidate *candidate = find(context, instance);
    struct segment_name name = {.generation = generation};
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    snprintf(name.worker, sizeof name.worker, "%s", worker);
    if (candidate == NULL || candidate->alive ||
        source_live.class->segment(&source_live, instance, &name, &snapshot, &liveness, NULL) != 0)
        return 0;
    candidate->alive = liveness.alive;
    stats_snapshot_free(snapshot);
    return 0;
}

static int too_many(const struct candidates *candidates, struct error *error)
{
    char list[ERROR_TEXT_BYTES / 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < candidates->count; i++)
        used = text_append(list, sizeof list, used, "%s%s%s", i > 0 ? ", " : "", candidates->items[i].name,
                           candidates->items[i].alive ? "" : " (dead)");
    return error_set_code(error, EXIT_CODE_USAGE, "several instances are there: %s; choose one with -i NAME",
                          list);
}

static const struct candidate *only_living(const struct candidates *candidates)
{
    const struct candidate *only = NULL;
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->items[i].alive && only != NULL)
            return NULL;
        if (candidates->items[i].alive)
            only = &candidates->items[i];
    }
    return only;
}

int choose_instance(char instance[NAME_BYTES], struct error *error)
{
    struct candidates candidates = {.count = 0};
    if (directory_scan(note, &candidates) != 0 || stats_segment_scan(NULL, note_segment, &candidates) != 0)
        return error_set(error, "cannot list /dev/shm: %m");
    if (candidates.count == 0)
        return error_set_code(
            error, EXIT_CODE_NOT_RUNNING,
            "nothing is running; start it with 'make play', or 'ksupervise --clients bravo,zulu'");
    const struct candidate *chosen = only_living(&candidates);
    for (size_t i = 0; i < candidates.count && chosen == NULL; i++)
        if (strcmp(candidates.items[i].name, INSTANCE_DEFAULT) == 0 || candidates.count == 1)
            chosen = &candidates.items[i];
    if (chosen == NULL)
        return too_many(&candidates, error);
    snprintf(instance, NAME_BYTES, "%s", chosen->name);
    return 0;
}
