/* state.h: what the screen shows now, shared by the files that draw it (pages.c), that change it by a key
 * (keys.c) and that look again (screen.c). Nobody else includes this. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_STATE_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_STATE_H

#include "common/capture/capture.h"
#include "tools/kstat/screen/history.h"
#include "tools/kstat/screen/rows.h"
#include "tools/kstat/settings.h"

enum page { PAGE_WORKERS, PAGE_WORKER, PAGE_EVENTS, PAGE_HELP };

#define FILTER_BYTES  64
#define MESSAGE_BYTES 256

struct state {
    const struct settings *settings;
    struct view_request request; /* of the present, or of the capture that is gone through */
    bool utf8, colours;
    struct history *history;
    struct rows rows;     /* what is shown: of the last look, or of the moment that was frozen */
    struct rows recorded; /* of the last look while it is frozen */
    /* a moment that stands */
    struct capture *file; /* --file: the whole capture; NULL: the present */
    size_t frame;
    struct capture *frozen; /* the moment of the freeze; NULL: it runs */
    int frozen_fd;
    /* where we are */
    enum page page;
    char chosen[48]; /* "": the first */
    bool alone; /* it was chosen here, and is one worker; else the command line's, which may be a client */
    size_t top; /* of the workers, or of the lines of a page */
    size_t matching; /* workers that the filter lets through */
    char filter[FILTER_BYTES];
    bool typing;                 /* a filter */
    char message[MESSAGE_BYTES]; /* at the bottom, until the next key */
    bool leave;
};

/* The source that what is shown comes from. */
struct view_request state_request(const struct state *state);

/* pages.c: draws all of it. */
void pages_draw(struct state *state);

/* events_page.c: the events of the instance, oldest first. */
void pages_put_events(const struct state *state, FILE *stream);

/* keys.c: what a key of curses does. */
void keys_press(struct state *state, int key);
/* The list for the help page: "space   stop here, while it goes on recording", a line each. */
void keys_help(FILE *stream);

/* screen.c, for keys.c */
void state_freeze(struct state *state);           /* or lets it run again */
void state_write(struct state *state);            /* a capture of what is shown, beside us */
void state_seek(struct state *state, int64_t by); /* in a capture */
void state_seek_event(struct state *state, int by);

#endif
