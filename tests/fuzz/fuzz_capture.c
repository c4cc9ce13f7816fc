/* Arbitrary bytes as a capture: every frame is sought, and a view of it walked value by value, lazy and
 * whole. It must neither crash nor read outside its own memory, and take no more of it than a frame may have
 * (the Makefile gives it a smaller bound). Checksums keep a fuzzer out: the same bytes are looked at as the
 * items of a frame, too. The corpus holds two moments of an instance, packed, and the items of one. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <zstd.h>

#include "common/capture/recording.h"
#include "tools/kstat/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES 8

static void look_at_value(void *context, const struct view_worker *worker, const char *name,
                          struct stat_value value)
{
    char text[FLAT_VALUE_BYTES];
    (void)worker;
    flat_text(value, text);
    *(size_t *)context += strlen(name) + strlen(text);
}

static void look_at_view(struct source *source, const char *instance, bool lazy)
{
    const struct view_request request = {.source = source, .instance = instance, .lazy = lazy};
    struct view view;
    size_t letters = 0;
    if (view_collect(&view, &request, NULL) != 0)
        return;
    for (size_t i = 0; i < view.count; i++) {
        view_begin_worker(&view, i, &request);
        flat_worker(&view, &view.workers[i], NULL, look_at_value, &letters);
        view_end_worker(&view, i, &request);
    }
    view_release(&view);
}

static void look_at_file(const char *path)
{
    struct capture *capture;
    if (capture_open(&capture, path, NULL) != 0)
        return;
    for (size_t i = 0; i < capture_frames(capture) && i < FRAMES; i++) {
        if (capture_seek(capture, i, NULL) != 0)
            continue;
        capture_find(capture, capture_time_us(capture, i));
        look_at_view(capture_source(capture), capture_instance(capture), true);
        look_at_view(capture_source(capture), capture_instance(capture), false);
    }
    capture_close(capture);
}

static void look_at_recording(const void *bytes, size_t size)
{
    static const struct capture_bounds bounds = {.frames = FRAMES, .objects = 64, .frame_bytes = 1 << 22};
    struct capture *capture;
    struct recording *recording;
    char *text = NULL;
    size_t length = 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    if (capture_take(&capture, fd, "it", &bounds, NULL) != 0)
        return;
    const struct view_request request = {.source = capture_source(capture),
                                         .instance = capture_instance(capture)};
    FILE *stream = open_memstream(&text, &length);
    const struct recording_spec spec = {
        .request = &request, .capture = capture, .bytes_max = 1 << 20, .stream = stream};
    if (recording_open(&recording, &spec, NULL) == 0)
        while (recording_step(recording, NULL) == 1)
            ;
    recording_close(recording);
    fclose(stream);
    free(text);
    capture_close(capture);
}

/* A file in memory has a path, too. */
static void look_at(const void *bytes, size_t size)
{
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    look_at_file(path);
    close(fd);
    look_at_recording(bytes, size);
}

static void look_at_items(const uint8_t *data, size_t size)
{
    struct capture_file_header header = {CAPTURE_MAGIC, CAPTURE_BYTE_ORDER, CAPTURE_VERSION};
    struct capture_frame frame = {.magic = CAPTURE_FRAME, .time_us = 5, .plain_bytes = size};
    size_t head = sizeof header + sizeof frame, room = head + ZSTD_compressBound(size);
    unsigned char *bytes = malloc(room);
    if (bytes == NULL)
        abort();
    frame.packed_bytes = ZSTD_compress(bytes + head, room - head, data, size, 1);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, &frame, sizeof frame);
    look_at(bytes, head + frame.packed_bytes);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    look_at(data, size);
    look_at_items(data, size);
    return 0;
}
