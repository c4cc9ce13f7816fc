/* failing_sqlite.h: SQLite, one of whose calls fails when a test says so. Including it is all that a test has
 * to do; only its one source file may. */
#ifndef KSUPERVISE_TESTS_TOOLS_KAUDIT_FAILING_SQLITE_H
#define KSUPERVISE_TESTS_TOOLS_KAUDIT_FAILING_SQLITE_H

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

/* Of those that begin so: "CREATE", "INSERT", "COMMIT"; "" any, also the opening. NULL: none. */
static const char *sqlite_fails;

static inline bool sqlite_is_to_fail(const char *sql)
{
    return sqlite_fails != NULL && sql != NULL && strncmp(sql, sqlite_fails, strlen(sqlite_fails)) == 0;
}

int sqlite3_open(const char *name, sqlite3 **db)
{
    int (*real)(const char *, sqlite3 **);
    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_open");
    int result = real(name, db);
    return sqlite_is_to_fail("") ? SQLITE_CANTOPEN : result;
}

int sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *context,
                 char **wrong)
{
    int (*real)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_exec");
    return sqlite_is_to_fail(sql) ? SQLITE_FULL : real(db, sql, row, context, wrong);
}

int sqlite3_step(sqlite3_stmt *statement)
{
    int (*real)(sqlite3_stmt *);
    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
    return sqlite_is_to_fail(sqlite3_sql(statement)) ? SQLITE_FULL : real(statement);
}

#endif
