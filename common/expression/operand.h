/* operand.h: what a name in an expression means, and which literals it can be compared with. Inside
 * common/expression only. */
#ifndef KSUPERVISE_COMMON_EXPRESSION_OPERAND_H
#define KSUPERVISE_COMMON_EXPRESSION_OPERAND_H

#include "common/expression/lexer.h"
#include "common/expression/program.h"

enum operand_type {
    OPERAND_NUMBER,
    OPERAND_MONEY,
    OPERAND_TEXT,
    OPERAND_LIST,
    OPERAND_CURRENCY,
    OPERAND_UUID,
    OPERAND_TIME,
    OPERAND_BOOLEAN,
    OPERAND_DOUBLE,
    OPERAND_ANY
};

struct operand {
    const char *name; /* as the user wrote it: not terminated */
    size_t name_length;
    enum operand_type type;
    enum source source;
    const struct field *field; /* NULL but for SOURCE_FIELD */
    uint8_t index;
};

/* What the name in `token` means. -1 when nothing, with a suggestion. */
int operand_find(const struct schema *schema, const char *source, const struct token *token,
                 struct operand *operand, struct error *error);

/* Whether that comparison (TOKEN_COMPARE, TOKEN_CONTAINS, TOKEN_IN) is defined for it. */
int operand_check(const struct operand *operand, const char *source, const struct token *comparison,
                  struct error *error);

/* Fills kind, source, field and literal of the test from TOKEN_NUMBER or TOKEN_TEXT. Texts go to
 * expression->texts. */
int operand_literal(const struct operand *operand, const char *source, const struct token *literal,
                    struct expression *expression, struct test *test, struct error *error);

#endif
