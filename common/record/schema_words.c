#include "common/record/schema_words.h"

#include <stdarg.h>
#include <stdint.h>

#include "common/exit_codes.h"
#include "common/utf8.h"

void *words_keep(struct words *words, size_t bytes, size_t alignment)
{
    size_t padding = (size_t)(-(uintptr_t)words->memory & (alignment - 1));
    if (bytes + padding > (size_t)(words->memory_end - words->memory)) {
        error_set_code(words->error, EXIT_CODE_CONFIG, "%s: a schema this large is not possible",
                       words->file);
        return NULL;
    }
    char *kept = words->memory + padding;
    words->memory = kept + bytes;
    return kept;
}

char *words_keep_text(struct words *words, const char *text, size_t length)
{
    char *copy = words_keep(words, length + 1, 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

int words_error(const struct words *words, const struct word *word, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set_code(words->error, EXIT_CODE_CONFIG, "%s:%u:%u: %s", words->file, word->line,
                          word->column, text);
}

/* In characters, as editors count. */
static unsigned column_of(const struct words *words, const char *at)
{
    unsigned column = 1;
    for (const char *c = words->line_start; c < at; c++)
        column += ((unsigned char)*c & 0xc0) != 0x80;
    return column;
}

static struct word word_at(const struct words *words, const char *at)
{
    return (struct word){
        .kind = WORD_END, .text = "", .source = at, .line = words->line, .column = column_of(words, at)};
}

static void next_line(struct words *words)
{
    words->line++;
    words->line_start = words->at;
}

static bool at_line_end(const struct words *words, const char *at)
{
    return at == words->end || *at == '\n' || (*at == '\r' && (at + 1 == words->end || at[1] == '\n'));
}

/* Over blanks, and over the ends of lines that go on. */
static void skip_blanks(struct words *words)
{
    while (words->at < words->end) {
        if (*words->at == ' ' || *words->at == '\t') {
            words->at++;
        } else if (*words->at == '\\' && at_line_end(words, words->at + 1)) {
            words->at++;
            while (words->at < words->end && *words->at++ != '\n')
                ;
            next_line(words);
        } else {
            return;
        }
    }
}

static void skip_line(struct words *words)
{
    while (words->at < words->end && *words->at++ != '\n')
        ;
    next_line(words);
}

static bool ends_word(const struct words *words)
{
    return at_line_end(words, words->at) || strchr(" \t|", *words->at) != NULL ||
           (*words->at == '\\' && at_line_end(words, words->at + 1));
}

/* The inside of quotes, behind the first one; its end is found. */
static int take_quoted(struct words *words, const struct word *word, char **to)
{
    for (words->at++; !at_line_end(words, words->at) && *words->at != '"'; words->at++) {
        bool escape =
            *words->at == '\\' && words->at + 1 < words->end && (words->at[1] == '"' || words->at[1] == '\\');
        words->at += escape;
        *(*to)++ = *words->at;
    }
    if (at_line_end(words, words->at))
        return words_error(words, word, "the closing quote is missing");
    words->at++;
    return 0;
}

static int take_word(struct words *words, struct word *word)
{
    *word = word_at(words, words->at);
    word->kind = *words->at == '"' ? WORD_QUOTED : WORD_PLAIN;
    const char *longest = words->at;
    while (!at_line_end(words, longest))
        longest++;
    char *text = words_keep(words, (size_t)(longest - words->at) + 1, 1);
    if (text == NULL)
        return -1;
    char *to = text;
    while (!ends_word(words)) {
        if (*words->at != '"')
            *to++ = *words->at++;
        else if (take_quoted(words, word, &to) == -1)
            return -1;
    }
    *to++ = '\0';
    words->memory = to; /* what was kept for the rest of the line is free again */
    word->text = text;
    word->length = (size_t)(to - text) - 1;
    word->source_length = (size_t)(words->at - word->source);
    return 0;
}

/* Into the list; the end of the line is not. */
static int take_words(struct words *words)
{
    for (skip_blanks(words); !at_line_end(words, words->at) && *words->at != '#'; skip_blanks(words)) {
        struct word *word = &words->list[words->count];
        if (words->count == SCHEMA_WORDS_MAX) {
            *word = word_at(words, words->at);
            return words_error(words, word, "a line has at most %d words", SCHEMA_WORDS_MAX);
        }
        words->count++;
        if (*words->at == '|') {
            *word = word_at(words, words->at++);
            word->kind = WORD_BAR;
            word->text = "|";
            word->length = word->source_length = 1;
        } else if (take_word(words, word) == -1) {
            return -1;
        }
    }
    words->list[words->count] = word_at(words, words->at);
    return 0;
}

int words_next_line(struct words *words)
{
    words->count = 0;
    while (words->at < words->end && words->count == 0) {
        if (take_words(words) == -1)
            return -1;
        skip_line(words);
    }
    return words->count > 0;
}
