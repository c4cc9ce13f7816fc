#include "tools/kweb/stream.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/decimal.h"
#include "common/stats/events.h"
#include "common/stats/events_text.h"
#include "tools/kweb/samples.h"

#define LOOK_US      (50 * US_PER_MS)     /* how soon an event is seen */
#define HEARTBEAT_US (15 * US_PER_SECOND) /* a proxy closes what is silent for longer */

enum { BLOCK_BYTES = 16384, RETRY_MS = 500, EVENTS_A_BLOCK = 8 };

struct stream {
    struct stream *next, **link;
    struct kweb *kweb;
    struct MHD_Connection *connection;
    struct events_reader *events; /* NULL: the instance has no ring (yet) */
    uint64_t after;               /* the last event that it has */
    int64_t ring_us;              /* of which ring that is (events_created_us); 0: it did not say */
    uint64_t snapshot;            /* the number of the last snapshot that it has */
    int64_t heard_us;             /* monotonic: when it got something last */
    bool suspended;
    bool ending;
    /* what it is being given */
    char block[BLOCK_BYTES];
    struct shared_text *shared; /* instead of the block; held */
    size_t at, length;
};

/* --- what there is to tell ----------------------------------------------------------------------------- */

static void put(struct stream *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct stream *stream, const char *format, ...)
{
    va_list arguments;
    size_t room = BLOCK_BYTES - stream->length;
    va_start(arguments, format);
    int length = vsnprintf(stream->block + stream->length, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < room)
        stream->length += (size_t)length;
}

/* A supervisor that starts makes its ring; one that follows makes another, whose numbers begin anew. */
static bool has_ring(struct stream *stream)
{
    if (stream->events == NULL &&
        events_reader_open(&stream->events, stream->kweb->settings->instance, NULL) == 0 &&
        stream->ring_us != 0 && stream->ring_us != events_created_us(stream->events))
        stream->after = 0;
    return stream->events != NULL;
}

static void forget_ring(struct stream *stream)
{
    events_reader_close(stream->events);
    stream->events = NULL;
}

static void put_event(struct stream *stream, const struct event *event)
{
    char text[EVENT_LINE_BYTES];
    struct event_about about = events_about(stream->events, event->kind);
    event_json(text, event, &about);
    stream->ring_us = events_created_us(stream->events);
    put(stream, "id: %" PRIu64 ".%" PRId64 "\nevent: event\ndata: %s\n\n", event->sequence, stream->ring_us,
        text);
}

static void put_events(struct stream *stream)
{
    struct event event;
    uint64_t missed;
    for (int i = 0; i < EVENTS_A_BLOCK && has_ring(stream); i++) {
        int found = events_read(stream->events, stream->after, &event, &missed, NULL);
        if (found == -1)
            forget_ring(stream);
        if (found != 1)
            return;
        if (missed > 0)
            put(stream, "event: missed\ndata: {\"missed\":%" PRIu64 "}\n\n", missed);
        put_event(stream, &event);
        stream->after = event.sequence;
    }
}

static void put_snapshot(struct stream *stream)
{
    static const char head[] = "event: snapshot\ndata: ";
    uint64_t number;
    struct shared_text *text = samples_snapshot(stream->kweb->samples, &number);
    if (text == NULL || number == stream->snapshot) {
        shared_text_release(text);
        return;
    }
    put(stream, "%s", head);
    stream->snapshot = number;
    stream->shared = text; /* it goes out behind the block */
}

/* The next of it, into an empty block. */
static void make_block(struct stream *stream)
{
    int64_t now_us = clock_monotonic_us();
    stream->at = stream->length = 0;
    put_events(stream);
    if (stream->length == 0)
        put_snapshot(stream);
    if (stream->length == 0 && now_us - stream->heard_us >= HEARTBEAT_US)
        put(stream, ": still here\n\n");
    if (stream->length > 0)
        stream->heard_us = now_us;
}

/* --- as the library takes it --------------------------------------------------------------------------- */

static size_t take(struct stream *stream, const char *bytes, size_t length, char *buffer, size_t room)
{
    size_t taken = length - stream->at < room ? length - stream->at : room;
    memcpy(buffer, bytes + stream->at, taken);
    stream->at += taken;
    return taken;
}

/* Block, snapshot, the blank line behind that. */
static ssize_t give(struct stream *stream, char *buffer, size_t room)
{
    if (stream->at < stream->length)
        return (ssize_t)take(stream, stream->block, stream->length, buffer, room);
    if (stream->shared == NULL)
        return 0;
    struct shared_text *text = stream->shared;
    stream->at -= stream->length;
    size_t taken = take(stream, text->bytes, text->length, buffer, room);
    stream->at += stream->length;
    if (stream->at == stream->length + text->length) {
        shared_text_release(text);
        stream->shared = NULL;
        stream->at = stream->length = 0;
        put(stream, "\n\n");
    }
    return (ssize_t)taken;
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t room)
{
    struct stream *stream = context;
    (void)position;
    ssize_t given = give(stream, buffer, room);
    if (given > 0)
        return given;
    if (stream->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    make_block(stream);
    given = give(stream, buffer, room);
    if (given > 0)
        return given;
    stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static void release(void *context)
{
    struct stream *stream = context;
    *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    samples_unwant(stream->kweb->samples);
    shared_text_release(stream->shared);
    events_reader_close(stream->events);
    free(stream);
}

/* --- readers ------------------------------------------------------------------------------------------- */

static void wake(struct stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

static bool has_news(struct stream *stream, int64_t now_us)
{
    uint64_t number;
    struct shared_text *text = samples_snapshot(stream->kweb->samples, &number);
    shared_text_release(text);
    return (text != NULL && number != stream->snapshot) || now_us - stream->heard_us >= HEARTBEAT_US ||
           stream->events == NULL || events_newest(stream->events) != stream->after;
}

void streams_check(struct kweb *kweb, int64_t now_us)
{
    for (struct stream *stream = kweb->streams; stream != NULL; stream = stream->next)
        if (stream->suspended && has_news(stream, now_us))
            wake(stream);
}

int64_t streams_deadline_us(const struct kweb *kweb)
{
    return kweb->streams != NULL ? clock_monotonic_us() + LOOK_US : INT64_MAX;
}

void streams_close(struct kweb *kweb)
{
    for (struct stream *stream = kweb->streams; stream != NULL; stream = stream->next) {
        stream->ending = true;
        wake(stream);
    }
}

static size_t count_streams(const struct kweb *kweb)
{
    size_t count = 0;
    for (const struct stream *stream = kweb->streams; stream != NULL; stream = stream->next)
        count++;
    return count;
}

/* A browser that comes back says in a header what it has, as put_event has it; a program may say a number
 * alone, there or in the address. */
static void resume(struct stream *stream, const struct exchange *exchange)
{
    const char *text = exchange_header(exchange, "Last-Event-ID");
    int64_t number = 0, ring_us = 0;
    const char *end = text != NULL ? decimal_read(text, INT64_MAX, &number) : NULL;
    if (end != NULL && *end == '.')
        end = decimal_read(end + 1, INT64_MAX, &ring_us);
    if (end == NULL || *end != '\0') {
        number = ring_us = 0;
        exchange_number(exchange, "since", &number);
    }
    stream->after = (uint64_t)number;
    stream->ring_us = ring_us;
}

static struct stream *begin(struct exchange *exchange)
{
    struct kweb *kweb = exchange->kweb;
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->kweb = kweb;
    stream->ending = kweb->stopping;
    stream->connection = exchange->connection;
    resume(stream, exchange);
    stream->heard_us = clock_monotonic_us();
    stream->next = kweb->streams;
    stream->link = &kweb->streams;
    if (stream->next != NULL)
        stream->next->link = &stream->next;
    kweb->streams = stream;
    samples_want(kweb->samples);
    put(stream, "retry: %d\n\n", RETRY_MS);
    return stream;
}

void serve_events(struct exchange *exchange)
{
    struct stream *stream = count_streams(exchange->kweb) < STREAMS_MAX ? begin(exchange) : NULL;
    if (stream == NULL) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "/events has at most %d readers", STREAMS_MAX);
        return;
    }
    answer_stream(exchange, "text/event-stream", BLOCK_BYTES, read_stream, stream, release);
}
