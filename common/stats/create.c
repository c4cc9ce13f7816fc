#include "common/stats/create.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/stats/layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"
#include "common/stats/reader.h"

static void layout_of(struct stats_header *header, enum stats_kind kind, uint32_t partition_capacity)
{
    memset(header, 0, sizeof *header);
    stats_layout(header, kind, partition_capacity);
}

size_t stats_segment_bytes(enum stats_kind kind, uint32_t partition_capacity)
{
    struct stats_header header;
    layout_of(&header, kind, partition_capacity);
    return header.total_bytes;
}

static void fill_header(struct stats_header *header, const struct stats_identity *identity)
{
    header->generation = identity->generation;
    header->created_us = clock_wall_us();
    header->pid_namespace = liveness_pid_namespace();
    snprintf(header->instance, sizeof header->instance, "%s", identity->instance);
    snprintf(header->worker, sizeof header->worker, "%s", identity->worker);
    snprintf(header->client, sizeof header->client, "%s", identity->client);
    snprintf(header->group, sizeof header->group, "%s", identity->group);
}

/* Totals of a former generation that cannot be read, or was of another kind, are lost; the worker is more
 * important. */
static void carry_over(unsigned char *image, const struct stats_header *header, int previous_fd)
{
    struct stats_snapshot *previous;
    if (previous_fd < 0 || stats_snapshot_take(&previous, previous_fd, NULL) != 0)
        return;
    if (stats_snapshot_identity(previous)->kind == (enum stats_kind)header->kind) {
        const struct stats_wire_definition *definitions = (const void *)(image + header->definitions_offset);
        for (uint32_t i = 0; i < header->definition_count; i++) {
            if (definitions[i].section != STATS_SECTION_COUNTERS)
                continue;
            int64_t total = stats_snapshot_counter(previous, definitions[i].name);
            if (total > 0)
                memcpy(image + definitions[i].position, &total, sizeof total);
        }
    }
    stats_snapshot_free(previous);
}

/* The whole object as it begins, with version 0. Returns NULL without memory. */
static unsigned char *make_image(const struct stats_identity *identity, int previous_fd,
                                 struct stats_header *header)
{
    layout_of(header, identity->kind, identity->partition_capacity);
    unsigned char *image = calloc(1, header->total_bytes);
    if (image == NULL)
        return NULL;
    fill_header(header, identity);
    header->definitions_hash = stats_layout_definitions(
        header, (struct stats_wire_definition *)(void *)(image + header->definitions_offset));
    memcpy(image, header, sizeof *header);
    stats_layout_fill_unknown(header, image);
    carry_over(image, header, previous_fd);
    return image;
}

typedef int create_object(const char *name, const void *image, size_t bytes, struct error *error);

static int create(create_object *object, const struct stats_identity *identity, const char *name,
                  int previous_fd, struct error *error)
{
    if (identity->partition_capacity > STATS_PARTITIONS_MAX)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "a segment for %" PRIu32 " partitions: at most %d are possible",
                              identity->partition_capacity, STATS_PARTITIONS_MAX);
    struct stats_header header;
    unsigned char *image = make_image(identity, previous_fd, &header);
    if (image == NULL)
        return error_set(error, "no memory for the segment of %s", identity->worker);
    int fd = object(name, image, header.total_bytes, error);
    free(image);
    return fd;
}

static int publish_version(int fd, const char *name, struct error *error)
{
    return object_publish_version(fd, name, offsetof(struct stats_header, version), STATS_LAYOUT_VERSION,
                                  error);
}

int stats_segment_create(const struct stats_identity *identity, int previous_fd, struct error *error)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, identity->instance, identity->worker, identity->generation);
    int fd = create(object_create, identity, name, previous_fd, error);
    return fd >= 0 && publish_version(fd, name, error) != 0 ? object_discard(fd, name) : fd;
}

int stats_segment_create_unnamed(const struct stats_identity *identity, int previous_fd, struct error *error)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, identity->instance, identity->worker, identity->generation);
    int fd = create(object_create_unnamed, identity, name, previous_fd, error);
    if (fd < 0 || publish_version(fd, name, error) == 0)
        return fd;
    close(fd);
    return -1;
}
