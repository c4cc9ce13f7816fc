/* settings.h: what kstat was asked for. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SETTINGS_H
#define KSUPERVISE_TOOLS_KSTAT_SETTINGS_H

#include "common/names.h"
#include "common/options.h"
#include "tools/kstat/until.h"

#define SETTINGS_PATTERNS_MAX 64

/* The version of the JSON that is asked for, by the choices of --json. */
enum json_form { JSON_NONE, JSON_VERSION_1, JSON_VERSION_2, JSON_NEWEST };

struct settings {
    struct option_given given;
    const char *instance; /* NULL: choose.h chooses */
    int json;             /* enum json_form */
    bool list, postmortem, pid, events, why;
    int64_t generation; /* 0: the present one */
    bool values;        /* `name value` lines */
    struct option_list until;
    struct condition conditions[UNTIL_MAX]; /* the same, parsed */
    int64_t timeout_us;                     /* 0: none */
    const char *report;                     /* a page to write */
    const char *dump, *file, *at;           /* captures: to write, to show, which moment of it */
    bool diff;
    const char *before, *after; /* of --diff, from the operands; the latter NULL: now */
    /* from the operands: [WORKER] [PATTERN]… [SECONDS [COUNT]] */
    const char *worker; /* points into argv; NULL: all */
    const char *patterns[SETTINGS_PATTERNS_MAX];
    size_t pattern_count;
    int64_t interval_us; /* 0: once */
    int64_t count;       /* 0: until Ctrl-C */
};

extern const struct program kstat_program;

/* Parses argv and checks what goes with what. As options_parse. */
int settings_parse(struct settings *settings, int argc, char **argv, struct error *error);

/* The operands alone. Each word that is a number or a duration is an interval, or after one a count. */
int settings_operands(struct settings *settings, const struct operands *operands, struct error *error);

#endif
