/* columns.h: whether a table still has the types that its sink writes. One that was altered may hold rows of
 * garbage, and their offsets are right all the same: counting them finds nothing.
 *
 * What a field's column has to be is said here anew, for no code is shared with the consumer; a column that
 * no schema knows is its owner's business.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_COLUMNS_H
#define KSUPERVISE_TOOLS_KAUDIT_COLUMNS_H

#include <stddef.h>

enum columns_database { COLUMNS_SQLITE, COLUMNS_POSTGRES, COLUMNS_DATABASES };

#define ALTERED_MAX        16
#define ALTERED_NAME_BYTES 64

struct altered_column {
    char name[ALTERED_NAME_BYTES], found[ALTERED_NAME_BYTES];
    const char *wanted;
};

struct altered {
    struct altered_column columns[ALTERED_MAX];
    size_t count; /* may be more than ALTERED_MAX */
};

/* A column of the table, and its type as the database tells it; noted when that is another one. */
void columns_look(struct altered *altered, enum columns_database database, const char *name,
                  const char *found);

#endif
