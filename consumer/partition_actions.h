/* partition_actions.h: what is done on an edge of a partition's life (partition_states.h). Each changes its
 * row, and nothing else; what it says to librdkafka is fetching.h's to do, afterwards. */
#ifndef KSUPERVISE_CONSUMER_PARTITION_ACTIONS_H
#define KSUPERVISE_CONSUMER_PARTITION_ACTIONS_H

#include "consumer/partition_states.h"

/*  X(id, what it does)  */
#define PARTITION_ACTIONS(X)                                                                                 \
    X(keep, "nothing")                                                                                       \
    X(begin, "a new assignment: all that was known of the former one is dropped")                            \
    X(end, "the assignment is over")                                                                         \
    X(place, "goes on at the place; then the last record is looked at")                                      \
    X(wait, "waits until a time")                                                                            \
    X(undo, "what is in flight is not known to be done; waits")                                              \
    X(disown, "the database's word of it counts no more; waits")                                             \
    X(look_back, "reads again from the last record, if one is known")                                        \
    X(return, "reads again from the last record; without one the group is asked first")                      \
    X(mark_distrusted, "the next gap is looked at twice")                                                    \
    X(distrust, "reads again from the last record; the next gap is looked at twice")                         \
    X(mark_doubted, "nothing is committed before the topic is known to be the same")                         \
    X(doubt, "the same, and reads again from the last record, or asks the group")                            \
    X(doubt_and_wait, "nothing is committed; --on-offset-loss decides")                                      \
    X(seen, "goes on")                                                                                       \
    X(forget, "goes on without a last record")

#define X(id, help) partition_action action_##id;
PARTITION_ACTIONS(X)
#undef X

const char *partition_action_name(partition_action *action);

#endif
