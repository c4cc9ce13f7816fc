/* programs.h: where the workers' programs are: beside ours, under the name by which we were started.
 *
 * Not where that name leads to now: `current/bin/ksupervise`, with `current` a link to a version's folder, is
 * what an upgrade in place moves. A worker that is started after it is of the new version, without a restart
 * of the supervisor.
 */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_PROGRAMS_H
#define KSUPERVISE_SUPERVISOR_PROCESS_PROGRAMS_H

#include "common/error.h"

/* The absolute path of the folder. `started_as` is the path that execve was given (getauxval(AT_EXECFN)),
 * relative to the working folder; where it is a link to ours, as in /usr/local/bin, the links are followed
 * one after the other until `program` stands beside. Without such a folder (NULL, fexecve, an interpreter):
 * the one of /proc/self/exe. -1 with the error. */
int folder_find(char *folder, size_t bytes, const char *started_as, const char *program, struct error *error);

#endif
