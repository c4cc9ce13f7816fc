#include "consumer/consumer.h"

#include <stdarg.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"

void consumer_fail(struct consumer *consumer, int exit_code, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    secret_vprint(text, sizeof text, format, arguments);
    va_end(arguments);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), exit_code, "%s", text);
    if (consumer->end.must_stop)
        return;
    consumer->end.must_stop = true;
    consumer->end.exit_code = exit_code;
    log_error("%s", text);
}

void consumer_say(struct consumer *consumer, int32_t partition, int64_t from, int64_t to, const char *format,
                  ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (consumer->settings->supervised)
        worker_answer_result(consumer->control, consumer->request.number,
                             &(struct worker_result){partition, from, to, text});
    else
        log_line("%s", text);
}
