/* Recursive descent, which leaves a list of tests with targets (program.h) instead of a tree. While a target
 * is not known yet, it holds the link to the next one that waits for the same: a list through the targets
 * themselves, as in any one-pass compiler (Aho, Sethi, Ullman: backpatching). */
#include "common/expression/lexer.h"
#include "common/expression/operand.h"
#include "common/expression/program.h"

struct parser {
    const struct schema *schema;
    const char *source;
    const char *at;     /* behind the token */
    struct token token; /* the one to be looked at */
    struct expression *expression;
    struct error *error;
    int depth;
};

/* Where a part of the expression ends: the lists of the targets that wait, by outcome. A link is the number
 * of its test, doubled, and 1 more for on_true. */
struct ends {
    uint16_t if_true, if_false;
};
#define NO_LINK UINT16_MAX
#define NO_ENDS                                                                                              \
    {                                                                                                        \
        NO_LINK, NO_LINK                                                                                     \
    }

/* --- targets ------------------------------------------------------------------------------------------- */

static uint16_t *target(struct parser *p, uint16_t link)
{
    struct test *test = &p->expression->tests[link / 2];
    return link % 2 != 0 ? &test->on_true : &test->on_false;
}

static void resolve(struct parser *p, uint16_t list, uint16_t where)
{
    while (list != NO_LINK) {
        uint16_t *link = target(p, list);
        list = *link;
        *link = where;
    }
}

static uint16_t join(struct parser *p, uint16_t first, uint16_t second)
{
    if (first == NO_LINK)
        return second;
    uint16_t last = first;
    while (*target(p, last) != NO_LINK)
        last = *target(p, last);
    *target(p, last) = second;
    return first;
}

static void exchange(struct ends *ends)
{
    *ends = (struct ends){.if_true = ends->if_false, .if_false = ends->if_true};
}

/* Both sides of an `and`, the right one being compiled behind the left. */
static void both(struct parser *p, struct ends *left, const struct ends *right)
{
    left->if_true = right->if_true;
    left->if_false = join(p, left->if_false, right->if_false);
}

static void either(struct parser *p, struct ends *left, const struct ends *right)
{
    left->if_false = right->if_false;
    left->if_true = join(p, left->if_true, right->if_true);
}

/* --- tokens -------------------------------------------------------------------------------------------- */

static int advance(struct parser *p)
{
    return lexer_next(p->source, &p->at, &p->token, p->error);
}

#define REFUSE(p, token, ...) lexer_error((p)->source, (token)->start, (p)->error, __VA_ARGS__)

static int expected(struct parser *p, const char *what)
{
    if (p->token.kind == TOKEN_END)
        return REFUSE(p, &p->token, "it ends where %s should follow", what);
    return REFUSE(p, &p->token, "expected %s", what);
}

static bool is_literal(const struct token *token)
{
    return token->kind == TOKEN_NUMBER || token->kind == TOKEN_TEXT || token->kind == TOKEN_BOOLEAN;
}

/* --- one comparison ------------------------------------------------------------------------------------ */

static int emit(struct parser *p, const struct operand *operand, const struct token *comparison,
                const struct token *literal, struct ends *ends)
{
    struct expression *expression = p->expression;
    if (expression->count == EXPRESSION_TESTS_MAX)
        return REFUSE(p, literal, "more than %d comparisons", EXPRESSION_TESTS_MAX);
    struct test *test = &expression->tests[expression->count];
    if (operand_literal(operand, p->source, literal, expression, test, p->error) == -1)
        return -1;
    test->accept = comparison->accept;
    if (comparison->kind == TOKEN_CONTAINS)
        test->kind = TEST_CONTAINS;
    else if (test->kind == TEST_TEXT && is_equality(comparison))
        test->kind = TEST_EQUALITY;
    test->on_true = test->on_false = NO_LINK;
    expression->uses_coordinates |= operand->source != SOURCE_FIELD;
    ends->if_false = (uint16_t)(2 * expression->count++);
    ends->if_true = ends->if_false + 1;
    return 0;
}

/* `in (a, b)` is `= a or = b`; `not in (a, b)` is `!= a and != b`, and so false of what is absent. */
static int parse_list(struct parser *p, const struct operand *operand, bool negated, struct ends *ends)
{
    struct token comparison = p->token;
    comparison.accept = negated ? ORDER_LESS | ORDER_GREATER : ORDER_EQUAL;
    if (advance(p) == -1)
        return -1;
    if (p->token.kind != TOKEN_OPEN)
        return expected(p, "a list in parentheses");
    bool first = true;
    do {
        struct ends next = NO_ENDS;
        if (advance(p) == -1)
            return -1;
        if (!is_literal(&p->token))
            return expected(p, "a number or a text in quotes");
        if (!first)
            resolve(p, negated ? ends->if_true : ends->if_false, p->expression->count);
        if (emit(p, operand, &comparison, &p->token, &next) == -1 || advance(p) == -1)
            return -1;
        if (first)
            *ends = next;
        else
            (negated ? both : either)(p, ends, &next);
        first = false;
    } while (p->token.kind == TOKEN_COMMA);
    if (p->token.kind != TOKEN_CLOSE)
        return expected(p, "a comma or a closing parenthesis");
    return advance(p);
}

static int refuse_name(struct parser *p, const struct operand *operand)
{
    struct operand other;
    struct error ignored;
    int length = p->token.length > 40 ? 40 : (int)p->token.length;
    if (operand_find(p->schema, p->source, &p->token, &other, &ignored) == 0)
        return REFUSE(p, &p->token, "%.*s is a field too: %.*s is compared with a number or a text in quotes",
                      length, p->token.start, (int)operand->name_length, operand->name);
    return REFUSE(p, &p->token, "texts stand in quotes: '%.*s'", length, p->token.start);
}

/* amount > 1000 */
static int parse_comparison(struct parser *p, struct ends *ends)
{
    struct operand operand;
    if (operand_find(p->schema, p->source, &p->token, &operand, p->error) == -1 || advance(p) == -1)
        return -1;
    bool negated = p->token.kind == TOKEN_NOT;
    if (negated && advance(p) == -1)
        return -1;
    if (p->token.kind == TOKEN_IN)
        return parse_list(p, &operand, negated, ends);
    if (negated)
        return expected(p, "in");
    struct token comparison = p->token;
    if (comparison.kind != TOKEN_COMPARE && comparison.kind != TOKEN_CONTAINS)
        return expected(p, "a comparison: == != < <= > >= in, or ~ for texts");
    if (operand_check(&operand, p->source, &comparison, p->error) == -1 || advance(p) == -1)
        return -1;
    if (p->token.kind == TOKEN_NAME)
        return refuse_name(p, &operand);
    if (!is_literal(&p->token))
        return expected(p, "a number or a text in quotes");
    return emit(p, &operand, &comparison, &p->token, ends) == -1 ? -1 : advance(p);
}

static uint8_t mirrored(uint8_t accept)
{
    return (uint8_t)((accept & ORDER_EQUAL) | ((accept & ORDER_LESS) != 0 ? ORDER_GREATER : 0) |
                     ((accept & ORDER_GREATER) != 0 ? ORDER_LESS : 0));
}

/* 1000 < amount */
static int parse_mirrored(struct parser *p, struct ends *ends)
{
    struct token literal = p->token;
    struct operand operand;
    if (advance(p) == -1)
        return -1;
    struct token comparison = p->token;
    if (comparison.kind != TOKEN_COMPARE)
        return expected(p, "a comparison: == != < <= > >=");
    comparison.accept = mirrored(comparison.accept);
    if (advance(p) == -1)
        return -1;
    if (p->token.kind != TOKEN_NAME)
        return expected(p, "the name of a field");
    if (operand_find(p->schema, p->source, &p->token, &operand, p->error) == -1 ||
        operand_check(&operand, p->source, &comparison, p->error) == -1 ||
        emit(p, &operand, &comparison, &literal, ends) == -1)
        return -1;
    return advance(p);
}

/* --- joined -------------------------------------------------------------------------------------------- */

static int parse_or(struct parser *p, struct ends *ends);

static int parse_parentheses(struct parser *p, struct ends *ends)
{
    struct token open = p->token;
    if (advance(p) == -1 || parse_or(p, ends) == -1)
        return -1;
    if (p->token.kind == TOKEN_END)
        return REFUSE(p, &open, "the parenthesis that opens here is not closed");
    if (p->token.kind != TOKEN_CLOSE)
        return expected(p, "and, or, or a closing parenthesis");
    return advance(p);
}

static int parse_term(struct parser *p, struct ends *ends);

static int parse_not(struct parser *p, struct ends *ends)
{
    if (advance(p) == -1 || parse_term(p, ends) == -1)
        return -1;
    exchange(ends);
    return 0;
}

static int parse_term(struct parser *p, struct ends *ends)
{
    if (p->depth == EXPRESSION_DEPTH_MAX)
        return REFUSE(p, &p->token, "more than %d parentheses and nots within each other",
                      EXPRESSION_DEPTH_MAX);
    int result;
    p->depth++;
    if (p->token.kind == TOKEN_NOT)
        result = parse_not(p, ends);
    else if (p->token.kind == TOKEN_OPEN)
        result = parse_parentheses(p, ends);
    else if (p->token.kind == TOKEN_NAME)
        result = parse_comparison(p, ends);
    else if (is_literal(&p->token))
        result = parse_mirrored(p, ends);
    else
        result = expected(p, "a comparison such as amount > 1000");
    p->depth--;
    return result;
}

static int parse_and(struct parser *p, struct ends *ends)
{
    struct ends right = NO_ENDS;
    if (parse_term(p, ends) == -1)
        return -1;
    while (p->token.kind == TOKEN_AND) {
        resolve(p, ends->if_true, p->expression->count);
        if (advance(p) == -1 || parse_term(p, &right) == -1)
            return -1;
        both(p, ends, &right);
    }
    return 0;
}

static int parse_or(struct parser *p, struct ends *ends)
{
    struct ends right = NO_ENDS;
    if (parse_and(p, ends) == -1)
        return -1;
    while (p->token.kind == TOKEN_OR) {
        resolve(p, ends->if_false, p->expression->count);
        if (advance(p) == -1 || parse_and(p, &right) == -1)
            return -1;
        either(p, ends, &right);
    }
    return 0;
}

static int parse(struct parser *p)
{
    struct ends ends = NO_ENDS;
    if (advance(p) == -1 || parse_or(p, &ends) == -1)
        return -1;
    if (p->token.kind == TOKEN_CLOSE)
        return REFUSE(p, &p->token, "nothing was opened that this closes");
    if (p->token.kind != TOKEN_END)
        return expected(p, "and, or, or the end");
    resolve(p, ends.if_true, TARGET_ACCEPT);
    resolve(p, ends.if_false, TARGET_REJECT);
    return 0;
}

struct expression *expression_parse(const struct schema *schema, const char *text, struct error *error)
{
    if (strlen(text) >= EXPRESSION_BYTES_MAX) {
        lexer_error(text, text, error, "longer than %d bytes", EXPRESSION_BYTES_MAX - 1);
        return NULL;
    }
    struct expression *expression = calloc(1, sizeof *expression);
    if (expression == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    expression->exponent_field = schema_type_index(schema, FIELD_EXPONENT);
    struct parser parser = {
        .schema = schema, .source = text, .at = text, .expression = expression, .error = error};
    if (parse(&parser) == -1) {
        expression_free(expression);
        return NULL;
    }
    return expression;
}

void expression_free(struct expression *expression)
{
    free(expression);
}
