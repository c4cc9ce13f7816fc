/* options_complete.h: what could stand at the end of a command line, from the program's own table: for the
 * shells' completion (tools/completion). A program that is called with --complete and the words behind its
 * name, of which the last is the one to be completed (perhaps empty), prints a candidate a line, `WORD TAB
 * HELP`, or as the only line `:files` or `:folders`, and ends.
 *
 * What no table knows (verbs, names of workers, topics) a program's `complete` adds: options.h.
 */
#ifndef KSUPERVISE_COMMON_OPTIONS_COMPLETE_H
#define KSUPERVISE_COMMON_OPTIONS_COMPLETE_H

#include "common/options.h"

#include <stdio.h>

#define OPTIONS_COMPLETE_FLAG "--complete"

struct completion {
    const struct program *program;
    const struct option_def *option; /* whose value is completed; NULL: a word that is not a flag */
    char *const *words;              /* those before it that are no flags; point into argv */
    int count;
    const char *instance; /* what --instance says; NULL: nothing */
    const char *prefix;   /* what is there of it */
    const char *lead;     /* what stands before it in the same word and stays: "--commit=" */
    FILE *stream;
};

/* One candidate, if it begins as what is there; `help` may be NULL. */
void complete_add(const struct completion *completion, const char *word, const char *help);
/* The shell's own: names of files, or of folders alone. */
void complete_files(const struct completion *completion, bool folders);
/* True when the value of the option of that name is wanted. */
bool complete_wants(const struct completion *completion, const char *option);

/* `words` are those behind --complete. */
void options_complete(const struct program *program, int count, char **words, FILE *stream);

#endif
