#include "tools/ktopic/dlq/latest.h"

int latest_init(struct latest *latest, size_t most, struct error *error)
{
    latest->texts = calloc(most + 1, sizeof *latest->texts);
    latest->most = most;
    return latest->texts != NULL ? 0 : error_set(error, "out of memory");
}

bool latest_wants(const struct latest *latest, int64_t time)
{
    return latest->count < latest->most || (latest->most > 0 && time >= latest->texts[0].time);
}

static void drop_oldest(struct latest *latest)
{
    free(latest->texts[0].text);
    latest->count--;
    memmove(latest->texts, latest->texts + 1, latest->count * sizeof *latest->texts);
}

/* They come in the order of their partition, so mostly at the end. */
void latest_add(struct latest *latest, int64_t time, char *text)
{
    if (!latest_wants(latest, time)) {
        free(text);
        return;
    }
    size_t at = latest->count++;
    for (; at > 0 && latest->texts[at - 1].time > time; at--)
        latest->texts[at] = latest->texts[at - 1];
    latest->texts[at] = (struct latest_text){time, text};
    if (latest->count > latest->most)
        drop_oldest(latest);
}

void latest_release(struct latest *latest)
{
    for (size_t i = 0; i < latest->count; i++)
        free(latest->texts[i].text);
    free(latest->texts);
    *latest = (struct latest){0};
}
