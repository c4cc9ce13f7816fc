#include "common/dotenv.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exit_codes.h"

enum { FILE_BYTES_MAX = 256 * 1024 };

/* --- the file ------------------------------------------------------------------------------------------ */

static int refuse_file(struct error *error, const char *why)
{
    return error_set_code(error, EXIT_CODE_CONFIG, ".env: %s", why);
}

static int cannot_read(struct error *error)
{
    return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG), ".env: %m");
}

static int read_all(int fd, char *text, struct error *error)
{
    size_t used = 0;
    ssize_t n;
    while ((n = read(fd, text + used, FILE_BYTES_MAX + 1 - used)) > 0)
        used += (size_t)n;
    if (n == -1)
        return cannot_read(error);
    if (used > FILE_BYTES_MAX)
        return refuse_file(error, "it is larger than 256 KiB");
    text[used] = '\0';
    if (strlen(text) != used)
        return refuse_file(error, "it has NUL bytes: save it as UTF-8 text");
    return 1;
}

/* 1: `*text` is the caller's to free. */
static int read_open(int fd, char **text, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) == -1)
        return refuse_file(error, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return 0;
    if (!S_ISREG(status.st_mode))
        return refuse_file(error, "it is not a regular file");
    if ((*text = malloc(FILE_BYTES_MAX + 2)) == NULL)
        return refuse_file(error, "out of memory");
    return read_all(fd, *text, error);
}

static int read_file(char **text, struct error *error)
{
    int fd = open(".env", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return errno == ENOENT ? 0 : cannot_read(error);
    int result = read_open(fd, text, error);
    close(fd);
    return result;
}

/* --- an assignment ------------------------------------------------------------------------------------- */

/* Views into the text. */
struct assignment {
    const char *name, *value;
    size_t name_length, value_length;
    char quote; /* '"', '\'', or 0 */
    int line;
};

struct cursor {
    const char *at;
    int line;
};

static int refuse(const struct cursor *cursor, const char *why, struct error *error)
{
    return error_set_code(error, EXIT_CODE_CONFIG, ".env:%d: %s", cursor->line, why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
    while (is_blank(*cursor->at))
        cursor->at++;
}

static void skip_line(struct cursor *cursor)
{
    cursor->at += strcspn(cursor->at, "\n");
}

/* Moves to the next assignment; false: no more. */
static bool skip_empty_lines(struct cursor *cursor)
{
    for (;;) {
        skip_blanks(cursor);
        if (*cursor->at == '#')
            skip_line(cursor);
        if (*cursor->at != '\n')
            return *cursor->at != '\0';
        cursor->at++;
        cursor->line++;
    }
}

static int read_name(struct cursor *cursor, struct assignment *found, struct error *error)
{
    static const char export[] = "export";
    size_t length = sizeof export - 1;
    if (strncmp(cursor->at, export, length) == 0 && is_blank(cursor->at[length])) {
        cursor->at += length;
        skip_blanks(cursor);
    }
    found->name = cursor->at;
    while (isalnum((unsigned char)*cursor->at) || (*cursor->at != '\0' && strchr("_.-", *cursor->at) != NULL))
        cursor->at++;
    found->name_length = (size_t)(cursor->at - found->name);
    skip_blanks(cursor);
    bool is_end = *cursor->at == '\n' || *cursor->at == '\0' || *cursor->at == '#';
    if (found->name_length == 0 || (!is_end && *cursor->at != '=' && *cursor->at != ':'))
        return refuse(cursor, "not NAME=VALUE, nor a comment", error);
    return 0;
}

static int read_quoted(struct cursor *cursor, struct assignment *found, struct error *error)
{
    found->quote = *cursor->at++;
    found->value = cursor->at;
    int lines = 0;
    for (; *cursor->at != found->quote; cursor->at++) {
        if (found->quote == '"' && cursor->at[0] == '\\' && cursor->at[1] != '\0')
            cursor->at++;
        lines += *cursor->at == '\n';
        if (*cursor->at == '\0')
            return refuse(cursor, "the quotation mark is not closed", error);
    }
    found->value_length = (size_t)(cursor->at++ - found->value);
    cursor->line += lines;
    skip_blanks(cursor);
    if (*cursor->at == '#')
        skip_line(cursor);
    if (*cursor->at != '\n' && *cursor->at != '\0')
        return refuse(cursor, "something follows the closing quotation mark", error);
    return 0;
}

static void read_plain(struct cursor *cursor, struct assignment *found)
{
    found->value = cursor->at;
    skip_line(cursor);
    const char *end = found->value;
    while (end < cursor->at && !(*end == '#' && is_blank(end[-1])))
        end++;
    while (end > found->value && is_blank(end[-1]))
        end--;
    found->value_length = (size_t)(end - found->value);
}

/* 1: an assignment; 0: a name without a value, which compose takes from the environment. */
static int read_assignment(struct cursor *cursor, struct assignment *found, struct error *error)
{
    *found = (struct assignment){.line = cursor->line};
    if (read_name(cursor, found, error) == -1)
        return -1;
    if (*cursor->at != '=' && *cursor->at != ':') {
        skip_line(cursor);
        return 0;
    }
    cursor->at++;
    skip_blanks(cursor);
    if (*cursor->at == '"' || *cursor->at == '\'')
        return read_quoted(cursor, found, error) == -1 ? -1 : 1;
    read_plain(cursor, found);
    return 1;
}

/* --- its value ----------------------------------------------------------------------------------------- */

static char unescaped(char c)
{
    static const char names[] = "nrt", meant[] = "\n\r\t";
    const char *found = c != '\0' ? strchr(names, c) : NULL;
    return found != NULL ? meant[found - names] : c;
}

static int copy_value(const struct assignment *found, char *value, size_t bytes, struct error *error)
{
    const struct cursor here = {found->value, found->line};
    size_t used = 0;
    for (size_t i = 0; i < found->value_length; i++, used++) {
        char c = found->value[i];
        if (c == '$' && found->quote != '\'')
            return refuse(&here, "${…} is not expanded here: write the value, or set it in the environment",
                          error);
        if (c == '\\' && found->quote == '"')
            c = unescaped(found->value[++i]);
        if (used + 1 >= bytes)
            return refuse(&here, "the value is too long", error);
        value[used] = c;
    }
    value[used] = '\0';
    return 1;
}

static bool is_named(const struct assignment *found, const char *name)
{
    return found->name_length == strlen(name) && strncmp(found->name, name, found->name_length) == 0;
}

static int find(const char *text, const char *name, char *value, size_t bytes, struct error *error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t mark = sizeof byte_order_mark - 1;
    struct cursor cursor = {text + (strncmp(text, byte_order_mark, mark) == 0 ? mark : 0), 1};
    struct assignment last = {0}, next;
    while (skip_empty_lines(&cursor)) {
        int read = read_assignment(&cursor, &next, error);
        if (read == -1)
            return -1;
        if (read == 1 && is_named(&next, name))
            last = next;
    }
    return last.name == NULL ? 0 : copy_value(&last, value, bytes, error);
}

int dotenv_find(const char *name, char *value, size_t bytes, struct error *error)
{
    char *text = NULL;
    int result = read_file(&text, error);
    if (result == 1 && text != NULL)
        result = find(text, name, value, bytes, error);
    free(text);
    return result;
}
