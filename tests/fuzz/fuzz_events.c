/* Arbitrary bytes as a ring of events: the reader must neither crash nor read outside its own memory, nor go
 * on for ever, and everything that it accepts can be shown. The corpus holds a good ring's head and first
 * events. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "common/stats/events_text.h"

#define LOOKED_AT 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct events_reader *reader)
{
    struct event event = {.sequence = 0};
    uint64_t missed;
    char text[EVENT_LINE_BYTES];
    for (int i = 0; i < LOOKED_AT && events_read(reader, event.sequence, &event, &missed, NULL) == 1; i++) {
        struct event_about about = events_about(reader, event.kind);
        event_line(text, &event, &about);
        event_json(text, &event, &about);
    }
    events_wait(reader, events_newest(reader), 1);
    events_wait(reader, event.sequence, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct events_reader *reader;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (events_reader_take(&reader, fd, NULL) == 0) {
        look_at(reader);
        events_reader_close(reader);
    }
    close(fd);
    return 0;
}
