/* verbs.h: what ktopic can be told to do. A verb is a file with its own options and a row in main.c's table.
 */
#ifndef KSUPERVISE_TOOLS_KTOPIC_VERBS_H
#define KSUPERVISE_TOOLS_KTOPIC_VERBS_H

#include "common/options.h"

/* What a verb does once its options are parsed. `settings` is the struct that its table fills. */
typedef int verb_action(void *settings, const struct operands *operands, struct error *error);

/* Parses into `settings`, which are zeroed, acts, prints the failure, and returns the exit code. */
int verb_run(const struct program *program, void *settings, verb_action *act, int argc, char **argv);

/* argv[0] is the verb. */
int verb_provision(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_describe(int argc, char **argv);
int verb_read(int argc, char **argv);
int verb_peek(int argc, char **argv);
int verb_retention(int argc, char **argv);
int verb_groups(int argc, char **argv);
int verb_group(int argc, char **argv);
int verb_dlq(int argc, char **argv);
int verb_schema(int argc, char **argv);

#endif
