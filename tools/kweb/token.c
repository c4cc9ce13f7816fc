#include "tools/kweb/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>

#include "common/exit_codes.h"
#include "common/own_file.h"
#include "common/runtime.h"

static bool is_token(const char *text, ssize_t length)
{
    return length == TOKEN_BYTES - 1 && strspn(text, "0123456789abcdef") >= TOKEN_BYTES - 1;
}

static int read_from(int fd, char token[TOKEN_BYTES], const char *path, struct error *error)
{
    ssize_t length = read(fd, token, TOKEN_BYTES - 1);
    token[TOKEN_BYTES - 1] = '\0';
    close(fd);
    return is_token(token, length) ? 0 : error_set(error, "%s does not hold a token: remove it", path);
}

static int make(char token[TOKEN_BYTES], struct error *error)
{
    unsigned char bytes[(TOKEN_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(error, "no random numbers for a token: %m");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* Under another name first: nobody finds half of one. */
static int write_to(const char *path, const char token[TOKEN_BYTES], struct error *error)
{
    char next[PATH_MAX + 8];
    snprintf(next, sizeof next, "%s.new", path);
    unlink(next);
    int fd = own_file_open(next, O_WRONLY | O_CREAT | O_EXCL, 0600, error);
    if (fd == -1)
        return -1;
    bool written = write(fd, token, TOKEN_BYTES - 1) == TOKEN_BYTES - 1;
    close(fd);
    if (written && rename(next, path) == 0)
        return 0;
    error_set(error, "cannot write %s: %m", path);
    unlink(next);
    return -1;
}

int token_load(char token[TOKEN_BYTES], const char *instance, bool *made, struct error *error)
{
    char path[PATH_MAX];
    *made = false;
    if (runtime_token(path, instance, error) == -1)
        return -1;
    int fd = own_file_open(path, O_RDONLY, 0, error);
    if (fd != -1)
        return read_from(fd, token, path, error);
    if (errno != ENOENT)
        return -1;
    *made = make(token, error) == 0 && write_to(path, token, error) == 0;
    return *made ? 0 : -1;
}

int token_read(char token[TOKEN_BYTES], const char *instance, struct error *error)
{
    char path[PATH_MAX];
    if (runtime_token(path, instance, error) == -1)
        return -1;
    int fd = own_file_open(path, O_RDONLY, 0, error);
    if (fd != -1)
        return read_from(fd, token, path, error);
    return errno != ENOENT ? -1
                           : error_set_code(error, EXIT_CODE_NOT_RUNNING,
                                            "instance '%s' has no token: start it with --http", instance);
}

void token_remove(const char *instance)
{
    char path[PATH_MAX];
    if (runtime_token(path, instance, NULL) == 0)
        unlink(path);
}

bool token_is(const char token[TOKEN_BYTES], const char *given)
{
    unsigned char difference = strlen(given) != TOKEN_BYTES - 1;
    for (size_t i = 0; i < TOKEN_BYTES - 1 && given[i] != '\0'; i++)
        difference |= (unsigned char)(token[i] ^ given[i]);
    return difference == 0;
}
