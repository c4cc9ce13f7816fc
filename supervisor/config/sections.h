/* sections.h: the sections of a configuration file: which there are, whose they are, and which option may
 * stand in which. An error begins with FILE:LINE. */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_SECTIONS_H
#define KSUPERVISE_SUPERVISOR_CONFIG_SECTIONS_H

#include "common/error.h"
#include "supervisor/config/ini_file.h"

#define SECTION_ALL      "ksupervise"
#define SECTION_PRODUCER "producer"

/* Every section is a known one, and a client has at most one. 0, or -1 with the error. */
int sections_check(const struct ini_file *file, struct error *error);

/* The option of that entry may stand in a section of the kind (IN_INSTANCE, …: settings.h). 0, or -1 with the
 * error. */
int section_admits(const struct ini_file *file, const struct ini_section *section,
                   const struct ini_entry *entry, unsigned kind, struct error *error);

/* By its name; by its client. NULL: no such section. */
const struct ini_section *section_find(const struct ini_file *file, const char *name);
const struct ini_section *section_of_client(const struct ini_file *file, const char *client);
/* The client that it belongs to; NULL: it is not a client's. */
const char *section_client(const struct ini_section *section);

/* An error about that line; returns -1. */
int section_error(const struct ini_file *file, int line, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "; did you mean 'X'?", or nothing. */
const char *section_hint(const char *name, const char *const *candidates, size_t count, char text[96]);

#endif
