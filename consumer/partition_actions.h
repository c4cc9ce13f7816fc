/* partition_actions.h: the actions on the edges of the state table (partition_states.h). An action changes only
 * its row; fetching.h tells librdkafka afterwards. */
#ifndef KSUPERVISE_CONSUMER_PARTITION_ACTIONS_H
#define KSUPERVISE_CONSUMER_PARTITION_ACTIONS_H

#include "consumer/partition_states.h"

/*  X(id, what it does)  */
#define PARTITION_ACTIONS(X)                                                                                 \
    X(keep, "nothing")                                                                                       \
    X(begin, "a new assignment: everything known from the previous one is dropped")                          \
    X(end, "the assignment is over")                                                                         \
    X(place, "continues at that offset; the last record is checked first")                                   \
    X(wait, "waits until a time")                                                                            \
    X(undo, "work in flight may not be done; waits")                                                         \
    X(disown, "the database's offset no longer counts; waits")                                               \
    X(look_back, "reads again from the last record, if one is known")                                        \
    X(return, "reads again from the last record; without one, the group's offset is checked first")          \
    X(mark_distrusted, "the next gap is checked twice")                                                      \
    X(distrust, "reads again from the last record; the next gap is checked twice")                           \
    X(mark_doubted, "nothing is committed until the topic is known to be the same")                          \
    X(doubt, "the same, and reads again from the last record, or checks the group's offset")                 \
    X(doubt_and_wait, "nothing is committed; --on-offset-loss decides")                                      \
    X(seen, "continues")                                                                                     \
    X(forget, "continues without a last record")

#define X(id, help) partition_action action_##id;
PARTITION_ACTIONS(X)
#undef X

const char *partition_action_name(partition_action *action);

#endif
