/* lexer.h: the words of an expression, and the error that points at one. Inside common/expression only. */
#ifndef KSUPERVISE_COMMON_EXPRESSION_LEXER_H
#define KSUPERVISE_COMMON_EXPRESSION_LEXER_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,   /* without backquotes: `a b`; a path has dots: to.city */
    TOKEN_NUMBER, /* a plain decimal: checked */
    TOKEN_TEXT,   /* with its quotes */
    TOKEN_BOOLEAN,
    TOKEN_COMPARE,
    TOKEN_CONTAINS,
    TOKEN_IN,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA
};

struct token {
    enum token_kind kind;
    const char *start; /* in the source */
    size_t length;
    uint8_t accept; /* TOKEN_COMPARE: enum order bits */
};

/* == or !=, and the comparisons of an `in`. */
bool is_equality(const struct token *comparison);

/* Reads the token at `*at`, blanks before it skipped, and moves behind it. -1 for what is no token. */
int lexer_next(const char *source, const char **at, struct token *token, struct error *error);

/* Sets a usage error: `column N: …`, the source around `position`, and a caret under it. Returns -1. */
int lexer_error(const char *source, const char *position, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
