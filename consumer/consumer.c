#include "consumer/consumer.h"

#include <stdarg.h>

#include "common/clock.h"
#include "common/log.h"

void consumer_fail(struct consumer *consumer, int exit_code, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), exit_code, "%s", text);
    if (consumer->must_stop)
        return;
    consumer->must_stop = true;
    consumer->exit_code = exit_code;
    log_error("%s", text);
}
