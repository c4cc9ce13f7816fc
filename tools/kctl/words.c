#include "tools/kctl/words.h"

#include <signal.h>

#include "common/complete_names.h"
#include "common/record/schema.h"

typedef void candidates(const struct completion *completion);

static void signals(const struct completion *completion)
{
    for (int number = 1; number < NSIG; number++)
        if (sigabbrev_np(number) != NULL)
            complete_add(completion, sigabbrev_np(number), sigdescr_np(number));
}

static void workers(const struct completion *completion)
{
    complete_workers(completion);
    complete_add(completion, "all", "every worker");
}

/* Of all workloads: which one is meant, the fleet's settings say. */
static void fields(const struct completion *completion)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        for (size_t f = 0; f < schema->field_count; f++) {
            char word[80];
            snprintf(word, sizeof word, "%s=", schema->fields[f].label);
            complete_add(completion, word, schema->workload);
        }
}

static void letters_words(const struct completion *completion)
{
    complete_add(completion, "list", "count them by reason");
    complete_add(completion, "show", "the last of them, each with its reason and record");
    complete_add(completion, "replay", "send them back to their topic, each once");
}

static void group_words(const struct completion *completion)
{
    complete_add(completion, "group=", "its group; by default its own");
    complete_add(completion, "like=", "a client whose settings it takes");
}

/* What stands behind a verb: the first word, the second, all further ones. */
static const struct verb_words {
    const char *verb, *help;
    candidates *first, *second, *further;
} verbs[] = {
    {"status", "show the state of every worker", workers, NULL, NULL},
    {"start", "start what is down, held or done", workers, NULL, NULL},
    {"stop", "finish, commit, leave the group, and stay down", workers, NULL, NULL},
    {"restart", "start a new process and keep the group membership", workers, NULL, NULL},
    {"rolling-restart", "restart consumers one after the other", workers, NULL, NULL},
    {"reload", "read the configuration file again", NULL, NULL, NULL},
    {"kill", "send a signal: TERM by default", workers, signals, NULL},
    {"pause", "stop taking records, keep the partitions", workers, NULL, NULL},
    {"resume", "take records again", workers, NULL, NULL},
    {"scale", "set the number of workers of a client", workers, NULL, NULL},
    {"add-client", "add a client, in its own group or an existing one", NULL, group_words, group_words},
    {"remove-client", "remove a client that was added", workers, NULL, NULL},
    {"rate", "the producer's pace", NULL, NULL, NULL},
    {"produce", "send one record through the producer", fields, fields, fields},
    {"peek", "show a topic's record at an offset", complete_topics, NULL, NULL},
    {"dead-letters", "count a topic's dead letters, show them, send them back", complete_topics,
     letters_words, NULL},
    {"ack", "acknowledge records, where --commit is manual", workers, NULL, NULL},
    {"reset", "set the offsets of a client's group: --to", workers, NULL, NULL},
    {"release", "let a held worker start again", workers, NULL, NULL},
    {"logs", "its last lines", workers, NULL, NULL},
    {"events", "show what has happened", workers, NULL, NULL},
    {"prune", "remove what dead instances left in shared memory", NULL, NULL, NULL},
    {"shutdown", "end the instance in order", NULL, NULL, NULL},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void targets(const struct completion *completion)
{
    static const char *const known[] = {"earliest", "latest", "offset", "timestamp", "shift"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        complete_add(completion, known[i], "where a reset goes");
}

static void behind(const struct completion *completion, const struct verb_words *verb)
{
    candidates *const wanted[] = {verb->first, verb->second, verb->further};
    candidates *each = wanted[completion->count > 3 ? 2 : completion->count - 1];
    if (each != NULL)
        each(completion);
}

static void words(const struct completion *completion)
{
    for (size_t i = 0; i < VERBS; i++)
        if (completion->count == 0)
            complete_add(completion, verbs[i].verb, verbs[i].help);
        else if (strcmp(completion->words[0], verbs[i].verb) == 0)
            behind(completion, &verbs[i]);
}

void words_complete(const struct completion *completion)
{
    if (completion->option == NULL)
        words(completion);
    else if (complete_wants(completion, "to"))
        targets(completion);
    else
        complete_known_options(completion);
}
