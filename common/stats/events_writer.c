#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "common/stats/directory_layout.h"
#include "common/stats/events_layout.h"
#include "common/stats/object.h"
#include "common/stats/words.h"

struct events_writer {
    char name[STATS_NAME_BYTES];
    char fresh_name[STATS_NAME_BYTES]; /* while it is made */
    unsigned char *base;
    struct events_header layout; /* own copy: nobody can move what is behind the offsets */
    stats_word *intent, *tail;
};

static size_t entry_offset(const struct events_header *header, uint64_t sequence)
{
    return header->entries_offset + (size_t)(sequence % header->entry_count) * header->entry_bytes;
}

/* --- the object ---------------------------------------------------------------------------------------- */

/* Header and tables, of `entries_offset` bytes, with version 0. NULL without memory. */
static unsigned char *make_head(struct events_header *header, const char *instance)
{
    events_layout(header);
    header->created_us = clock_wall_us();
    snprintf(header->instance, sizeof header->instance, "%s", instance);
    unsigned char *head = calloc(1, header->entries_offset);
    if (head == NULL)
        return NULL;
    memcpy(head, header, sizeof *header);
    events_layout_tables(header, head);
    return head;
}

/* A killed writer leaves an intent that is one ahead, or not. */
static bool whole_cursor(int fd, const struct events_header *header)
{
    struct events_cursor cursor;
    struct event newest;
    if (!object_read(fd, &cursor, sizeof cursor, header->cursor_offset) || cursor.tail > INT64_MAX ||
        cursor.intent < cursor.tail || cursor.intent > cursor.tail + 1)
        return false;
    return cursor.tail == 0 || (object_read(fd, &newest, sizeof newest, entry_offset(header, cursor.tail)) &&
                                newest.sequence == cursor.tail);
}

/* Made by this build, for this instance, and with numbers that agree. */
static bool is_whole(int fd, const struct events_header *header, const unsigned char *head)
{
    struct events_header *theirs = malloc(header->entries_offset);
    bool whole = theirs != NULL && object_bytes(fd) == (int64_t)header->total_bytes &&
                 object_read(fd, theirs, header->entries_offset, 0) &&
                 theirs->version == EVENTS_LAYOUT_VERSION && whole_cursor(fd, header);
    if (whole) {
        theirs->version = header->version;
        theirs->created_us = header->created_us;
        memset((unsigned char *)theirs + header->cursor_offset, 0, sizeof(struct events_cursor));
        whole = memcmp(head, theirs, header->entries_offset) == 0;
    }
    free(theirs);
    return whole;
}

static int take_former(const struct events_writer *writer, const unsigned char *head)
{
    int fd = object_open_writable(writer->name, NULL);
    if (fd < 0 || is_whole(fd, &writer->layout, head))
        return fd;
    close(fd);
    return -1;
}

/* Under another name first: a reader finds the former object, or this one whole. */
static int make_anew(const struct events_writer *writer, const unsigned char *head, struct error *error)
{
    const char *fresh = writer->fresh_name;
    unsigned char *image = calloc(1, writer->layout.total_bytes);
    if (image == NULL)
        return error_set(error, "no memory for the events");
    memcpy(image, head, writer->layout.entries_offset);
    shm_unlink(fresh); /* what a supervisor left that was killed right here */
    int fd = object_create(fresh, image, writer->layout.total_bytes, error);
    free(image);
    if (fd >= 0 && (object_publish_version(fd, fresh, offsetof(struct events_header, version),
                                           EVENTS_LAYOUT_VERSION, error) != 0 ||
                    object_rename(fresh, writer->name, error) != 0))
        return object_discard(fd, fresh);
    return fd;
}

static int map(struct events_writer *writer, int fd, struct error *error)
{
    void *base = mmap(NULL, writer->layout.total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return error_set(error, "cannot map " OBJECT_FOLDER "%s: %m", writer->name);
    writer->base = base;
    stats_word *cursor = (stats_word *)(void *)(writer->base + writer->layout.cursor_offset);
    writer->intent = &cursor[0];
    writer->tail = &cursor[1];
    return 0;
}

static int attach(struct events_writer *writer, const char *instance, struct error *error)
{
    directory_name_beside(writer->name, instance, EVENTS_OBJECT);
    directory_name_beside(writer->fresh_name, instance, EVENTS_OBJECT "~");
    unsigned char *head = make_head(&writer->layout, instance);
    if (head == NULL)
        return error_set(error, "no memory for the events");
    int fd = take_former(writer, head);
    if (fd < 0)
        fd = make_anew(writer, head, error);
    free(head);
    if (fd < 0) {
        shm_unlink(writer->name); /* nobody writes what is there any more */
        return -1;
    }
    int result = map(writer, fd, error);
    close(fd);
    return result;
}

int events_open(struct events_writer **writer, const char *instance, struct error *error)
{
    *writer = NULL;
    struct events_writer *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return error_set(error, "no memory for the events");
    if (attach(opened, instance, error) != 0) {
        events_close(opened, false);
        return -1;
    }
    *writer = opened;
    return 0;
}

void events_close(struct events_writer *writer, bool unlink_object)
{
    if (writer == NULL)
        return;
    if (writer->base != NULL)
        munmap(writer->base, writer->layout.total_bytes);
    if (unlink_object) {
        shm_unlink(writer->fresh_name);
        shm_unlink(writer->name);
    }
    free(writer);
}

/* --- an event ------------------------------------------------------------------------------------------ */

/* A text that was cut may end within a character of UTF-8. */
static void end_text(char *text, size_t bytes)
{
    size_t length = strnlen(text, bytes - 1);
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    unsigned char lead = start > 0 ? (unsigned char)text[start - 1] : 0;
    size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (lead >= 0xc0 && length - start < wanted)
        length = start - 1;
    memset(text + length, 0, bytes - length);
}

/* Wakes the readers in events_wait. Without any it costs a lookup in the kernel's table. */
static void wake(const struct events_writer *writer)
{
    syscall(SYS_futex, (char *)writer->tail + EVENTS_LOWER_HALF, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The intent stands before a word of the entry is touched, the tail after the last one. A kill between any
 * two stores leaves the former tail, and an entry that the intent says is not to be read. */
void events_add(struct events_writer *writer, const struct event *event)
{
    if (writer == NULL)
        return;
    struct event entry = *event;
    uint64_t words[sizeof entry / sizeof(uint64_t)];
    entry.sequence = word_load(writer->tail) + 1;
    if (entry.time_us == 0)
        entry.time_us = clock_wall_us();
    end_text(entry.worker, sizeof entry.worker);
    end_text(entry.text, sizeof entry.text);
    memcpy(words, &entry, sizeof entry);
    word_store(writer->intent, entry.sequence);
    words_store_after((stats_word *)(void *)(writer->base + entry_offset(&writer->layout, entry.sequence)),
                      words, sizeof words / sizeof words[0]);
    word_release(writer->tail, entry.sequence);
    wake(writer);
}
