#include "supervisor/errand.h"

#include "supervisor/channel.h"
#include "supervisor/report.h"
#include "supervisor/states.h"

enum { LINES_BYTES_MAX = 256 * 1024 }; /* a few thousand partitions */

static void begin(struct worker *worker, const char *text)
{
    struct errand *errand = &worker->errand;
    errand_forget(worker);
    errand->state = ERRAND_GIVEN;
    errand->number++;
    snprintf(errand->text, sizeof errand->text, "%s", text);
}

void errand_give(struct worker *worker, const char *method, const char *text)
{
    begin(worker, text);
    if (channel_errand(worker, method, text) == -1)
        errand_failed(worker, "it does not listen", strlen("it does not listen"));
}

/* The start is followed at once by the wish that it ends: so its end is no death, and a deadline is set. */
void errand_start_for(struct worker *worker, const char *text)
{
    begin(worker, text);
    worker->errand.alone = true;
    states_dispatch(worker, EVENT_START);
    if (worker->process.pid != 0)
        states_dispatch(worker, EVENT_STOP);
    else
        errand_failed(worker, worker->reason, strlen(worker->reason));
}

void errand_line(struct worker *worker, const char *text, size_t length)
{
    struct errand *errand = &worker->errand;
    if (errand->state != ERRAND_GIVEN || errand->used + length + 2 > LINES_BYTES_MAX)
        return;
    char *lines = realloc(errand->lines, errand->used + length + 2);
    if (lines == NULL)
        return;
    errand->lines = lines;
    memcpy(lines + errand->used, text, length);
    memcpy(lines + errand->used + length, "\n", 2);
    errand->used += length + 1;
    report_line(worker->supervisor, "%s: %.*s", worker->name, (int)length, text);
}

void errand_done(struct worker *worker)
{
    if (worker->errand.state == ERRAND_GIVEN)
        worker->errand.state = ERRAND_DONE;
}

void errand_failed(struct worker *worker, const char *reason, size_t length)
{
    if (worker->errand.state != ERRAND_GIVEN)
        return;
    worker->errand.state = ERRAND_FAILED;
    snprintf(worker->errand.reason, sizeof worker->errand.reason, "%.*s", (int)length, reason);
}

void errand_process_ended(struct worker *worker, bool well)
{
    static const char ended[] = "its process has ended before it was done";
    worker->errand.alone = false;
    if (well && worker->errand.lines != NULL)
        errand_done(worker);
    else
        errand_failed(worker, ended, sizeof ended - 1);
}

void errand_forget(struct worker *worker)
{
    free(worker->errand.lines);
    worker->errand = (struct errand){.number = worker->errand.number};
}
