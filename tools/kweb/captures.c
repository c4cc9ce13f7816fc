#include "tools/kweb/captures.h"

#include <fcntl.h>

#include "common/capture/recording.h"
#include "common/clock.h"

#define NAME "the file" /* it has no other here */

#define OPENING_US (30 * US_PER_SECOND) /* longer than this nobody waits */

/* Of a file that is not ours. A day of seconds is 86 400; a thousand workers leave 4000 objects. */
static const struct capture_bounds bounds = {
    .frames = 200000, .objects = 8192, .frame_bytes = UINT64_C(64) << 20};

struct opening {
    struct opening *next, **link;
    struct exchange *exchange;
    struct capture *capture;
    struct view_request request;
    struct recording *recording;
    FILE *stream;
    char *text; /* what was made of it until now */
    size_t length;
    int64_t deadline_us; /* monotonic */
};

static void release(struct opening *opening)
{
    if (opening->link != NULL)
        *opening->link = opening->next;
    if (opening->next != NULL)
        opening->next->link = opening->link;
    recording_close(opening->recording);
    capture_close(opening->capture);
    if (opening->stream != NULL)
        fclose(opening->stream);
    free(opening->text);
    free(opening);
}

static void refuse(struct opening *opening, const char *why)
{
    struct exchange *exchange = opening->exchange;
    release(opening);
    answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "%s", why);
}

static void finish(struct opening *opening)
{
    struct exchange *exchange = opening->exchange;
    bool whole = fclose(opening->stream) == 0;
    char *text = opening->text;
    size_t length = opening->length;
    opening->stream = NULL;
    opening->text = NULL;
    release(opening);
    if (whole) {
        answer_text(exchange, MHD_HTTP_OK, "application/json", text, length);
        return;
    }
    free(text);
    answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

/* --- beginning ----------------------------------------------------------------------------------------- */

static int open_file(struct opening *opening, struct error *error)
{
    int fd = fcntl(opening->exchange->file, F_DUPFD_CLOEXEC, 0);
    if (fd == -1)
        return error_set(error, "cannot look at " NAME ": %m");
    if (capture_take(&opening->capture, fd, NAME, &bounds, error) == -1)
        return -1;
    if (capture_frames(opening->capture) < bounds.frames)
        return 0;
    return error_set(error, NAME " has more than %zu samples: kstat -f shows it", bounds.frames - 1);
}

static int begin(struct opening *opening, struct error *error)
{
    if (open_file(opening, error) == -1)
        return -1;
    opening->stream = open_memstream(&opening->text, &opening->length);
    if (opening->stream == NULL)
        return error_set(error, "out of memory");
    opening->request = (struct view_request){.source = capture_source(opening->capture),
                                             .instance = capture_instance(opening->capture)};
    const struct recording_spec spec = {.request = &opening->request,
                                        .capture = opening->capture,
                                        .bytes_max = CAPTURES_ANSWER_MAX,
                                        .stream = opening->stream};
    return recording_open(&opening->recording, &spec, error);
}

void serve_captures(struct exchange *exchange)
{
    struct kweb *kweb = exchange->kweb;
    struct error error = ERROR_INIT;
    struct opening *opening = calloc(1, sizeof *opening);
    if (opening == NULL) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
        return;
    }
    opening->exchange = exchange;
    opening->deadline_us = clock_monotonic_us() + OPENING_US;
    if (begin(opening, &error) == -1) {
        refuse(opening, error.text);
        return;
    }
    opening->next = kweb->openings;
    opening->link = &kweb->openings;
    if (opening->next != NULL)
        opening->next->link = &opening->next;
    kweb->openings = opening;
}

/* --- going on ------------------------------------------------------------------------------------------ */

static void step(struct opening *opening, int64_t now_us)
{
    struct error error = ERROR_INIT;
    int more =
        now_us < opening->deadline_us
            ? recording_step(opening->recording, &error)
            : error_set(&error, NAME " takes too long here: kstat -f FILE --report FILE.html shows it");
    if (more == 0)
        finish(opening);
    else if (more == -1)
        refuse(opening, error.text);
}

void captures_check(struct kweb *kweb, int64_t now_us)
{
    for (struct opening *opening = kweb->openings, *next; opening != NULL; opening = next) {
        next = opening->next;
        step(opening, now_us);
    }
}

int64_t captures_deadline_us(const struct kweb *kweb)
{
    return kweb->openings != NULL ? 0 : INT64_MAX;
}

void captures_close(struct kweb *kweb)
{
    while (kweb->openings != NULL) {
        /* release() takes it off the list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        struct exchange *exchange = kweb->openings->exchange;
        release(kweb->openings);
        answer_problem(exchange, MHD_HTTP_BAD_GATEWAY, "this server is ending");
    }
}
