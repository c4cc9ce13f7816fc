#include "supervisor/verb_peek.h"

#include "supervisor/peek.h"

enum { NUMBERS_MAX = 3 }; /* partition, offset, how many */

/* The argument's words, each ended with a NUL in it. Returns how many; more than fit are one too many. */
static size_t split(char *argument, const char *words[NUMBERS_MAX + 1])
{
    size_t count = 0;
    for (char *at = argument + strspn(argument, " "); *at != '\0' && count <= NUMBERS_MAX;) {
        char *end = at + strcspn(at, " ");
        char *next = end + strspn(end, " ");
        words[count++] = at;
        *end = '\0';
        at = next;
    }
    return count;
}

/* What they mean ktopic knows; nothing but numbers goes onto its command line. */
static bool are_numbers(const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (words[i][strspn(words[i], "0123456789")] != '\0' || strlen(words[i]) > 19)
            return false;
    return count >= 2 && count <= NUMBERS_MAX;
}

enum progress verb_peek_begin(struct request *request, struct error *error)
{
    const char *words[NUMBERS_MAX + 1];
    size_t count = split(request->argument, words);
    if (request->target[0] == '\0' || !are_numbers(words, count)) {
        error_set(error, "peek: which record? peek TOPIC PARTITION OFFSET [N], the last three whole numbers");
        return PROGRESS_FAILED;
    }
    const char *operands[] = {request->target, words[0], words[1], count == NUMBERS_MAX ? words[2] : NULL,
                              NULL};
    request->wait = true; /* without its process there is nothing to say */
    request->peek = peek_start(request->supervisor, operands, error);
    return request->peek == NULL ? PROGRESS_FAILED : PROGRESS_WAITING;
}

enum progress verb_peek_check(struct request *request, struct error *error)
{
    return peek_check(request->peek, error);
}

void verb_peek_lines(struct request *request, msgpack_packer *packer)
{
    const char *text = peek_text(request->peek);
    size_t count = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    msgpack_pack_array(packer, count);
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        msgpack_pack_str_with_body(packer, text, (size_t)(end - text));
}
