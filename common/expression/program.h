/* program.h: what an expression is compiled to. Inside common/expression only.
 *
 * No tree and no stack: a list of tests, each with the number of the test that follows when it holds and when
 * it does not. `not` exchanges the two; `and` and `or` lead one of them to the right side. Every target is
 * further on in the list, so that an evaluation ends after at most as many steps as there are tests.
 *
 *   not (a > 5 or b = 'x') and c = 1
 *
 *     0  a > 5     true → reject   false → 1
 *     1  b = 'x'   true → reject   false → 2
 *     2  c = 1     true → accept   false → reject
 */
#ifndef KSUPERVISE_COMMON_EXPRESSION_PROGRAM_H
#define KSUPERVISE_COMMON_EXPRESSION_PROGRAM_H

#include "common/expression/expression.h"

/* Where a test takes its value from. */
enum source { SOURCE_FIELD, SOURCE_PARTITION, SOURCE_OFFSET, SOURCE_TIMESTAMP, SOURCE_KEY };

enum test_kind {
    TEST_NUMBER,
    TEST_MONEY,
    TEST_DOUBLE,
    TEST_UUID,     /* 16 bytes */
    TEST_EQUALITY, /* of texts and bytes: accepts ORDER_EQUAL, or everything else */
    TEST_TEXT,     /* their order */
    TEST_CONTAINS
};

/* The outcomes of a comparison that a test accepts, as bits. */
enum order { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_GREATER = 4 };

/* A decimal literal at one exponent: the integer part of literal × 10^exponent, towards zero, and how that
 * very integer compares with the literal: 0 when nothing was cut off. One beyond int64 is the last integer
 * before it, which is less (or greater) than the literal. So every comparison is one of two int64, and right.
 */
struct threshold {
    int64_t whole;
    int8_t tie; /* -1, 0, 1 */
};

#define EXPONENTS                                                                                            \
    5 /* 0 … 4: what FIELD_EXPONENT can say; numbers that are no money, and amounts with digits of their   \
         own, use the first */

struct test {
    uint8_t kind;   /* enum test_kind */
    uint8_t source; /* enum source */
    uint8_t field;  /* of SOURCE_FIELD: its index */
    uint8_t accept; /* enum order bits */
    uint16_t on_true, on_false;
    union {
        struct threshold thresholds[EXPONENTS]; /* TEST_NUMBER, TEST_MONEY */
        double number;                          /* TEST_DOUBLE */
        struct mp_view text;                    /* the others: in the expression's texts */
    };
};

/* Targets that end the evaluation. */
#define TARGET_ACCEPT UINT16_MAX
#define TARGET_REJECT (UINT16_MAX - 1)

struct expression {
    struct test tests[EXPRESSION_TESTS_MAX];
    uint16_t count;
    int exponent_field; /* index, or -1 */
    bool uses_coordinates;
    size_t texts_used;
    char texts[EXPRESSION_BYTES_MAX]; /* literals, unquoted: never longer than the source */
};

#endif
