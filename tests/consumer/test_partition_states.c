/* The life of a partition, edge by edge, by the very actions: what state follows (with what follows from
 * that), and what the row is afterwards. */
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

#include "consumer/partition.h"
#include "consumer/partition_actions.h"

/* --- what is expected ---------------------------------------------------------------------------------- */

/* The actions again, each by what it does to a row, and the edges again: written down apart from the table,
 * so that a change of either must be meant. */
enum action {
    IMPOSSIBLE,
    KEEP,
    BEGIN,
    END,
    PLACE,
    WAIT,
    UNDO,
    DISOWN,
    LOOK_BACK,
    RETURN,
    MARK_DISTRUSTED,
    DISTRUST,
    MARK_DOUBTED,
    DOUBT,
    DOUBT_AND_WAIT,
    SEEN,
    FORGET
};

/* `next` where a last record is known; where none is, verifying becomes reading at once, but for the edges
 * that only stay in verifying. */
struct expected {
    enum action action;
    enum partition_state next;
};

#define TO(action, next)                                                                                     \
    {                                                                                                        \
        action, STATE_##next                                                                                 \
    }
#define OURS                                                                                                 \
    [EVENT_GIVEN] = TO(BEGIN, PLACING), [EVENT_TAKEN] = TO(END, UNASSIGNED),                                 \
    [EVENT_UNSURE] = TO(UNDO, PLACING), [EVENT_OVERRULED] = TO(DISOWN, DISPOSSESSED)

static const struct expected expected[STATE_COUNT][EVENT_COUNT] = {
    [STATE_UNASSIGNED] = {[EVENT_GIVEN] = TO(BEGIN, PLACING), [EVENT_TAKEN] = TO(KEEP, UNASSIGNED)},
    [STATE_PLACING] = {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_UNPLACED] = TO(WAIT, PLACING),
                       [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING), [EVENT_DOUBTED] = TO(KEEP, PLACING),
                       [EVENT_DISTURBED] = TO(KEEP, PLACING), [EVENT_AGAIN] = TO(KEEP, PLACING),
                       [EVENT_FAILED] = TO(KEEP, PLACING), [EVENT_GONE] = TO(KEEP, PLACING),
                       [EVENT_DUE] = TO(KEEP, PLACING)},
    [STATE_VERIFYING] =
        {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_SEEN] = TO(SEEN, READING),
         [EVENT_ABSENT] = TO(FORGET, READING), [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING),
         [EVENT_DOUBTED] = TO(DOUBT, VERIFYING), [EVENT_DISTURBED] = TO(DISTRUST, VERIFYING),
         [EVENT_AGAIN] = TO(LOOK_BACK, VERIFYING), [EVENT_FAILED] = TO(WAIT, RETRYING),
         [EVENT_FULL] = TO(KEEP, FULL), [EVENT_ROOM] = TO(KEEP, VERIFYING), [EVENT_GONE] = TO(WAIT, LOSING)},
    [STATE_READING] =
        {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING),
         [EVENT_DOUBTED] = TO(DOUBT, VERIFYING), [EVENT_DISTURBED] = TO(DISTRUST, VERIFYING),
         [EVENT_AGAIN] = TO(LOOK_BACK, VERIFYING), [EVENT_FAILED] = TO(WAIT, RETRYING),
         [EVENT_FULL] = TO(KEEP, FULL), [EVENT_ROOM] = TO(KEEP, READING), [EVENT_GONE] = TO(WAIT, LOSING)},
    [STATE_RETRYING] =
        {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_SEEN] = TO(SEEN, RETRYING),
         [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING), [EVENT_DOUBTED] = TO(MARK_DOUBTED, RETRYING),
         [EVENT_DISTURBED] = TO(MARK_DISTRUSTED, RETRYING), [EVENT_AGAIN] = TO(KEEP, RETRYING),
         [EVENT_FAILED] = TO(WAIT, RETRYING), [EVENT_FULL] = TO(KEEP, RETRYING),
         [EVENT_ROOM] = TO(KEEP, RETRYING), [EVENT_GONE] = TO(KEEP, RETRYING),
         [EVENT_DUE] = TO(RETURN, VERIFYING)},
    [STATE_FULL] = {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_DOUBTED] = TO(MARK_DOUBTED, FULL),
                    [EVENT_SEEN] = TO(SEEN, FULL), [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING),
                    [EVENT_DISTURBED] = TO(MARK_DISTRUSTED, FULL), [EVENT_AGAIN] = TO(KEEP, FULL),
                    [EVENT_FAILED] = TO(WAIT, RETRYING), [EVENT_FULL] = TO(KEEP, FULL),
                    [EVENT_ROOM] = TO(LOOK_BACK, VERIFYING), [EVENT_GONE] = TO(KEEP, FULL)},
    [STATE_LOSING] =
        {OURS, [EVENT_PLACED] = TO(PLACE, VERIFYING), [EVENT_DOUBTED] = TO(MARK_DOUBTED, LOSING),
         [EVENT_OTHER] = TO(DOUBT_AND_WAIT, LOSING), [EVENT_DISTURBED] = TO(MARK_DISTRUSTED, LOSING),
         [EVENT_AGAIN] = TO(KEEP, LOSING), [EVENT_FAILED] = TO(KEEP, LOSING), [EVENT_FULL] = TO(KEEP, LOSING),
         [EVENT_ROOM] = TO(KEEP, LOSING), [EVENT_GONE] = TO(WAIT, LOSING),
         [EVENT_NOT_LOST] = TO(LOOK_BACK, VERIFYING), [EVENT_DUE] = TO(KEEP, LOSING)},
    [STATE_DISPOSSESSED] =
        {OURS, [EVENT_DOUBTED] = TO(KEEP, DISPOSSESSED), [EVENT_DISTURBED] = TO(KEEP, DISPOSSESSED),
         [EVENT_AGAIN] = TO(KEEP, DISPOSSESSED), [EVENT_FAILED] = TO(KEEP, DISPOSSESSED),
         [EVENT_GONE] = TO(KEEP, DISPOSSESSED), [EVENT_DUE] = TO(WAIT, PLACING)},
};

/* --- a row in which every member tells ----------------------------------------------------------------- */

static const struct witness last_record = {29, 1000, 77};
static const struct witness other_record = {29, 2000, 88};
static const struct place new_place = {.offset = 50, .committed = 45, .witness = {49, 3000, 99}};
static const struct place place_alone = {.offset = 50, .committed = 45, .witness = WITNESS_NONE};

enum { UNTIL_US = 123456789 };

static struct partitions table;
static bool knows_last;

static struct partition marked(enum partition_state state)
{
    struct partition row = {
        .known = true,
        .state = state,
        .slot = -1,
        .assignments = 3,
        .position = 30,
        .begun = 27,
        .former = {5, 6, 7, {6, 6}, {5, 7, 8}, false},
        .received = 32,
        .until_us = 777,
        .owned = true,
        .asked = 4,
        .fetch = {.paused = true, .seek = !knows_last},
        .commit = {.committed = 20, .requested = 25, .asked = {24, 26}, .barrier = 28, .again = true},
        .flight = {.first = 30,
                   .end = 32,
                   .oldest_us = 11,
                   .stop = 31,
                   .until_us = 12,
                   .failed = true,
                   .last = {31, 5, 6}},
        .retry = {30, 2, 3, 13},
        .last = {.read = last_record,
                 .found = other_record,
                 .gone_to = 28,
                 .doubted = true,
                 .former = true,
                 .known_us = 55},
        .gap = {30, true},
    };
    if (!knows_last)
        row.last = partition_unused.last;
    return row;
}

/* The table has this row alone. */
static struct partition *put(enum partition_state state)
{
    partitions_release(&table);
    partitions_init(&table, "payments", NULL);
    ck_assert_int_eq(partition_on_assigned(&table, 0), 0);
    table.rows[0] = marked(state);
    table.unsettled = false;
    table.assigned_count = state != STATE_UNASSIGNED;
    table.waiting_count = partition_state_defs[state].waits;
    return &table.rows[0];
}

static void forget(struct partition *row)
{
    int64_t known_us = row->last.known_us;
    row->last = partition_unused.last;
    row->last.known_us = known_us;
}

static void look_back(struct partition *row)
{
    row->until_us = 0;
    row->fetch.seek = true;
    if (row->last.read.offset == STATS_UNKNOWN && !row->last.doubted)
        forget(row);
}

static void begin(struct partition *row)
{
    *row = (struct partition){
        .known = true,
        .state = row->state,
        .slot = -1,
        .assignments = 4,
        .position = STATS_UNKNOWN,
        .begun = 27,
        .former = row->former,
        .received = STATS_UNKNOWN,
        .fetch = row->fetch,
        .commit = {STATS_UNKNOWN, STATS_UNKNOWN, {STATS_UNKNOWN, STATS_UNKNOWN}, STATS_UNKNOWN, false},
        .flight = partition_unused.flight,
        .retry = {.offset = STATS_UNKNOWN},
        .last = partition_unused.last,
        .gap = {STATS_UNKNOWN, false}};
}

static void end(struct partition *row)
{
    row->former = row->last.doubted ? partition_unused.former /* of which topic it was is not known */
                                    : (struct former){27,  28, row->position, {24, 26}, row->last.read,
                                                      true}; /* begun, barrier */
    row->until_us = 0;
    row->owned = false;
    row->commit.requested = row->commit.barrier = STATS_UNKNOWN;
    row->flight = partition_unused.flight;
    row->fetch.seek = false; /* librdkafka remembers a pause */
}

static void place(struct partition *row, const struct place *where)
{
    *row = (struct partition){.known = true,
                              .state = row->state,
                              .slot = -1,
                              .assignments = 3,
                              .position = 50,
                              .begun = 50,
                              .former = partition_unused.former,
                              .received = 32, /* of this assignment still */
                              .owned = true,
                              .asked = 4, /* until a batch stands */
                              .fetch = {.paused = true, .seek = true},
                              .commit = {45, 25, {24, 26}, row->commit.barrier, true},
                              .flight = partition_unused.flight,
                              .retry = row->retry, /* not moved: the same record */
                              .last = {.read = where->witness,
                                       .found = WITNESS_NONE,
                                       .gone_to = STATS_UNKNOWN,
                                       .known_us = clock_monotonic_us()},
                              .gap = {STATS_UNKNOWN, false}};
}

static void doubt(struct partition *row)
{
    row->last.doubted = true;
    row->last.known_us = UNTIL_US;
}

static void undo(struct partition *row)
{
    row->flight = partition_unused.flight;
    row->until_us = UNTIL_US;
}

/* Without a last record the group is asked whether the topic is the same. */
static bool asks(enum action action)
{
    return !knows_last && (action == DOUBT || action == RETURN);
}

/* What the action makes of the row. */
static void expect(enum action action, struct partition *row)
{
    if (action == BEGIN)
        begin(row);
    if (action == END)
        end(row);
    if (action == PLACE)
        place(row, knows_last ? &new_place : &place_alone);
    if (action == WAIT || action == DOUBT_AND_WAIT)
        row->until_us = UNTIL_US;
    if (action == UNDO || action == DISOWN)
        undo(row);
    if (action == DISOWN)
        row->owned = false;
    if (action == DISTRUST || action == MARK_DISTRUSTED)
        row->gap = (struct gap){STATS_UNKNOWN, false};
    if (action == MARK_DOUBTED || action == DOUBT)
        doubt(row);
    if (action == RETURN && !knows_last)
        row->last.doubted = true;
    if (action == DOUBT_AND_WAIT)
        row->last.doubted = true;
    if (action == LOOK_BACK || action == DISTRUST || action == DOUBT || action == RETURN)
        look_back(row);
    if (asks(action))
        undo(row);
    if (action == SEEN)
        row->last.doubted = row->last.former = false;
    if (action == FORGET)
        forget(row);
}

static bool same_asked(const struct asked *a, const struct asked *b)
{
    return a->first == b->first && a->last == b->last;
}

static bool same_fields(const struct partition *a, const struct partition *b)
{
    return a->known == b->known && a->state == b->state && a->slot == b->slot &&
           a->assignments == b->assignments && a->position == b->position && a->begun == b->begun &&
           a->former.from == b->former.from && a->former.to == b->former.to &&
           a->former.reached == b->former.reached && same_asked(&a->former.asked, &b->former.asked) &&
           witness_equal(&a->former.last, &b->former.last) && a->received == b->received &&
           a->until_us == b->until_us && a->owned == b->owned && a->asked == b->asked &&
           a->fetch.paused == b->fetch.paused && a->fetch.seek == b->fetch.seek && a->acks == b->acks;
}

static bool same_parts(const struct partition *a, const struct partition *b)
{
    return a->commit.committed == b->commit.committed && a->commit.requested == b->commit.requested &&
           same_asked(&a->commit.asked, &b->commit.asked) && a->commit.barrier == b->commit.barrier &&
           a->commit.again == b->commit.again && a->flight.first == b->flight.first &&
           a->flight.end == b->flight.end && a->flight.oldest_us == b->flight.oldest_us &&
           a->flight.stop == b->flight.stop && a->flight.until_us == b->flight.until_us &&
           a->flight.failed == b->flight.failed && witness_equal(&a->flight.last, &b->flight.last) &&
           a->retry.offset == b->retry.offset && a->retry.attempts == b->retry.attempts &&
           a->retry.batch_attempts == b->retry.batch_attempts &&
           a->retry.first_failure_us == b->retry.first_failure_us &&
           witness_equal(&a->last.read, &b->last.read) && witness_equal(&a->last.found, &b->last.found) &&
           a->last.gone_to == b->last.gone_to && a->last.doubted == b->last.doubted &&
           a->last.former == b->last.former && a->last.known_us == b->last.known_us &&
           a->last.gone == b->last.gone && a->last.deleted == b->last.deleted && a->gap.at == b->gap.at &&
           a->gap.believed == b->gap.believed;
}

/* --- cases --------------------------------------------------------------------------------------------- */

static void happen(enum partition_event event)
{
    if (event == EVENT_GIVEN)
        ck_assert_int_eq(partition_on_assigned(&table, 0), 0);
    else if (event == EVENT_TAKEN)
        partition_on_revoked(&table, 0);
    else if (event == EVENT_PLACED)
        partition_placed(&table, 0, knows_last ? &new_place : &place_alone);
    else
        partition_wait(&table, 0, event, UNTIL_US);
}

/* Without a last record an edge that looks for it goes on to reading, or to ask the group. */
static enum partition_state end_of(const struct expected *edge)
{
    bool looks = edge->action == PLACE || edge->action == LOOK_BACK || edge->action == DISTRUST;
    if (asks(edge->action))
        return STATE_PLACING;
    return looks && !knows_last ? STATE_READING : edge->next;
}

static void check_edge(enum partition_state state, enum partition_event event)
{
    const struct expected *edge = &expected[state][event];
    const struct partition *row = put(state);
    struct partition wanted = *row;
    wanted.state = end_of(edge);
    expect(edge->action, &wanted);
    happen(event);
    ck_assert_msg(row->state == wanted.state, "%s, %s: %s instead of %s", partition_state_defs[state].name,
                  partition_event_name(event), partition_state_defs[row->state].name,
                  partition_state_defs[wanted.state].name);
    ck_assert_msg(same_fields(row, &wanted) && same_parts(row, &wanted), "%s, %s: another row is left",
                  partition_state_defs[state].name, partition_event_name(event));
    ck_assert_uint_eq(table.assigned_count, row->state != STATE_UNASSIGNED);
    ck_assert_uint_eq(table.waiting_count, partition_state_defs[row->state].waits);
    ck_assert(table.unsettled);
}

static void check_all(void)
{
    for (int state = STATE_PLACING; state < STATE_COUNT; state++)
        for (int event = 0; event < EVENT_COUNT; event++)
            if (expected[state][event].action != IMPOSSIBLE)
                check_edge((enum partition_state)state, (enum partition_event)event);
    check_edge(STATE_UNASSIGNED, EVENT_GIVEN);
    partitions_release(&table);
}

START_TEST(every_event_in_every_state_does_what_is_written_here)
{
    knows_last = true;
    check_all();
}
END_TEST

START_TEST(where_no_last_record_is_known_looking_for_it_is_over_at_once)
{
    knows_last = false;
    check_all();
}
END_TEST

START_TEST(what_cannot_happen_is_told_and_changes_nothing)
{
    knows_last = true;
    for (int state = STATE_PLACING; state < STATE_COUNT; state++)
        for (int event = 0; event < EVENT_COUNT; event++) {
            if (expected[state][event].action != IMPOSSIBLE)
                continue;
            const struct partition *row = put((enum partition_state)state);
            const struct partition before = *row;
            char line[160];
            snprintf(line, sizeof line,
                     "warning: payments [0]: '%s' cannot happen while %s: a bug, please tell us\n",
                     partition_event_name((enum partition_event)event), partition_state_defs[state].name);
            capture_begin();
            partition_wait(&table, 0, (enum partition_event)event, UNTIL_US);
            ck_assert_str_eq(capture_end(), line);
            ck_assert(same_fields(row, &before) && same_parts(row, &before));
            ck_assert(!table.unsettled);
        }
    partitions_release(&table);
}
END_TEST

START_TEST(a_partition_that_is_not_ours_hears_of_nothing_but_of_its_assignment)
{
    knows_last = true;
    for (int event = 0; event < EVENT_COUNT; event++) {
        if (event == EVENT_GIVEN)
            continue;
        const struct partition *row = put(STATE_UNASSIGNED);
        const struct partition before = *row;
        capture_begin();
        happen((enum partition_event)event);
        ck_assert_str_eq(capture_end(), "");
        ck_assert(same_fields(row, &before) && same_parts(row, &before));
    }
    partitions_release(&table);
}
END_TEST

/* The words that --explain-partitions has for an action. */
static const char *const words[] = {
    [KEEP] = "nothing",
    [BEGIN] = "a new assignment: everything known from the previous one is dropped",
    [END] = "the assignment is over",
    [PLACE] = "continues at that offset; the last record is checked first",
    [WAIT] = "waits until a time",
    [UNDO] = "work in flight may not be done; waits",
    [DISOWN] = "the database's offset no longer counts; waits",
    [LOOK_BACK] = "reads again from the last record, if one is known",
    [RETURN] = "reads again from the last record; without one, the group's offset is checked first",
    [MARK_DISTRUSTED] = "the next gap is checked twice",
    [DISTRUST] = "reads again from the last record; the next gap is checked twice",
    [MARK_DOUBTED] = "nothing is committed until the topic is known to be the same",
    [DOUBT] = "the same, and reads again from the last record, or checks the group's offset",
    [DOUBT_AND_WAIT] = "nothing is committed; --on-offset-loss decides",
    [SEEN] = "continues",
    [FORGET] = "continues without a last record",
};

static void print(FILE *out)
{
    for (int state = 0; state < STATE_COUNT; state++) {
        const struct partition_state_def *def = &partition_state_defs[state];
        fprintf(out, "\n%s: %s\n  %s, %s%s\n", def->name, def->meaning,
                def->fetched ? "fetched" : "not fetched", def->committed ? "committed" : "not committed",
                def->waits ? ", waits for a time" : "");
        for (int event = 0; event < EVENT_COUNT; event++) {
            const struct expected *edge = &expected[state][event];
            if (edge->action != IMPOSSIBLE && (edge->action != KEEP || (int)edge->next != state))
                fprintf(out, "  %-10s → %-12s  %s\n", partition_event_name((enum partition_event)event),
                        partition_state_defs[edge->next].name, words[edge->action]);
        }
        fputs("  no change:", out);
        for (int event = 0; event < EVENT_COUNT; event++)
            if (expected[state][event].action == KEEP && (int)expected[state][event].next == state)
                fprintf(out, " %s;", partition_event_name((enum partition_event)event));
        fputs("\n", out);
    }
}

START_TEST(explain_partitions_prints_every_edge)
{
    static const char *const meanings[] = {
#define X(id, name, meaning) meaning,
        PARTITION_EVENTS(X)
#undef X
    };
    char *wanted;
    char *said;
    size_t length;
    FILE *out = open_memstream(&wanted, &length);
    fputs("The life of a partition in a consumer: event → next state, and the action.\n\nEvents:\n", out);
    for (int event = 0; event < EVENT_COUNT; event++)
        fprintf(out, "  %-10s  %s\n", partition_event_name((enum partition_event)event), meanings[event]);
    print(out);
    fclose(out);
    out = open_memstream(&said, &length);
    partition_states_print(out);
    fclose(out);
    ck_assert_str_eq(said, wanted);
    free(said);
    free(wanted);
}
END_TEST

START_TEST(what_is_read_is_what_the_states_say_is_fetched)
{
    for (int state = 0; state < STATE_COUNT; state++)
        ck_assert_int_eq(state_fetched((enum partition_state)state), partition_state_defs[state].fetched);
    ck_assert_str_eq(partition_action_name(NULL), "");
}
END_TEST

CHECK_MAIN("consumer/partition_states", every_event_in_every_state_does_what_is_written_here,
           where_no_last_record_is_known_looking_for_it_is_over_at_once,
           what_cannot_happen_is_told_and_changes_nothing,
           a_partition_that_is_not_ours_hears_of_nothing_but_of_its_assignment,
           explain_partitions_prints_every_edge, what_is_read_is_what_the_states_say_is_fetched)
