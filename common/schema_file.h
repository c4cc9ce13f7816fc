/* schema_file.h: a schema from a file, or from a workload's name: what --schema and --workload say.
 *
 * Thread safety: any thread.
 */
#ifndef KSUPERVISE_COMMON_SCHEMA_FILE_H
#define KSUPERVISE_COMMON_SCHEMA_FILE_H

#include "common/record/schema_parse.h"

/* Reads the file. NULL with an error of configuration that names the file, the line and the column. The
 * caller frees it (schema_free). */
struct schema *schema_file_read(const char *path, struct error *error);

/* What a program was told. */
struct schema_spec {
    const char *workload; /* a built-in one, or "raw" */
    bool workload_given;
    const char *file; /* NULL: none */
    const char *text; /* the file's contents, when they were read already; NULL: it is read */
};

/* The schema that is meant; *own is set to what the caller frees, or NULL. NULL with the error, which does
 * not name the flag --workload. */
const struct schema *schema_open(const struct schema_spec *spec, struct schema **own, struct error *error);

#endif
