#include "common/expression/lexer.h"

#include <stdarg.h>

#include "common/exit_codes.h"
#include "common/expression/program.h"
#include "common/secret.h"

/* --- the error ----------------------------------------------------------------------------------------- */

enum { MESSAGE_BYTES = 288, SHOWN_BEFORE = 48, SHOWN_AFTER = 24 };

/* A mask may be longer than what it hides: a name with an empty value and its sign. */
enum { MASKED_BYTES = 2 * EXPRESSION_BYTES_MAX };

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static int column_of(const char *source, const char *position)
{
    int column = 1;
    for (const char *at = source; at < position; at++)
        column += begins_character(at[1]);
    return column;
}

/* As many characters of the source around `position` as a terminal's line can show, and blanks up to the
 * position.
 */
static void show_position(const char *source, const char *position, char *shown, size_t bytes)
{
    const char *start = position - source > SHOWN_BEFORE ? position - SHOWN_BEFORE : source;
    while (start < position && !begins_character(*start))
        start++;
    size_t length = strnlen(start, (size_t)(position - start) + SHOWN_AFTER);
    while (length > 0 && !begins_character(start[length]))
        length--;
    int used = snprintf(shown, bytes, "\n  %.*s\n  ", (int)length, start);
    for (int i = 3; i < 3 + (int)length; i++)
        if ((unsigned char)shown[i] < ' ' || shown[i] == 0x7f)
            shown[i] = '?';
    snprintf(shown + used, bytes - (size_t)used, "%*s^", column_of(start, position) - 1, "");
}

/* The same of the source with its secrets masked: part of it would not show which of its words are some. */
static void show_masked_position(const char *source, const char *position, char *shown, size_t bytes)
{
    char masked[MASKED_BYTES], before[MASKED_BYTES];
    secret_mask(masked, sizeof masked, source);
    snprintf(before, sizeof before, "%.*s", (int)(position - source), source);
    char masked_before[MASKED_BYTES];
    secret_mask(masked_before, sizeof masked_before, before);
    show_position(masked, masked + strnlen(masked, strlen(masked_before)), shown, bytes);
}

int lexer_error(const char *source, const char *position, struct error *error, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error_set_code(error, EXIT_CODE_USAGE, "column %d: %s", column_of(source, position), message);
    if (error == NULL)
        return -1;
    size_t used = strlen(error->text);
    show_masked_position(source, position, error->text + used, sizeof error->text - used);
    return -1;
}

/* --- tokens -------------------------------------------------------------------------------------------- */

struct spelling {
    const char *text;
    enum token_kind kind;
    uint8_t accept;
};

/* The longer of two that begin alike comes first. */
static const struct spelling signs[] = {
    {"==", TOKEN_COMPARE, ORDER_EQUAL},
    {"!=", TOKEN_COMPARE, ORDER_LESS | ORDER_GREATER},
    {"<=", TOKEN_COMPARE, ORDER_LESS | ORDER_EQUAL},
    {">=", TOKEN_COMPARE, ORDER_GREATER | ORDER_EQUAL},
    {"&&", TOKEN_AND, 0},
    {"||", TOKEN_OR, 0},
    {"=", TOKEN_COMPARE, ORDER_EQUAL},
    {"<", TOKEN_COMPARE, ORDER_LESS},
    {">", TOKEN_COMPARE, ORDER_GREATER},
    {"~", TOKEN_CONTAINS, 0},
    {"!", TOKEN_NOT, 0},
    {"(", TOKEN_OPEN, 0},
    {")", TOKEN_CLOSE, 0},
    {",", TOKEN_COMMA, 0},
};

static const struct spelling words[] = {{"and", TOKEN_AND, 0},      {"or", TOKEN_OR, 0},
                                        {"not", TOKEN_NOT, 0},      {"in", TOKEN_IN, 0},
                                        {"true", TOKEN_BOOLEAN, 0}, {"false", TOKEN_BOOLEAN, 0}};

/* Not isalpha: names do not depend on the locale. Beyond ASCII all is a letter. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool goes_on(const char *at)
{
    return is_letter(*at) || is_digit(*at) || (*at == '.' && (is_letter(at[1]) || is_digit(at[1])));
}

static void read_name(struct token *token)
{
    while (goes_on(token->start + token->length))
        token->length++;
    token->kind = TOKEN_NAME;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].text) == token->length &&
            strncasecmp(words[i].text, token->start, token->length) == 0)
            token->kind = words[i].kind;
}

/* `a name with blanks` */
static int read_quoted_name(const char *source, struct token *token, struct error *error)
{
    const char *end = strchr(token->start + 1, '`');
    if (end == NULL)
        return lexer_error(source, token->start, error, "the quote that begins here is not closed");
    token->kind = TOKEN_NAME;
    token->start++;
    token->length = (size_t)(end - token->start);
    return 0;
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

static bool is_decimal(const char *start, const char *end)
{
    const char *at = skip_digits(*start == '-' || *start == '+' ? start + 1 : start);
    if (*at == '.' && is_digit(at[1]))
        at = skip_digits(at + 1);
    return at == end;
}

/* Takes everything that looks as if it belonged to the number, so that the error can show all of it. */
static int read_number(const char *source, struct token *token, struct error *error)
{
    const char *end = token->start + 1;
    while (is_letter(*end) || is_digit(*end) || (*end != '\0' && strchr(".:+-", *end) != NULL))
        end++;
    token->kind = TOKEN_NUMBER;
    token->length = (size_t)(end - token->start);
    if (is_decimal(token->start, end))
        return 0;
    return lexer_error(source, token->start, error,
                       "'%.*s' is not a plain decimal such as 249.99; times and texts stand in quotes",
                       token->length > 60 ? 60 : (int)token->length, token->start);
}

static int read_text(const char *source, struct token *token, struct error *error)
{
    char quote = *token->start;
    const char *end = token->start + 1;
    for (; *end != '\0'; end++) {
        if (*end != quote)
            continue;
        if (end[1] != quote)
            break;
        end++; /* a doubled quote stands for itself */
    }
    if (*end == '\0')
        return lexer_error(source, token->start, error, "the quote that begins here is not closed");
    token->kind = TOKEN_TEXT;
    token->length = (size_t)(end + 1 - token->start);
    return 0;
}

static int read_sign(const char *source, struct token *token, struct error *error)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i].text);
        if (strncmp(signs[i].text, token->start, length) != 0)
            continue;
        token->kind = signs[i].kind;
        token->accept = signs[i].accept;
        token->length = length;
        return 0;
    }
    int length = 1;
    while (!begins_character(token->start[length]))
        length++;
    if ((unsigned char)*token->start < ' ' || *token->start == 0x7f)
        return lexer_error(source, token->start, error, "a control character has no meaning here");
    return lexer_error(source, token->start, error, "'%.*s' has no meaning here; texts stand in quotes",
                       length, token->start);
}

bool is_equality(const struct token *comparison)
{
    return comparison->accept == ORDER_EQUAL || comparison->accept == (ORDER_LESS | ORDER_GREATER);
}

int lexer_next(const char *source, const char **at, struct token *token, struct error *error)
{
    while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r')
        (*at)++;
    *token = (struct token){.kind = TOKEN_END, .start = *at};
    char c = **at;
    bool is_number = is_digit(c) || ((c == '-' || c == '+') && is_digit((*at)[1]));
    int result = 0;
    if (is_letter(c))
        read_name(token);
    else if (is_number)
        result = read_number(source, token, error);
    else if (c == '`')
        result = read_quoted_name(source, token, error);
    else if (c == '\'' || c == '"')
        result = read_text(source, token, error);
    else if (c != '\0')
        result = read_sign(source, token, error);
    *at = token->start + token->length + (c == '`');
    return result;
}
