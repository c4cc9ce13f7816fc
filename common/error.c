#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/secret.h"

enum { WHOLE_BYTES = 8192 };

/* Masked while it is whole: a secret that is cut cannot be told any more. */
static void __attribute__((format(printf, 2, 0)))
write_text(struct error *e, const char *format, va_list arguments)
{
    char text[WHOLE_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    secret_mask(e->text, sizeof e->text, text);
}

static void __attribute__((format(printf, 3, 0)))
set(struct error *e, int exit_code, const char *format, va_list arguments)
{
    if (e == NULL)
        return;
    e->exit_code = exit_code;
    write_text(e, format, arguments);
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
    write_text(e, format, arguments);
    va_end(arguments);
    size_t length = strlen(e->text);
    snprintf(e->text + length, sizeof e->text - length, ": %s", cause);
    errno = saved_errno;
    return -1;
}
