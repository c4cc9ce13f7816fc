/* capture.h: what an instance was at one moment after another, in a file: what `kstat --dump` writes and
 * `kstat -f` shows in every form that a living instance has.
 *
 *   file    magic "KSUPCAP\0" · byte order u32 0x01020304 · version u32 1 · frames
 *   frame   struct capture_frame · a Zstandard frame with a checksum (RFC 8878) of `plain_bytes`: items
 *   item    struct capture_item · `bytes` bytes, padded to a multiple of 8
 *
 * A directory and segments are kept as objects as they stand in shared memory, so a build that reads the
 * objects of another build also reads its captures. Items of an unknown type are skipped. A file may end
 * within a frame (its writer was killed): the frames before it count. Nothing that is read is trusted. One
 * thread.
 */
#ifndef KSUPERVISE_COMMON_CAPTURE_CAPTURE_H
#define KSUPERVISE_COMMON_CAPTURE_CAPTURE_H

#include "common/stats/events.h"
#include "common/view/view.h"

#define CAPTURE_MAGIC      "KSUPCAP" /* with its NUL */
#define CAPTURE_BYTE_ORDER UINT32_C(0x01020304)
#define CAPTURE_VERSION    UINT32_C(1)
#define CAPTURE_FRAME      UINT32_C(0x4d415246) /* "FRAM" */
#ifndef CAPTURE_BYTES_MAX                       /* the fuzzer has less memory */
#define CAPTURE_BYTES_MAX (UINT64_C(1) << 30)   /* of a frame, packed or not */
#endif

struct capture_file_header {
    char magic[8];
    uint32_t byte_order, version;
};

struct capture_frame {
    uint32_t magic, flags; /* 0 */
    int64_t time_us;       /* wall time of the look */
    uint64_t packed_bytes, plain_bytes;
};

enum capture_type {
    CAPTURE_INSTANCE = 1,
    CAPTURE_DIRECTORY = 2,
    CAPTURE_SEGMENT = 3,
    CAPTURE_EVENTS = 4,
    CAPTURE_PROBLEM = 5, /* a segment that could not be read: why, as text */
};

enum capture_flags {
    CAPTURE_ALIVE = 1,
    CAPTURE_STOPPED = 2,
    CAPTURE_ELSEWHERE = 4,
    CAPTURE_TORN = 8, /* some group of its values was torn, and is unknown */
};

struct capture_item {
    uint32_t type;       /* enum capture_type */
    uint32_t flags;      /* enum capture_flags */
    uint64_t generation; /* of a segment; bytes of one of the events, which have members appended only */
    uint64_t bytes;
    char name[48]; /* the instance, or the worker */
};

/* --- writing ------------------------------------------------------------------------------------------- */
struct capture_writer;
/* Creates the file (0600), or appends to an existing capture. -1 when it is something else. */
int capture_create(struct capture_writer **writer, const char *path, struct error *error);
/* One look at `instance`: its directory and all its segments, dead ones too. */
int capture_write(struct capture_writer *writer, struct source *source, const char *instance,
                  struct error *error);
/* NULL is fine. -1 when what was written is not on the disk. */
int capture_finish(struct capture_writer *writer, struct error *error);

/* Where the last whole frame of a capture ends. -1 when it is not a capture. */
int capture_measure(int fd, const char *path, uint64_t *end, struct error *error);

/* --- reading ------------------------------------------------------------------------------------------- */
struct capture;
int capture_open(struct capture **capture, const char *path, struct error *error);

/* Limits for a capture from an untrusted source. */
struct capture_bounds {
    size_t frames;        /* further ones are ignored */
    size_t objects;       /* of a frame */
    uint64_t frame_bytes; /* unpacked */
};
/* For an open file: takes over `fd`, also when it fails. Errors call it `name`. */
int capture_take(struct capture **capture, int fd, const char *name, const struct capture_bounds *bounds,
                 struct error *error);
void capture_close(struct capture *capture);          /* NULL is fine */
size_t capture_frames(const struct capture *capture); /* at least 1 */
int64_t capture_time_us(const struct capture *capture, size_t frame);
bool capture_was_cut(const struct capture *capture); /* its last frame is not whole */
/* The last frame that is not later; the first when all are. */
size_t capture_find(const struct capture *capture, int64_t time_us);
/* From now on the source is that frame. -1 when it is damaged. */
int capture_seek(struct capture *capture, size_t frame, struct error *error);
/* The events of that frame, oldest first; false past the last. */
bool capture_event(const struct capture *capture, size_t index, struct event *event);
struct source *capture_source(struct capture *capture); /* lives as long as the capture */
const char *capture_instance(const struct capture *capture);

#endif
