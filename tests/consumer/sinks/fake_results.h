/* fake_results.h: results of libpq, made by a test: rows of bytes, and how many were not cleared. These
 * definitions come before the library's, so this file stands in the test's one source file, and no real
 * connection may run beside it. */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_RESULTS_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_RESULTS_H

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

enum { RESULT_ROWS = 8, RESULT_COLUMNS = 8 };

struct cell {
    const char *bytes; /* NULL: null */
    int length;        /* 0: they are a string */
};

struct pg_result {
    int rows;
    struct cell cells[RESULT_ROWS][RESULT_COLUMNS];
    ExecStatusType status;
    const char *message;
};

static int results_alive;

/* A copy, which who gets it clears. */
static inline PGresult *result_of(const PGresult *what)
{
    PGresult *result = malloc(sizeof *result);
    ck_assert_ptr_nonnull(result);
    *result = *what;
    results_alive++;
    return result;
}

static inline const struct cell *cell_at(const PGresult *result, int row, int column)
{
    ck_assert_int_lt(row, result->rows);
    ck_assert_int_lt(column, RESULT_COLUMNS);
    return &result->cells[row][column];
}

void PQclear(PGresult *result)
{
    results_alive -= result != NULL;
    free(result);
}

int PQntuples(const PGresult *result)
{
    return result->rows;
}

int PQgetisnull(const PGresult *result, int row, int column)
{
    return cell_at(result, row, column)->bytes == NULL;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
    const char *bytes = cell_at(result, row, column)->bytes;
    return (char *)(bytes != NULL ? bytes : "");
}

int PQgetlength(const PGresult *result, int row, int column)
{
    const struct cell *cell = cell_at(result, row, column);
    return cell->length != 0 || cell->bytes == NULL ? cell->length : (int)strlen(cell->bytes);
}

ExecStatusType PQresultStatus(const PGresult *result)
{
    return result->status;
}

char *PQresultErrorMessage(const PGresult *result)
{
    return (char *)result->message;
}

#endif
