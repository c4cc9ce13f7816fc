#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/stats/directory_layout.h"
#include "common/stats/events_layout.h"
#include "common/stats/object.h"
#include "common/stats/printable.h"
#include "common/stats/words.h"

#define EVENTS_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
#define TABLE_MAX        256 /* fields, kinds */
#define STRIDE_MAX       4096
#define TRIES_MAX        20 /* a reader that is overtaken again and again leaves more and more out */

struct events_reader {
    int fd;
    char name[STATS_NAME_BYTES]; /* "": there is none to open again */
    struct events_header header;
    struct field_location locations[EVENT_FIELD_COUNT];
    struct events_wire_kind *kinds; /* header.kind_count of them, printable */
    unsigned char *entry;           /* header.entry_bytes */
    /* The pages up to the cursor, only ever given to futex(2): nothing is read through it. */
    unsigned char *map;
    size_t map_bytes;
};

/* --- the header, believing none of it ------------------------------------------------------------------ */

static bool fits(const struct events_header *header, uint64_t offset, uint64_t count, uint64_t bytes)
{
    return offset % sizeof(uint64_t) == 0 && offset >= sizeof *header && offset <= header->total_bytes &&
           count * bytes <= header->total_bytes - offset;
}

static bool consistent(const struct events_header *header)
{
    return header->total_bytes <= EVENTS_BYTES_MAX && header->field_count <= TABLE_MAX &&
           header->field_bytes >= sizeof(struct wire_field) && header->field_bytes <= STRIDE_MAX &&
           header->kind_count <= TABLE_MAX && header->kind_bytes >= sizeof(struct events_wire_kind) &&
           header->kind_bytes <= STRIDE_MAX && header->entry_bytes > 0 && header->entry_bytes <= STRIDE_MAX &&
           header->entry_bytes % sizeof(uint64_t) == 0 && header->entry_count > 0 &&
           fits(header, header->fields_offset, header->field_count, header->field_bytes) &&
           fits(header, header->kinds_offset, header->kind_count, header->kind_bytes) &&
           fits(header, header->cursor_offset, 1, sizeof(struct events_cursor)) &&
           fits(header, header->entries_offset, header->entry_count, header->entry_bytes);
}

static int check_header(const struct events_header *header, int64_t object_size, struct error *error)
{
    if (memcmp(header->magic, EVENTS_MAGIC, sizeof header->magic) != 0)
        return error_set(error, "not a ring of events");
    if (header->byte_order != EVENTS_BYTE_ORDER)
        return error_set(error, "a ring of events of a machine with another byte order");
    if (header->version == 0)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "the ring of events is just being made");
    if (header->version != EVENTS_LAYOUT_VERSION)
        return error_set(error,
                         "a ring of events of layout version %" PRIu32 ", this program reads version %" PRIu32
                         ": use the programs that were installed with the running ksupervise",
                         header->version, EVENTS_LAYOUT_VERSION);
    if (object_size < 0 || header->total_bytes > (uint64_t)object_size)
        return error_set(error, "a truncated ring of events: %" PRId64 " of %" PRIu64 " bytes", object_size,
                         header->total_bytes);
    if (!consistent(header))
        return error_set(error, "a damaged ring of events: its header contradicts itself");
    return 0;
}

/* --- opening ------------------------------------------------------------------------------------------- */

static void make_printable(struct events_wire_kind *kind)
{
    printable(kind->name, sizeof kind->name);
    printable(kind->help, sizeof kind->help);
    printable(kind->from, sizeof kind->from);
    printable(kind->to, sizeof kind->to);
    printable(kind->count, sizeof kind->count);
}

static int read_kinds(struct events_reader *reader, struct error *error)
{
    const struct events_header *header = &reader->header;
    reader->kinds = calloc(header->kind_count + 1, sizeof *reader->kinds);
    if (reader->kinds == NULL)
        return error_set(error, "no memory to read the events");
    for (uint32_t i = 0; i < header->kind_count; i++) {
        if (!object_read(reader->fd, &reader->kinds[i], sizeof reader->kinds[i],
                         header->kinds_offset + (uint64_t)i * header->kind_bytes))
            return error_set(error, "a truncated ring of events");
        make_printable(&reader->kinds[i]);
    }
    return 0;
}

/* Without it there is no sleeping; reading goes on. */
static void map_cursor(struct events_reader *reader)
{
    reader->map_bytes = reader->header.cursor_offset + sizeof(struct events_cursor);
    void *map = mmap(NULL, reader->map_bytes, PROT_READ, MAP_SHARED, reader->fd, 0);
    reader->map = map == MAP_FAILED ? NULL : map;
}

static int load(struct events_reader *reader, struct error *error)
{
    struct events_header *header = &reader->header;
    if (!object_read(reader->fd, header, sizeof *header, 0))
        return error_set(error, "not a ring of events: it is too short");
    if (check_header(header, object_bytes(reader->fd), error) != 0)
        return -1;
    const struct wire_fields theirs = {header->fields_offset, header->field_bytes, header->field_count,
                                       header->entry_bytes};
    reader->entry = malloc(header->entry_bytes);
    if (reader->entry == NULL)
        return error_set(error, "no memory to read the events");
    if (fields_find(reader->fd, &theirs, event_fields, reader->locations, EVENT_FIELD_COUNT, error) != 0 ||
        read_kinds(reader, error) != 0)
        return -1;
    map_cursor(reader);
    return 0;
}

static int make(struct events_reader **reader, int fd, const char *name, struct error *error)
{
    struct events_reader *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        close(fd);
        return error_set(error, "no memory to read the events");
    }
    fresh->fd = fd;
    snprintf(fresh->name, sizeof fresh->name, "%s", name);
    if (load(fresh, error) != 0) {
        events_reader_close(fresh);
        return -1;
    }
    *reader = fresh;
    return 0;
}

static int open_name(struct events_reader **reader, const char *name, struct error *error)
{
    int fd = object_open(name, error);
    return fd < 0 ? -1 : make(reader, fd, name, error);
}

int events_reader_open(struct events_reader **reader, const char *instance, struct error *error)
{
    char name[STATS_NAME_BYTES];
    *reader = NULL;
    directory_name_beside(name, instance, EVENTS_OBJECT);
    return open_name(reader, name, error) == 0 ? 0 : error_context(error, "events of instance %s", instance);
}

int events_reader_take(struct events_reader **reader, int fd, struct error *error)
{
    *reader = NULL;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return error_set(error, "cannot use descriptor %d: %m", fd);
    return make(reader, own, "", error);
}

void events_reader_close(struct events_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->map != NULL)
        munmap(reader->map, reader->map_bytes);
    close(reader->fd);
    free(reader->kinds);
    free(reader->entry);
    free(reader);
}

/* --- reading ------------------------------------------------------------------------------------------- */

static bool read_cursor(const struct events_reader *reader, size_t member, uint64_t *number)
{
    bool whole = object_read(reader->fd, number, sizeof *number, reader->header.cursor_offset + member);
    fence_acquire();
    return whole && *number <= INT64_MAX;
}

#define read_tail(reader, number)   read_cursor(reader, offsetof(struct events_cursor, tail), number)
#define read_intent(reader, number) read_cursor(reader, offsetof(struct events_cursor, intent), number)

uint64_t events_newest(const struct events_reader *reader)
{
    uint64_t tail;
    return read_tail(reader, &tail) ? tail : 0;
}

int64_t events_created_us(const struct events_reader *reader)
{
    return reader->header.created_us;
}

static bool read_entry(const struct events_reader *reader, uint64_t sequence)
{
    const struct events_header *header = &reader->header;
    bool whole = object_read(reader->fd, reader->entry, header->entry_bytes,
                             header->entries_offset + sequence % header->entry_count * header->entry_bytes);
    fence_acquire();
    return whole;
}

/* The oldest that nobody is writing over, or has. */
static uint64_t oldest(const struct events_reader *reader, uint64_t intent)
{
    uint64_t count = reader->header.entry_count;
    return intent < count ? 1 : intent - count + 1;
}

static int damaged(struct error *error)
{
    return error_set(error, "a damaged ring of events: its numbers contradict each other");
}

static int take_event(const struct events_reader *reader, uint64_t sequence, struct event *event,
                      struct error *error)
{
    *event = (struct event){0};
    fields_take(reader->entry, reader->locations, event_fields, EVENT_FIELD_COUNT, event);
    return event->sequence == sequence ? 1 : damaged(error);
}

/* The first that is at least `wanted`, and at most `tail`: 1, with *event; -1 as events_read. */
static int read_from(const struct events_reader *reader, uint64_t wanted, uint64_t tail, struct event *event,
                     struct error *error)
{
    uint64_t intent;
    for (int i = 0; i < TRIES_MAX; i++) {
        if (!read_intent(reader, &intent) || intent < tail)
            return damaged(error);
        uint64_t kept = oldest(reader, intent);
        if (wanted < kept) /* a little further on, when it has been overtaken before */
            wanted = kept + (UINT64_C(1) << i) / 2;
        if (wanted > tail)
            wanted = tail;
        if (!read_entry(reader, wanted) || !read_intent(reader, &intent))
            return damaged(error);
        if (wanted >= oldest(reader, intent))
            return take_event(reader, wanted, event, error);
        if (!read_tail(reader, &tail))
            return damaged(error);
    }
    return error_set(error, "the events come faster than they can be read");
}

/* The name leads to another object, or to none: what is in this one is all that will ever be. */
static bool is_gone(const struct events_reader *reader)
{
    struct stat status;
    return reader->name[0] != '\0' && fstat(reader->fd, &status) == 0 && status.st_nlink == 0;
}

/* Switches to the object that the name leads to. False: none exists yet, or it cannot be read. */
static bool follow(struct events_reader *reader)
{
    struct events_reader *fresh = NULL;
    if (open_name(&fresh, reader->name, NULL) != 0 || fresh == NULL)
        return false;
    struct events_reader former = *reader;
    *reader = *fresh;
    *fresh = former;
    events_reader_close(fresh);
    return true;
}

int events_read(struct events_reader *reader, uint64_t after, struct event *event, uint64_t *missed,
                struct error *error)
{
    uint64_t tail;
    bool gone = is_gone(reader); /* first, so that nothing comes after the tail that is read now */
    *missed = 0;
    if (!read_tail(reader, &tail))
        return damaged(error);
    if (after == tail && gone && follow(reader)) {
        after = 0;
        if (!read_tail(reader, &tail))
            return damaged(error);
    }
    if (after == tail || tail == 0)
        return 0;
    bool from_the_oldest = after == 0 || after > tail;
    int result = read_from(reader, from_the_oldest ? 1 : after + 1, tail, event, error);
    if (result == 1 && !from_the_oldest)
        *missed = event->sequence - after - 1;
    return result;
}

void events_wait(struct events_reader *reader, uint64_t after, int64_t timeout_us)
{
    struct timespec timeout = {.tv_sec = timeout_us / US_PER_SECOND,
                               .tv_nsec = timeout_us % US_PER_SECOND * 1000};
    uint64_t tail;
    if (timeout_us <= 0 || !read_tail(reader, &tail) || (tail != 0 && tail != after))
        return;
    if (reader->map == NULL) {
        nanosleep(&timeout, NULL);
        return;
    }
    /* If an event has come since, the kernel sees another number and does not sleep. */
    syscall(SYS_futex,
            reader->map + reader->header.cursor_offset + offsetof(struct events_cursor, tail) +
                EVENTS_LOWER_HALF,
            FUTEX_WAIT, (uint32_t)tail, &timeout, NULL, 0);
}

struct event_about events_about(const struct events_reader *reader, int64_t kind)
{
    if (kind < 1 || kind > (int64_t)reader->header.kind_count)
        return event_about(EVENT_KIND_NONE);
    const struct events_wire_kind *theirs = &reader->kinds[kind - 1];
    return (struct event_about){theirs->name, theirs->help, theirs->from, theirs->to, theirs->count};
}
