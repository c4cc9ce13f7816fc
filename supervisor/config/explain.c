#include "supervisor/config/explain.h"

#include "common/exit_codes.h"
#include "supervisor/restart.h"
#include "supervisor/states.h"

/* --- states -------------------------------------------------------------------------------------------- */

static const char *action_help(action *act)
{
    static const struct {
        action *act;
        const char *help;
    } helps[] = {
#define X(name, help) {action_##name, help},
        WORKER_ACTIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++)
        if (helps[i].act == act)
            return helps[i].help;
    return "?";
}

static void explain_state(enum worker_state state, FILE *stream)
{
    action *act;
    enum worker_state next;
    bool titled = false;
    for (int event = 0; event < EVENT_COUNT; event++) {
        if (!states_edge(state, (enum worker_event)event, &act, &next))
            continue;
        if (!titled)
            fprintf(stream, "\n%s\n", worker_state_name(state));
        titled = true;
        fprintf(stream, "  %-13s %s %-12s %s\n", worker_event_name((enum worker_event)event),
                next == state ? " " : "→", next == state ? "" : worker_state_name(next), action_help(act));
    }
}

void explain_states(FILE *stream)
{
    static const struct {
        const char *name, *help;
    } events[] = {
#define X(id, name, help) {name, help},
        WORKER_EVENTS(X)
#undef X
    };
    fprintf(stream, "Events:\n");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        fprintf(stream, "  %-13s %s\n", events[i].name, events[i].help);
    fprintf(stream, "\nStates; for each event, what is done and which state follows. An event that is not "
                    "listed cannot happen: it is reported, and nothing changes.\n");
    for (int state = 0; state <= WORKER_DONE; state++)
        explain_state((enum worker_state)state, stream);
}

/* --- exit codes ---------------------------------------------------------------------------------------- */

static const char *const policies[] = {
    [EXIT_POLICY_DONE] = "restarted only where --restart is always",
    [EXIT_POLICY_RESTART] = "restarted, and counted as a death",
    [EXIT_POLICY_RETRY] = "restarted after a growing delay, without a limit; not counted as a death",
    [EXIT_POLICY_HOLD] = "held at once: a restart would fail in the same way",
    [EXIT_POLICY_WAIT] = "restarted at once, then after the session timeout; not counted as a death",
};

void explain_exits(FILE *stream)
{
    const struct exit_code_def *def;
    for (size_t i = 0; (def = exit_code_at(i)) != NULL; i++)
        fprintf(stream, "%6d  %s\n        %s\n", def->code, def->meaning, policies[def->policy]);
    fprintf(stream, "others  %s\n        %s\n", exit_code_find(-1)->meaning,
            policies[exit_code_find(-1)->policy]);
    fprintf(stream, "signal  killed by a signal\n        %s\n", policies[EXIT_POLICY_RESTART]);
}

/* --- what would run ------------------------------------------------------------------------------------ */

static void explain_properties(const struct option_list *properties, FILE *stream)
{
    for (size_t i = 0; i < properties->count; i++)
        fprintf(stream, "  -X %.*s=…", (int)strcspn(properties->items[i], "="), properties->items[i]);
}

static void explain_given(const struct settings *settings, bool producer, FILE *stream)
{
    char value[4096];
    for (size_t i = 0; i < supervisor_program.option_count; i++) {
        const struct option_def *def = &supervisor_program.options[i];
        if (def->type == OPTION_HEADING || (def->traits & SHOWN) || !config_concerns(def, producer) ||
            !options_given(&supervisor_program, settings, def->name))
            continue;
        fprintf(stream, "  %s=%s", def->name,
                settings_render(def, settings, value, sizeof value) ? value : "");
    }
    explain_properties(&settings->properties, stream);
    fputc('\n', stream);
}

static void explain_worker(const char *name, const char *program, const char *group,
                           const struct settings *settings, FILE *stream)
{
    const struct option_def *restart = options_find(&supervisor_program, "restart");
    fprintf(stream, "%-16s %s  topic %s%s%s  restart %s", name, program, settings->topic,
            group == NULL ? "" : "  group ", group == NULL ? "" : group, restart->choices[settings->restart]);
    explain_given(settings, group == NULL, stream);
}

void explain_config(const struct config *config, FILE *stream)
{
    const struct settings *all = config_settings(config);
    bool embedded = settings_embedded(all);
    fprintf(stream, "instance %s, %s%s%s%s\n", all->instance,
            embedded ? "embedded broker" : all->brokers.bootstrap, embedded ? "" : " (from ",
            embedded ? "" : all->brokers.source, embedded ? "" : ")");
    for (size_t i = 0; i < all->clients.count; i++) {
        const struct settings *settings = config_client(config, i);
        char group[STATS_GROUP_BYTES];
        settings_group(settings, all->clients.items[i], group, sizeof group);
        explain_worker(all->clients.items[i], "kconsume", group, settings, stream);
    }
    if (!all->no_producer)
        explain_worker(PRODUCER_WORKER, "kproduce", NULL, config_producer(config), stream);
}
