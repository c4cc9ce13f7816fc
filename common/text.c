#include "common/text.h"

size_t text_vappend(char *text, size_t bytes, size_t used, const char *format, va_list arguments)
{
    int n = vsnprintf(text + used, bytes - used, format, arguments);
    size_t end = used + (n > 0 ? (size_t)n : 0);
    return end < bytes ? end : bytes - 1;
}

size_t text_append(char *text, size_t bytes, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t end = text_vappend(text, bytes, used, format, arguments);
    va_end(arguments);
    return end;
}
