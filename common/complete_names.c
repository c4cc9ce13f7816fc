#include "common/complete_names.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "common/record/schema.h"
#include "common/stats/directory.h"
#include "common/stats/reader.h"

/* --- what runs ----------------------------------------------------------------------------------------- */

static int add_instance(void *context, const char *instance)
{
    complete_add(context, instance, "an instance");
    return 0;
}

void complete_instances(const struct completion *completion)
{
    directory_scan(add_instance, (void *)(uintptr_t)completion);
}

typedef void each_worker(const struct completion *completion, const char *instance,
                         const struct directory_worker *worker);

struct visit {
    const struct completion *completion;
    each_worker *each;
};

static int visit_instance(void *context, const char *instance)
{
    const struct visit *visit = context;
    struct directory *directory = NULL;
    struct directory_worker worker;
    if (directory_open(&directory, instance, NULL) == 0)
        for (size_t i = 0; i < directory_count(directory); i++)
            if (directory_worker(directory, i, &worker) && !worker.retired)
                visit->each(visit->completion, instance, &worker);
    directory_free(directory);
    return 0;
}

static void visit_workers(const struct completion *completion, each_worker *each)
{
    struct visit visit = {completion, each};
    if (completion->instance != NULL)
        visit_instance(&visit, completion->instance);
    else
        directory_scan(visit_instance, &visit);
}

/* The first of a client has its name. */
static void add_worker(const struct completion *completion, const char *instance,
                       const struct directory_worker *worker)
{
    char help[128];
    snprintf(help, sizeof help, "%s, of instance %s", worker_state_name((enum worker_state)worker->state),
             instance);
    complete_add(completion, worker->name, help);
}

void complete_workers(const struct completion *completion)
{
    visit_workers(completion, add_worker);
}

static void add_group(const struct completion *completion, const char *instance,
                      const struct directory_worker *worker)
{
    (void)instance;
    if (worker->group[0] != '\0')
        complete_add(completion, worker->group, worker->client);
}

void complete_groups(const struct completion *completion)
{
    visit_workers(completion, add_group);
}

static bool is_workloads_own(const char *topic)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (strcmp(schema->topic, topic) == 0)
            return true;
    return false;
}

/* A shell takes what comes twice for one. */
static void add_topics_of(const struct completion *completion, const char *instance,
                          const struct directory_worker *worker)
{
    struct stats_snapshot *snapshot = NULL;
    const char *last = "";
    int32_t partition;
    if (stats_snapshot_open(&snapshot, instance, worker->name, (uint64_t)worker->generation, NULL) == -1)
        return;
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot); i++) {
        const char *topic = stats_snapshot_partition_topic(snapshot, i, &partition);
        if (strcmp(topic, last) != 0 && !is_workloads_own(topic))
            complete_add(completion, topic, worker->name);
        last = topic;
    }
    stats_snapshot_free(snapshot);
}

void complete_topics(const struct completion *completion)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        complete_add(completion, schema->topic, schema->workload);
    visit_workers(completion, add_topics_of);
}

/* --- stages -------------------------------------------------------------------------------------------- */

static FILE *ask_for_stages(void)
{
    char path[4096];
    char command[4200];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || strchr(path, '\'') != NULL)
        return NULL;
    *slash = '\0';
    snprintf(command, sizeof command, "'%s/kconsume' --stages 2>/dev/null", path);
    return popen(command, "re"); /* NOLINT(cert-env33-c): our own folder, quoted */
}

/* "  flag:CONDITION   what it does" */
static void add_stage(const struct completion *completion, char *line)
{
    char word[4096];
    char *name = line + strspn(line, " ");
    size_t length = strcspn(name, " :[\n");
    const char *comma = strrchr(completion->prefix, ',');
    size_t before = comma == NULL ? 0 : (size_t)(comma - completion->prefix) + 1;
    before += strspn(completion->prefix + before, " ");
    if (line[0] != ' ' || length == 0 || line[2] == ' ')
        return;
    const char *help = name + strcspn(name, " \n");
    help += strspn(help, " ");
    line[strcspn(line, "\n")] = '\0';
    snprintf(word, sizeof word, "%.*s%.*s", (int)before, completion->prefix, (int)length, name);
    complete_add(completion, word, help);
}

void complete_stages(const struct completion *completion)
{
    char line[1024];
    FILE *stages = ask_for_stages();
    while (stages != NULL && fgets(line, sizeof line, stages) != NULL)
        add_stage(completion, line);
    if (stages != NULL)
        pclose(stages);
}

/* --- options ------------------------------------------------------------------------------------------- */

void complete_known_options(const struct completion *completion)
{
    static const struct {
        const char *option;
        void (*complete)(const struct completion *completion);
    } known[] = {{"instance", complete_instances},
                 {"topic", complete_topics},
                 {"group", complete_groups},
                 {"pipeline", complete_stages}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (complete_wants(completion, known[i].option))
            known[i].complete(completion);
}
