/* source.h: where the records come from: a generator, JSON lines, or the flags of one. */
#ifndef KSUPERVISE_PRODUCER_SOURCE_H
#define KSUPERVISE_PRODUCER_SOURCE_H

#include "common/record/generate.h"
#include "common/record/text.h"
#include "producer/input.h"
#include "producer/settings.h"

struct source {
    const struct settings *settings;
    int64_t left; /* records until --count; negative: no end */
    struct generator generator;
    struct input input;
    struct record_storage storage;
    struct record record; /* the one made last; valid until the next call */
    uint64_t refused;     /* lines of JSON that were no record */
};

enum source_answer {
    SOURCE_RECORD,
    SOURCE_WAIT, /* source_fd becomes readable, if there is one */
    SOURCE_END,
    SOURCE_FAILED /* with the error */
};

/* Without --seed the stream is a new one each time. The one record of flags is made here, so that a mistake
 * is reported before connecting. */
int source_open(struct source *source, const struct settings *settings, struct error *error);
void source_close(struct source *source);

/* A line of JSON that is refused is reported on stderr, by number and reason, and skipped. */
enum source_answer source_next(struct source *source, struct error *error);

/* The last line's record could not be sent: reported like a refused line. */
void source_give_back(struct source *source);

/* --count records have been made: known without asking for another. */
bool source_is_used_up(const struct source *source);

/* What to wait for after SOURCE_WAIT; -1: nothing. */
int source_fd(const struct source *source);

#endif
