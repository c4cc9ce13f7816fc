#include "tools/kctl/record.h"

#include <errno.h>

#include "common/exit_codes.h"

/* A target is a name; a record is not. */
static bool is_record(const char *word)
{
    return strchr(word, '=') != NULL || strchr(word, '{') != NULL || strcmp(word, "-") == 0;
}

static int too_long(struct error *error)
{
    return error_set_code(error, EXIT_CODE_USAGE,
                          "produce: one request carries a record of at most %d bytes as text: send it with "
                          "kproduce --stdin",
                          RPC_TEXT_BYTES - 1);
}

static int read_stdin(char record[RPC_TEXT_BYTES], struct error *error)
{
    size_t length = fread(record, 1, RPC_TEXT_BYTES, stdin);
    if (ferror(stdin))
        return error_set(error, "cannot read standard input: %m");
    if (length == RPC_TEXT_BYTES)
        return too_long(error);
    record[length] = '\0';
    return strlen(record) == length
               ? 0
               : error_set_code(error, EXIT_CODE_USAGE,
                                "produce: standard input holds a NUL byte: it is not a record");
}

/* A line each. */
static int join(const struct operands *words, int first, char record[RPC_TEXT_BYTES], struct error *error)
{
    size_t used = 0;
    for (int i = first; i < words->count; i++) {
        if (words->items[i][0] != '{' && strchr(words->items[i], '\n') != NULL)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "produce: a value of several lines goes into JSON alone: '{\"field\": …}'");
        used += (size_t)snprintf(record + used, RPC_TEXT_BYTES - used, "%s%s", i > first ? "\n" : "",
                                 words->items[i]);
        if (used >= RPC_TEXT_BYTES)
            return too_long(error);
    }
    return 0;
}

int record_words(const struct operands *words, const char **target, char record[RPC_TEXT_BYTES],
                 struct error *error)
{
    int first = words->count > 0 && !is_record(words->items[0]) ? 1 : 0;
    *target = first == 1 ? words->items[0] : "";
    if (words->count == first)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "produce: which record? A JSON object, field=value …, or - for standard input");
    bool whole = words->items[first][0] == '{' || strcmp(words->items[first], "-") == 0;
    if (whole && words->count > first + 1)
        return error_set_code(error, EXIT_CODE_USAGE, "produce: unexpected word '%s': one record at a time",
                              words->items[first + 1]);
    return strcmp(words->items[first], "-") == 0 ? read_stdin(record, error)
                                                 : join(words, first, record, error);
}
