#include "tests/sim/assignors.h"

#include <string.h>

#include "tests/sim/sim.h"

/* The members of a topic, in the order that range gives: by instance id, else by member id. */
struct subscribers {
    struct member *of[MEMBERS_MAX];
    int count;
};

static bool before(const struct member *a, const struct member *b)
{
    int order = strcmp(a->instance, b->instance);
    return order != 0 ? order < 0 : a->id < b->id;
}

static struct subscribers find(struct group *group, int topic)
{
    struct subscribers found = {.count = 0};
    for (int i = 0; i < MEMBERS_MAX; i++) {
        struct member *member = &group->members[i];
        if (!member->used || member->topic != topic)
            continue;
        int at = found.count++;
        for (; at > 0 && before(member, found.of[at - 1]); at--)
            found.of[at] = found.of[at - 1];
        found.of[at] = member;
    }
    return found;
}

static void range(const struct subscribers *members, int topic, int partitions)
{
    int each = partitions / members->count;
    int more = partitions % members->count;
    int next = 0;
    for (int i = 0; i < members->count; i++)
        for (int n = each + (i < more); n > 0; n--)
            members->of[i]->assigned.of[topic] |= 1u << next++;
}

static int size(const struct member *member, int topic)
{
    return __builtin_popcount(member->assigned.of[topic]);
}

/* What somebody has stays with them up to their share. A partition that has to move is nobody's in this
 * generation; it is given in the next, when its owner has let go. */
static void sticky(const struct subscribers *members, int topic, int partitions)
{
    int each = partitions / members->count;
    int more = partitions % members->count;
    uint32_t owned = 0;
    for (int i = 0; i < members->count; i++) {
        struct member *member = members->of[i];
        int share = each + (more > 0);
        for (int p = 0; p < partitions; p++)
            if ((member->owned.of[topic] >> p & 1) != 0 && (owned >> p & 1) == 0) {
                owned |= 1u << p;
                if (size(member, topic) < share)
                    member->assigned.of[topic] |= 1u << p;
            }
        more -= size(member, topic) > each;
    }
    for (int p = 0; p < partitions; p++) {
        if ((owned >> p & 1) != 0)
            continue;
        struct member *least = members->of[0];
        for (int i = 1; i < members->count; i++)
            if (size(members->of[i], topic) < size(least, topic))
                least = members->of[i];
        least->assigned.of[topic] |= 1u << p;
    }
}

void assignors_assign(struct group *group)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        group->members[i].assigned = (struct partition_set){0};
    for (int topic = 0; topic < GROUP_TOPICS; topic++) {
        const struct topic *at = &sim.cluster.topics[topic];
        struct subscribers members = find(group, topic);
        if (members.count == 0 || !at->exists)
            continue;
        if (members.of[0]->cooperative)
            sticky(&members, topic, at->partition_count);
        else
            range(&members, topic, at->partition_count);
    }
}
