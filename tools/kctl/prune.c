#include "tools/kctl/prune.h"

#include "common/stats/prune.h"

struct pruning {
    bool dry_run;
    FILE *stream;
    size_t told;
};

static void tell(struct pruning *pruning, const char *instance, const struct pruned *pruned)
{
    if (pruned->objects == 0 && pruned->living == 0)
        return;
    pruning->told++;
    fprintf(pruning->stream, "%s: %zu object%s, %zu KiB %s", instance, pruned->objects,
            pruned->objects == 1 ? "" : "s", (size_t)(pruned->bytes / 1024),
            pruning->dry_run ? "to be removed" : "removed");
    if (pruned->living > 0)
        fprintf(pruning->stream, "; %zu living worker%s left alone", pruned->living,
                pruned->living == 1 ? "" : "s");
    fputc('\n', pruning->stream);
}

/* A living instance's objects are left alone. */
static int one(void *context, const char *instance)
{
    struct pruning *pruning = context;
    struct pruned pruned;
    if (instance_prune(instance, pruning->dry_run, &pruned, NULL) == 0)
        tell(pruning, instance, &pruned);
    return 0;
}

int prune(const char *instance, bool dry_run, FILE *stream, struct error *error)
{
    struct pruning pruning = {.dry_run = dry_run, .stream = stream};
    struct pruned pruned;
    if (instance != NULL) {
        if (instance_prune(instance, dry_run, &pruned, error) != 0)
            return -1;
        tell(&pruning, instance, &pruned);
    } else if (instance_scan(one, &pruning) != 0) {
        return error_set(error, "cannot list /dev/shm: %m");
    }
    if (pruning.told == 0)
        fputs("dead instances have left nothing\n", stream);
    return 0;
}
