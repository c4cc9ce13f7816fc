/* verbs.h: what ktopic can be told to do. A verb is a file with its own options and a row in main.c's table.
 */
#ifndef KSUPERVISE_TOOLS_KTOPIC_VERBS_H
#define KSUPERVISE_TOOLS_KTOPIC_VERBS_H

/* argv[0] is the verb. Each parses its options, does its work, prints its failure, and returns the exit code.
 */
int verb_provision(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_describe(int argc, char **argv);
int verb_read(int argc, char **argv);
int verb_retention(int argc, char **argv);
int verb_groups(int argc, char **argv);
int verb_group(int argc, char **argv);
int verb_dlq(int argc, char **argv);

#endif
