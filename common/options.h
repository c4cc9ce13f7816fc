/* options.h: an option is declared once, in a table of the program; the flags, --help, environment variables,
 * the configuration that a supervisor hands to its workers and the configuration file all come from that
 * table.
 *
 * The table fills a struct of the program's own: each entry names the member by offset. A member's C type
 * follows from the option's type:
 *
 *   OPTION_FLAG      bool                  --verbose, --verbose=no
 *   OPTION_STRING    const char *          NULL when not given
 *   OPTION_INTEGER   int64_t               within minimum … maximum
 *   OPTION_DURATION  int64_t microseconds  500us, 20ms, 2s, 1m, 3h; 0 is the only bare number
 *   OPTION_SIZE      int64_t bytes         4096, 64KiB, 5MiB, 1GiB
 *   OPTION_CHOICE    int                   index into `choices` (a list that ends with NULL)
 *   OPTION_LIST      struct option_list    may be repeated: -X a=1 -X b=2
 *   OPTION_NAMES     struct option_list    bravo,zulu: comma-separated, blanks around them are fine; each
 *                                          checked by names.h, no two alike without regard to case
 *
 * Order of precedence: flag, then configuration (`options_set`), then environment, then the default text of
 * the table. Strings are copied; options_release frees them. One thread at a time.
 */
#ifndef KSUPERVISE_COMMON_OPTIONS_H
#define KSUPERVISE_COMMON_OPTIONS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_HEADING, /* no option: a line of text that groups those below it in --help */
    OPTION_FLAG,
    OPTION_STRING,
    OPTION_INTEGER,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_CHOICE,
    OPTION_LIST,
    OPTION_NAMES
};

struct option_list {
    char **items;
    size_t count;
};

/* Works, but --help does not show it: what supervisor and worker say to each other. */
#define OPTION_HIDDEN 1U
/* The first bit that is the program's own: where else an option may be given, which worker gets it. */
#define OPTION_OWN 2U

struct option_def {
    enum option_type type;
    const char *name;     /* without the dashes: "batch-size" */
    char letter;          /* 0 for none */
    const char *argument; /* what --help calls its value: "N" */
    const char
        *fallback; /* default, as text; NULL for none. Parsed like any other value, and shown by --help */
    const char *environment;  /* variable that gives the value when no flag does, or NULL */
    size_t offset;            /* offsetof the member */
    int64_t minimum, maximum; /* OPTION_INTEGER, OPTION_DURATION, OPTION_SIZE; both 0: 0 … INT64_MAX */
    const char *const *choices;
    const char *help;
    unsigned traits; /* OPTION_HIDDEN, and bits of the program's own */
};

/* A row as a call, for those that a macro puts into several tables: all columns but `environment`. */
#define OPTION_ROW(type, name, letter, argument, fallback, offset, minimum, maximum, choices, help, traits)  \
    {                                                                                                        \
        type, name, letter, argument, fallback, NULL, offset, minimum, maximum, choices, help, traits        \
    }

struct completion; /* options_complete.h */

struct program {
    const char *name;     /* "kconsume" */
    const char *synopsis; /* "[OPTION]… [TOPIC]" */
    const char *about;    /* one or two sentences under the usage line */
    const char *epilogue; /* below the options in --help: examples, exit codes. May be NULL */
    const struct option_def *options;
    size_t option_count;
    int operands_min, operands_max; /* words that are no flags; max -1: any number */
    /* Adds candidates for words, and for values that the table does not know; NULL: none. */
    void (*complete)(const struct completion *completion);
};

/* What options_parse found besides the table's options. */
struct operands {
    char **items; /* point into argv */
    int count;
};

/* Fills `target` from defaults, environment and argv. --help, --version and --complete print and exit(0).
 * Returns -1 with exit code EXIT_CODE_USAGE and a text that names the flag, with a suggestion where one is
 * near. `target` must be zeroed. */
int options_parse(const struct program *program, void *target, int argc, char **argv,
                  struct operands *operands, struct error *error);

/* Only defaults and environment: for a worker that gets its configuration from a descriptor. */
int options_defaults(const struct program *program, void *target, struct error *error);

/* Only argv, on top of what `target` has: for what lies between the environment and the flags. */
int options_flags(const struct program *program, void *target, int argc, char **argv,
                  struct operands *operands, struct error *error);

/* Back to environment or default, as if the user had not said it. */
int options_forget(const struct program *program, void *target, const char *name, struct error *error);

/* Sets one option by name, as a flag would. `source` is shown in the error: "--rate", "ksupervise.ini:12". */
int options_set(const struct program *program, void *target, const char *name, const char *value,
                const char *source, struct error *error);

/* The table's entry of that name, or NULL. */
const struct option_def *options_find(const struct program *program, const char *name);

/* True when a flag or options_set gave it (not a default, not the environment). Lives in a bit array that
 * options_parse keeps at `given`, so the target's first member must be `struct option_given`. */
#define OPTIONS_MAX 96
struct option_given {
    uint8_t by_user[OPTIONS_MAX];
};
bool options_given(const struct program *program, const void *target, const char *name);

/* The help text, as --help prints it. */
void options_help(const struct program *program, FILE *stream);

void options_release(const struct program *program, void *target);

/* Writes the member's value as text that options_set takes back; lists are the caller's to walk. Returns
 * false when it has no value (a string that was not given), or does not fit. */
/* True when both have the same value, however long it is. Lists are not looked at. */
bool option_same(const struct option_def *def, const void *one, const void *other);
bool option_render(const struct option_def *def, const void *target, char *text, size_t bytes);

/* True for an option that needs no value: a flag, and a choice that has `yes` among its choices, which is
 * what it means alone. */
bool option_alone(const struct option_def *def);

/* The parsers themselves, for verbs and expressions. 0 or -1 with an error that shows the value and what was
 * expected. */
int option_parse_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *value,
                         struct error *error);
int option_parse_duration(const char *text, int64_t *microseconds, struct error *error);
int option_parse_size(const char *text, int64_t *bytes, struct error *error);

/* Prints `kconsume: TEXT` (and a hint to --help after a usage error) on stderr; returns the exit code for
 * main. */
int program_fail(const char *program, const struct error *error);

#endif
