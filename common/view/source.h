/* source.h: where a view comes from: shared memory as it is now, or a moment that a capture kept. One thread.
 */
#ifndef KSUPERVISE_COMMON_VIEW_SOURCE_H
#define KSUPERVISE_COMMON_VIEW_SOURCE_H

#include "common/stats/directory.h"
#include "common/stats/reader.h"

struct segment_name {
    char worker[WORKER_NAME_BYTES];
    uint64_t generation;
};

/* The segments of an instance, by worker, then generation. */
struct segment_list {
    struct segment_name *items;
    size_t count, capacity;
};
/* 0, or -1 without memory. */
int segment_list_add(struct segment_list *list, const char *worker, uint64_t generation);
void segment_list_release(struct segment_list *list);

/* What is known of a supervisor beside its directory. */
struct source_supervisor {
    struct directory *directory; /* NULL: there is none; else the caller's */
    bool alive, stopped, elsewhere;
};

struct source {
    const struct source_class *class;
};

struct source_class {
    int64_t (*now_us)(const struct source *source);
    /* 0, also when there is no directory; -1 when there is one that cannot be read. */
    int (*supervisor)(const struct source *source, const char *instance, struct source_supervisor *supervisor,
                      struct error *error);
    int (*segments)(const struct source *source, const char *instance, struct segment_list *list,
                    struct error *error);
    /* A snapshot, the caller's, and whether its worker lives. -1: EXIT_CODE_NOT_RUNNING when it is gone. */
    int (*segment)(const struct source *source, const char *instance, const struct segment_name *name,
                   struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *error);
};

/* The shared memory of this machine, now. */
extern struct source source_live;

#endif
