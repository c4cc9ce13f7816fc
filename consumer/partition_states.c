#include "consumer/partition_states.h"

#include "consumer/partition_actions.h"

/* What happens to every partition that is ours, whatever it is doing. */
#define OURS                                                                                                 \
    [EVENT_GIVEN] = {action_begin, STATE_PLACING}, [EVENT_TAKEN] = {action_end, STATE_UNASSIGNED},           \
    [EVENT_UNSURE] = {action_undo, STATE_PLACING}, [EVENT_OVERRULED] = {action_disown, STATE_DISPOSSESSED}

/* To go on reading is to look at the last record first (verifying). Where none is known, `absent` follows at
 * once; or `unsure`, where the topic may be another one: then the group is asked. A cell that is empty cannot
 * happen; `keep` is something that changes nothing here. */
static const struct partition_edge table[STATE_COUNT][EVENT_COUNT] = {
    [STATE_UNASSIGNED] =
        {[EVENT_GIVEN] = {action_begin, STATE_PLACING}, [EVENT_TAKEN] = {action_keep, STATE_UNASSIGNED}},
    [STATE_PLACING] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING},
         [EVENT_UNPLACED] = {action_wait, STATE_PLACING},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_keep, STATE_PLACING}, [EVENT_DISTURBED] = {action_keep, STATE_PLACING},
         [EVENT_AGAIN] = {action_keep, STATE_PLACING}, [EVENT_FAILED] = {action_keep, STATE_PLACING},
         [EVENT_GONE] = {action_keep, STATE_PLACING}, [EVENT_DUE] = {action_keep, STATE_PLACING}},
    [STATE_VERIFYING] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING}, [EVENT_SEEN] = {action_seen, STATE_READING},
         [EVENT_ABSENT] = {action_forget, STATE_READING},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_doubt, STATE_VERIFYING},
         [EVENT_DISTURBED] = {action_distrust, STATE_VERIFYING},
         [EVENT_AGAIN] = {action_look_back, STATE_VERIFYING}, [EVENT_FAILED] = {action_wait, STATE_RETRYING},
         [EVENT_FULL] = {action_keep, STATE_FULL}, [EVENT_ROOM] = {action_keep, STATE_VERIFYING},
         [EVENT_GONE] = {action_wait, STATE_LOSING}},
    [STATE_READING] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_doubt, STATE_VERIFYING},
         [EVENT_DISTURBED] = {action_distrust, STATE_VERIFYING},
         [EVENT_AGAIN] = {action_look_back, STATE_VERIFYING}, [EVENT_FAILED] = {action_wait, STATE_RETRYING},
         [EVENT_FULL] = {action_keep, STATE_FULL}, [EVENT_ROOM] = {action_keep, STATE_READING},
         [EVENT_GONE] = {action_wait, STATE_LOSING}},
    [STATE_RETRYING] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING}, [EVENT_SEEN] = {action_seen, STATE_RETRYING},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_mark_doubted, STATE_RETRYING},
         [EVENT_DISTURBED] = {action_mark_distrusted, STATE_RETRYING},
         [EVENT_AGAIN] = {action_keep, STATE_RETRYING}, [EVENT_FAILED] = {action_wait, STATE_RETRYING},
         [EVENT_FULL] = {action_keep, STATE_RETRYING}, [EVENT_ROOM] = {action_keep, STATE_RETRYING},
         [EVENT_GONE] = {action_keep, STATE_RETRYING}, [EVENT_DUE] = {action_return, STATE_VERIFYING}},
    [STATE_FULL] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING}, [EVENT_SEEN] = {action_seen, STATE_FULL},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_mark_doubted, STATE_FULL},
         [EVENT_DISTURBED] = {action_mark_distrusted, STATE_FULL}, [EVENT_AGAIN] = {action_keep, STATE_FULL},
         [EVENT_FAILED] = {action_wait, STATE_RETRYING}, [EVENT_FULL] = {action_keep, STATE_FULL},
         [EVENT_ROOM] = {action_look_back, STATE_VERIFYING}, [EVENT_GONE] = {action_keep, STATE_FULL}},
    [STATE_LOSING] =
        {OURS, [EVENT_PLACED] = {action_place, STATE_VERIFYING},
         [EVENT_OTHER] = {action_doubt_and_wait, STATE_LOSING},
         [EVENT_DOUBTED] = {action_mark_doubted, STATE_LOSING},
         [EVENT_DISTURBED] = {action_mark_distrusted, STATE_LOSING},
         [EVENT_AGAIN] = {action_keep, STATE_LOSING}, [EVENT_FAILED] = {action_keep, STATE_LOSING},
         [EVENT_FULL] = {action_keep, STATE_LOSING}, [EVENT_ROOM] = {action_keep, STATE_LOSING},
         [EVENT_GONE] = {action_wait, STATE_LOSING}, [EVENT_NOT_LOST] = {action_look_back, STATE_VERIFYING},
         [EVENT_DUE] = {action_keep, STATE_LOSING}},
    [STATE_DISPOSSESSED] =
        {OURS, [EVENT_DOUBTED] = {action_keep, STATE_DISPOSSESSED},
         [EVENT_DISTURBED] = {action_keep, STATE_DISPOSSESSED},
         [EVENT_AGAIN] = {action_keep, STATE_DISPOSSESSED},
         [EVENT_FAILED] = {action_keep, STATE_DISPOSSESSED}, [EVENT_GONE] = {action_keep, STATE_DISPOSSESSED},
         [EVENT_DUE] = {action_wait, STATE_PLACING}},
};

const struct partition_edge *partition_edge(enum partition_state state, enum partition_event event)
{
    return &table[state][event];
}

const struct partition_state_def partition_state_defs[STATE_COUNT] = {
#define X(id, name, fetched, committed, waits, meaning) {name, fetched, committed, waits, meaning},
    PARTITION_STATES(X)
#undef X
};

static const struct {
    const char *name, *meaning;
} events[EVENT_COUNT] = {
#define X(id, name, meaning) {name, meaning},
    PARTITION_EVENTS(X)
#undef X
};

const char *partition_event_name(enum partition_event event)
{
    return events[event].name;
}

/* --- for people ---------------------------------------------------------------------------------------- */

static bool changes_nothing(enum partition_state state, const struct partition_edge *edge)
{
    return edge->act == action_keep && edge->next == state;
}

static void print_state(FILE *out, enum partition_state state)
{
    const struct partition_state_def *def = &partition_state_defs[state];
    fprintf(out, "\n%s: %s\n", def->name, def->meaning);
    fprintf(out, "  %s, %s%s\n", def->fetched ? "fetched" : "not fetched",
            def->committed ? "committed" : "not committed", def->waits ? ", waits for a time" : "");
    for (int event = 0; event < EVENT_COUNT; event++) {
        const struct partition_edge *edge = &table[state][event];
        if (edge->act != NULL && !changes_nothing(state, edge))
            fprintf(out, "  %-10s → %-12s  %s\n", events[event].name, partition_state_defs[edge->next].name,
                    partition_action_name(edge->act));
    }
    fputs("  no change:", out);
    for (int event = 0; event < EVENT_COUNT; event++)
        if (table[state][event].act != NULL && changes_nothing(state, &table[state][event]))
            fprintf(out, " %s;", events[event].name);
    fputs("\n", out);
}

void partition_states_print(FILE *out)
{
    fputs("The life of a partition in a consumer: event → next state, and the action.\n\nEvents:\n", out);
    for (int event = 0; event < EVENT_COUNT; event++)
        fprintf(out, "  %-10s  %s\n", events[event].name, events[event].meaning);
    for (int state = 0; state < STATE_COUNT; state++)
        print_state(out, (enum partition_state)state);
}
