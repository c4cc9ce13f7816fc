/* schema_words.h: the text of a schema as lines of words, each with its place. Inside common/record only.
 *
 * Words are set apart by blanks. `|` is a word of its own. "…" is a word with blanks in it, or part of one
 * (to."post code"); in it \" and \\ are a quote and a backslash. # where a word could begin starts a comment.
 * A \ at the end of a line joins the next one to it.
 */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_WORDS_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_WORDS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_WORDS_MAX 600 /* in a line */

enum word_kind { WORD_PLAIN, WORD_QUOTED, WORD_BAR, WORD_END };

struct word {
    enum word_kind kind;
    const char *text; /* without quotes, NUL-terminated, in the memory; WORD_END: "" */
    size_t length;
    const char *source; /* as it stands */
    size_t source_length;
    unsigned line, column; /* from 1; in characters */
};

struct words {
    const char *file; /* for errors */
    const char *at, *end;
    const char *line_start;
    unsigned line;
    struct word list[SCHEMA_WORDS_MAX + 1];
    size_t count; /* without the WORD_END behind the last */
    char *memory, *memory_end;
    struct error *error;
};

/* The words of the next line that has some: 1, or 0 past the last; -1 with the error. */
int words_next_line(struct words *words);

/* "shipment.schema:4:17: …" Always -1. */
int words_error(const struct words *words, const struct word *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of the words' memory, for texts and for structs. NULL with the error when it is used up. */
void *words_keep(struct words *words, size_t bytes, size_t alignment);
/* A copy of it, NUL-terminated. */
char *words_keep_text(struct words *words, const char *text, size_t length);

static inline bool word_is(const struct word *word, const char *text)
{
    return word->kind == WORD_PLAIN && strcmp(word->text, text) == 0;
}

#endif
