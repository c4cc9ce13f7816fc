/* sim: runs histories until the time is up, or tells one. See README.md. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/shorten.h"

enum {
    SHORTEN_RUNS = 600,
    SORT_RUNS = 150,
    KINDS_MAX = 256,
    KIND_BYTES = 160,
    HANG_SECONDS = 20,
    KEPT_MAX = 64
};

struct options {
    uint64_t first;
    uint64_t last;           /* not beyond that seed */
    uint64_t kept[KEPT_MAX]; /* come before the first */
    uint64_t kept_count;
    double seconds;
    bool one;         /* tell the history of `first`, event by event */
    bool survey;      /* go on after a failure: the first seed of each broken promise */
    bool once;        /* survey: but not after the first failure, which is not shortened */
    bool sorts;       /* survey: each failure is shortened, and counted by what is left of it */
    bool shortens;    /* one: tell the shortened one */
    uint32_t without; /* features */
    uint32_t allowed; /* promises that are not looked at */
};

/* Shared with the child that runs them, so that a crash leaves a seed behind. */
struct progress {
    volatile uint64_t next; /* the kept ones first, then those from `first` on */
    volatile uint64_t seed, histories, events;
    volatile int64_t virtual_us;
    volatile bool failed;
    struct outcome outcome; /* of the first failure */
    struct found {
        uint64_t seed, count;
        double at_s;
        char text[ORACLE_TEXT_BYTES];
    } found[RULE_COUNT];
    struct kind {
        char name[KIND_BYTES]; /* the promise, and the features without which it is kept */
        uint64_t seed, count;
    } kinds[KINDS_MAX];
    size_t kind_count;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct plan make(const struct options *options, uint64_t seed)
{
    struct plan plan;
    plan_make(&plan, seed);
    plan_without(&plan, options->without);
    plan.allowed = options->allowed;
    return plan;
}

static uint64_t seed_at(const struct options *options, uint64_t index)
{
    return index < options->kept_count ? options->kept[index] : options->first + index - options->kept_count;
}

/* --- many ---------------------------------------------------------------------------------------------- */

static void note(struct progress *progress, const struct outcome *outcome, uint64_t seed, double at_s)
{
    struct found *found = &progress->found[outcome->broken];
    if (found->count++ == 0) {
        found->seed = seed;
        found->at_s = at_s;
        memcpy(found->text, outcome->text, sizeof found->text);
    }
    if (progress->failed)
        return;
    progress->failed = true;
    progress->outcome = *outcome;
}

static void name_kind(const struct plan *plan, enum rule broken, char name[KIND_BYTES])
{
    int used =
        snprintf(name, KIND_BYTES, "%s, %s%s%s:", rule_name(broken), commit_mode_choices[plan->commit],
                 plan->cooperative ? ", cooperative" : "", plan->from == FROM_LATEST ? ", latest" : "");
    for (unsigned i = 0; i < FEATURE_COUNT && used < KIND_BYTES; i++)
        if (plan->features >> i & 1)
            used += snprintf(name + used, (size_t)(KIND_BYTES - used), " %s", feature_name(i));
}

static void sort_failure(struct progress *progress, struct plan *plan, enum rule broken)
{
    char name[KIND_BYTES];
    uint64_t seed = plan->seed;
    shorten(plan, broken, SORT_RUNS);
    name_kind(plan, broken, name);
    size_t i = 0;
    while (i < progress->kind_count && strcmp(progress->kinds[i].name, name) != 0)
        i++;
    if (i == KINDS_MAX)
        return;
    if (i == progress->kind_count) {
        progress->kind_count++;
        memcpy(progress->kinds[i].name, name, KIND_BYTES);
        progress->kinds[i].seed = seed;
    }
    progress->kinds[i].count++;
}

static void run_many(const struct options *options, struct progress *progress, double began_s)
{
    for (; now_s() - began_s < options->seconds; progress->next++) {
        progress->seed = seed_at(options, progress->next);
        if (progress->next >= options->kept_count && progress->seed > options->last)
            return;
        struct plan plan = make(options, progress->seed);
        struct outcome outcome = history_run(&plan, false);
        progress->histories++;
        progress->events += outcome.events;
        progress->virtual_us += outcome.virtual_us;
        if (outcome.broken == RULE_NONE)
            continue;
        note(progress, &outcome, progress->seed, now_s() - began_s);
        if (!options->survey || options->once)
            return;
        if (options->sorts)
            sort_failure(progress, &plan, outcome.broken);
    }
}

static void tell_progress(const struct progress *progress, double seconds)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%" PRIu64 " histories, %.0f/s, seed %" PRIu64 " ", progress->histories,
                (double)progress->histories / seconds, progress->seed);
}

/* Waits for the child; false when it crashed, or one history does not end. */
static bool watch(pid_t child, const struct progress *progress, double began_s)
{
    uint64_t at = progress->next;
    double moved_s = now_s();
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL); /* usleep is the simulation's */
        tell_progress(progress, now_s() - began_s);
        if (progress->next != at) {
            at = progress->next;
            moved_s = now_s();
        }
        if (now_s() - moved_s > HANG_SECONDS)
            kill(child, SIGKILL);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void crashed(struct progress *progress, double at_s)
{
    struct outcome outcome = {.broken = RULE_CRASHED};
    snprintf(outcome.text, sizeof outcome.text, "a signal, or no end");
    note(progress, &outcome, progress->seed, at_s);
}

static void run_children(const struct options *options, struct progress *progress, double began_s)
{
    bool again = true;
    while (again && now_s() - began_s < options->seconds) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run_many(options, progress, began_s);
            _exit(0);
        }
        if (watch(child, progress, began_s))
            return;
        crashed(progress, now_s() - began_s);
        progress->next++;
        again = options->survey;
    }
}

/* --- telling ------------------------------------------------------------------------------------------- */

static void tell_plan(const struct plan *plan)
{
    char text[PLAN_TEXT_BYTES];
    plan_describe(plan, text);
    printf("  %s\n", text);
    for (size_t i = 0; i < plan->step_count; i++)
        if (!plan->steps[i].off)
            printf("  %8.3f s  step %zu: %s %u %u\n", (double)plan->steps[i].at_us / 1e6, i,
                   step_name(plan->steps[i].kind), plan->steps[i].a, plan->steps[i].b);
}

static void tell_shortened(const struct options *options, uint64_t seed, enum rule broken)
{
    struct plan plan = make(options, seed);
    int runs = shorten(&plan, broken, SHORTEN_RUNS);
    printf("shortened in %d runs (make sim SEED=%" PRIu64 " SHORT=1 tells it, event by event):\n", runs,
           seed);
    tell_plan(&plan);
}

static int tell_one(const struct options *options)
{
    struct plan plan = make(options, options->first);
    struct outcome outcome = history_run(&plan, false);
    if (options->shortens && outcome.broken != RULE_NONE)
        shorten(&plan, outcome.broken, SHORTEN_RUNS);
    tell_plan(&plan);
    outcome = history_run(&plan, true);
    printf("%" PRIu64 " events, %.1f virtual seconds: %s%s%s\n", outcome.events,
           (double)outcome.virtual_us / 1e6,
           outcome.broken == RULE_NONE ? "all promises are kept" : "broken: ", rule_help(outcome.broken),
           outcome.broken == RULE_NONE ? "" : ":");
    if (outcome.broken != RULE_NONE)
        printf("%s\n", outcome.text);
    printf("%d passed, %d failed\n", outcome.broken == RULE_NONE, outcome.broken != RULE_NONE);
    return outcome.broken == RULE_NONE ? 0 : 1;
}

static void tell_survey(const struct progress *progress)
{
    for (int i = 1; i < RULE_COUNT; i++)
        if (progress->found[i].count > 0)
            printf("  %-15s %7" PRIu64 " times, first seed %-8" PRIu64 " after %5.1f s: %s\n",
                   rule_name((enum rule)i), progress->found[i].count, progress->found[i].seed,
                   progress->found[i].at_s, progress->found[i].text);
}

static int by_count(const void *a, const void *b)
{
    const struct kind *left = a;
    const struct kind *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

static void tell_kinds(struct progress *progress)
{
    qsort(progress->kinds, progress->kind_count, sizeof progress->kinds[0], by_count);
    for (size_t i = 0; i < progress->kind_count; i++)
        printf("  %5" PRIu64 " × seed %-7" PRIu64 " %s\n", progress->kinds[i].count, progress->kinds[i].seed,
               progress->kinds[i].name);
}

static int run_all(const struct options *options)
{
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double began_s = now_s();
    run_children(options, progress, began_s);
    double seconds = now_s() - began_s;
    uint64_t failed = 0;
    for (int i = 1; i < RULE_COUNT; i++)
        failed += progress->found[i].count;
    printf("%s%" PRIu64 " histories in %.1f s, %.0f/s, %.0f events and %.0f virtual seconds each\n",
           isatty(STDERR_FILENO) ? "\n" : "", progress->histories, seconds,
           (double)progress->histories / seconds,
           (double)progress->events / (double)(progress->histories ? progress->histories : 1),
           (double)progress->virtual_us / 1e6 / (double)(progress->histories ? progress->histories : 1));
    if (options->survey)
        tell_survey(progress);
    tell_kinds(progress);
    if (progress->failed && !options->survey) {
        enum rule broken = progress->outcome.broken;
        printf("seed %" PRIu64 " fails: %s: %s\n", progress->found[broken].seed, rule_help(broken),
               progress->outcome.text);
        if (broken != RULE_CRASHED)
            tell_shortened(options, progress->found[broken].seed, broken);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", progress->histories - failed, failed);
    return failed == 0 ? 0 : 1;
}

/* --- the command line ---------------------------------------------------------------------------------- */

static uint32_t features_of(const char *text)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        if (strstr(text, feature_name(i)) != NULL)
            set |= 1u << i;
    return set;
}

static uint32_t rules_of(const char *text)
{
    uint32_t set = 0;
    for (int i = 1; i < RULE_COUNT; i++)
        if (strstr(text, rule_name((enum rule)i)) != NULL)
            set |= 1u << i;
    return set;
}

/* A seed a line, and what it has found; `#` begins a line that is none. */
static void read_kept(struct options *options, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    while (options->kept_count < KEPT_MAX && fgets(line, sizeof line, file) != NULL)
        if (line[0] >= '0' && line[0] <= '9')
            options->kept[options->kept_count++] = strtoull(line, NULL, 10);
    fclose(file);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"seed", required_argument, NULL, 's'},    {"seconds", required_argument, NULL, 't'},
        {"first", required_argument, NULL, 'f'},   {"survey", no_argument, NULL, 'y'},
        {"until-found", no_argument, NULL, 'u'},   {"sort", no_argument, NULL, 'o'},
        {"without", required_argument, NULL, 'w'}, {"short", no_argument, NULL, 'h'},
        {"allow", required_argument, NULL, 'a'},   {"last", required_argument, NULL, 'l'},
        {"kept", required_argument, NULL, 'k'},    {NULL, 0, NULL, 0}};
    struct options options = {.first = 1, .last = UINT64_MAX, .seconds = 60};
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (option == 's' || option == 'f')
            options.first = strtoull(optarg, NULL, 10);
        options.one = options.one || option == 's';
        options.once = options.once || option == 'u';
        options.sorts = options.sorts || option == 'o';
        options.survey = options.survey || option == 'y' || option == 'o';
        options.shortens = options.shortens || option == 'h';
        if (option == 'k')
            read_kept(&options, optarg);
        if (option == 'l')
            options.last = strtoull(optarg, NULL, 10);
        if (option == 't')
            options.seconds = strtod(optarg, NULL);
        if (option == 'w')
            options.without = features_of(optarg);
        if (option == 'a')
            options.allowed = rules_of(optarg);
        if (option == '?')
            return 2;
    }
    return options.one ? tell_one(&options) : run_all(&options);
}
