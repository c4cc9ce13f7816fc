#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/secret.h"

static void __attribute__((format(printf, 3, 0)))
set(struct error *e, int exit_code, const char *format, va_list arguments)
{
    if (e == NULL)
        return;
    e->exit_code = exit_code;
    secret_vprint(e->text, sizeof e->text, format, arguments);
}

int(error_set)(struct error *e, const char *format, ...)
{
    int saved_errno = errno;
    va_list arguments;
    va_start(arguments, format);
    set(e, 1, format, arguments);
    va_end(arguments);
    errno = saved_errno;
    return -1;
}

int(error_set_code)(struct error *e, int exit_code, const char *format, ...)
{
    int saved_errno = errno;
    va_list arguments;
    va_start(arguments, format);
    set(e, exit_code, format, arguments);
    va_end(arguments);
    errno = saved_errno;
    return -1;
}

int(error_context)(struct error *e, const char *format, ...)
{
    if (e == NULL)
        return -1;
    int saved_errno = errno;
    char cause[ERROR_TEXT_BYTES];
    memcpy(cause, e->text, sizeof cause);

    va_list arguments;
    va_start(arguments, format);
    secret_vprint(e->text, sizeof e->text, format, arguments);
    va_end(arguments);
    size_t length = strlen(e->text);
    snprintf(e->text + length, sizeof e->text - length, ": %s", cause);
    errno = saved_errno;
    return -1;
}
