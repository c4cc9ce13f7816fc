/* A directory as bytes: for its writer, and for captures. */
#include "common/stats/directory_layout.h"
#include "common/stats/words.h"

void directory_layout(struct directory_header *header, uint32_t capacity)
{
    memcpy(header->magic, DIRECTORY_MAGIC, sizeof header->magic);
    header->byte_order = DIRECTORY_BYTE_ORDER;
    header->capacity = capacity;
    header->field_bytes = sizeof(struct wire_field);
    header->field_count = (uint32_t)DIRECTORY_FIELD_COUNT;
    header->bootstrap_bytes = DIRECTORY_BOOTSTRAP_BYTES;
    header->worker_bytes = sizeof(struct directory_worker);
    header->fields_offset = sizeof *header;
    header->selectors_offset = header->fields_offset + header->field_count * header->field_bytes;
    header->bootstrap_offset =
        header->selectors_offset + (DIRECTORY_SELECTOR_WORKER + capacity) * (uint32_t)sizeof(uint64_t);
    header->workers_offset = header->bootstrap_offset + 2 * header->bootstrap_bytes;
    header->total_bytes = header->workers_offset + UINT64_C(2) * capacity * header->worker_bytes;
}

/* As the first publication: copy 1, selector 1. */
static void put(unsigned char *image, const struct directory_header *header, uint32_t selector, size_t copies,
                const void *value, size_t bytes)
{
    uint64_t first = 1;
    memcpy(image + header->selectors_offset + selector * sizeof first, &first, sizeof first);
    memcpy(image + copies + bytes, value, bytes);
}

static void put_workers(unsigned char *image, const struct directory_header *header,
                        const struct directory *directory)
{
    struct directory_worker worker;
    uint64_t used = header->capacity;
    memcpy(image + header->selectors_offset, &used, sizeof used);
    for (uint32_t i = 0; i < header->capacity; i++) {
        if (!directory_worker(directory, i, &worker))
            directory_worker_init(&worker); /* an empty slot has no name */
        put(image, header, DIRECTORY_SELECTOR_WORKER + i,
            header->workers_offset + (size_t)2 * i * header->worker_bytes, &worker, sizeof worker);
    }
}

void *directory_image(const struct directory *directory, size_t *bytes)
{
    struct directory_header header = {.pid = (uint64_t)directory_pid(directory),
                                      .started_us = directory_started_us(directory),
                                      .version = DIRECTORY_LAYOUT_VERSION};
    char bootstrap[DIRECTORY_BOOTSTRAP_BYTES] = "";
    directory_layout(&header, (uint32_t)directory_count(directory));
    snprintf(header.birth_id, sizeof header.birth_id, "%s", directory_birth_id(directory));
    snprintf(bootstrap, sizeof bootstrap, "%s", directory_bootstrap(directory));
    unsigned char *image = calloc(1, header.total_bytes);
    if (image == NULL)
        return NULL;
    memcpy(image, &header, sizeof header);
    fields_describe((struct wire_field *)(void *)(image + header.fields_offset), directory_fields,
                    DIRECTORY_FIELD_COUNT);
    put(image, &header, DIRECTORY_SELECTOR_BOOTSTRAP, header.bootstrap_offset, bootstrap, sizeof bootstrap);
    put_workers(image, &header, directory);
    *bytes = header.total_bytes;
    return image;
}
