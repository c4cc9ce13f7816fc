/* ini_file.h: an INI file as sections of lines, read with inih. What the sections and names mean is
 * config.h's business.
 *
 *   # a comment, or ; one
 *   [section]
 *   name = value        ; a comment after a blank and a semicolon
 *     more              an indented line goes on with the value above, behind a blank
 *
 * A section is there once (told apart without case), and a name once in its section. Errors begin with
 * FILE:LINE.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_INI_FILE_H
#define KSUPERVISE_SUPERVISOR_CONFIG_INI_FILE_H

#include "common/error.h"

#include <stddef.h>

#define INI_FILE_BYTES_MAX (4 * 1024 * 1024)

struct ini_entry {
    char *name;
    char *value;
    int line;
};

struct ini_section {
    char *name;
    int line;
    struct ini_entry *entries;
    size_t count;
};

struct ini_file {
    const char *path; /* the caller's */
    struct ini_section *sections;
    size_t count;
};

/* Reads the whole file. 0, or -1 with a usage error; `file` is to be released either way. `path` must outlive
 * it. */
int ini_file_load(struct ini_file *file, const char *path, struct error *error);
void ini_file_release(struct ini_file *file);

/* The entry of that name, or NULL. `section` may be NULL: then there is none. */
const struct ini_entry *ini_section_find(const struct ini_section *section, const char *name);

#endif
