/* settings.h: what kstat was asked for. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SETTINGS_H
#define KSUPERVISE_TOOLS_KSTAT_SETTINGS_H

#include "common/names.h"
#include "common/options.h"

struct settings {
    struct option_given given;
    const char *instance; /* NULL: choose.h chooses */
    bool json, list, postmortem, pid;
    int64_t generation; /* 0: the present one */
    /* from the operands: [NAME] [SECONDS [COUNT]] */
    const char *worker;  /* points into argv; NULL: all */
    int64_t interval_us; /* 0: once */
    int64_t count;       /* 0: until Ctrl-C */
};

extern const struct program kstat_program;

/* Parses argv and checks what goes with what. As options_parse. */
int settings_parse(struct settings *settings, int argc, char **argv, struct error *error);

/* The operands alone. Each word that is a number or a duration is an interval, or after one a count. */
int settings_operands(struct settings *settings, const struct operands *operands, struct error *error);

#endif
