#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

#include "common/exit_codes.h"
#include "common/stats/directory_layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"
#include "common/stats/printable.h"

#define DIRECTORY_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
#define FIELDS_MAX          256
#define FIELD_BYTES_MAX     4096

struct directory {
    int fd;
    char name[STATS_NAME_BYTES]; /* "" when there is none to open again */
    struct directory_header header;
    struct field_location locations[DIRECTORY_FIELD_COUNT];
    size_t count;
    unsigned char *records; /* count · 2 copies */
    uint64_t *publications; /* of each; 0: torn or never published */
    char bootstrap[DIRECTORY_BOOTSTRAP_BYTES];
};

static bool fits(const struct directory_header *header, uint64_t offset, uint64_t count, uint64_t bytes)
{
    return offset % sizeof(uint64_t) == 0 && offset >= sizeof *header && offset <= header->total_bytes &&
           count * bytes <= header->total_bytes - offset;
}

static bool consistent(const struct directory_header *header)
{
    return header->total_bytes <= DIRECTORY_BYTES_MAX && header->field_count <= FIELDS_MAX &&
           header->field_bytes >= sizeof(struct wire_field) && header->field_bytes <= FIELD_BYTES_MAX &&
           header->capacity <= DIRECTORY_CAPACITY_MAX && header->worker_bytes % sizeof(uint64_t) == 0 &&
           header->bootstrap_bytes % sizeof(uint64_t) == 0 && header->bootstrap_bytes > 0 &&
           fits(header, header->fields_offset, header->field_count, header->field_bytes) &&
           fits(header, header->selectors_offset, (uint64_t)DIRECTORY_SELECTOR_WORKER + header->capacity,
                sizeof(uint64_t)) &&
           fits(header, header->bootstrap_offset, 2, header->bootstrap_bytes) &&
           fits(header, header->workers_offset, UINT64_C(2) * header->capacity, header->worker_bytes);
}

static int check_header(const struct directory_header *header, int64_t object_size, struct error *error)
{
    if (memcmp(header->magic, DIRECTORY_MAGIC, sizeof header->magic) != 0)
        return error_set(error, "not a directory of workers");
    if (header->byte_order != DIRECTORY_BYTE_ORDER)
        return error_set(error, "a directory of a machine with another byte order");
    if (header->version == 0)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "the directory is just being made");
    if (header->version != DIRECTORY_LAYOUT_VERSION)
        return error_set(error,
                         "a directory of layout version %" PRIu32 ", this program reads version %" PRIu32
                         ": use the programs that were installed with the running ksupervise",
                         header->version, DIRECTORY_LAYOUT_VERSION);
    if (object_size < 0 || header->total_bytes > (uint64_t)object_size)
        return error_set(error, "a truncated directory: %" PRId64 " of %" PRIu64 " bytes", object_size,
                         header->total_bytes);
    if (!consistent(header))
        return error_set(error, "a damaged directory: its header contradicts itself");
    return 0;
}

static int read_fields(struct directory *directory, struct error *error)
{
    const struct wire_fields theirs = {directory->header.fields_offset, directory->header.field_bytes,
                                       directory->header.field_count, directory->header.worker_bytes};
    return fields_find(directory->fd, &theirs, directory_fields, directory->locations, DIRECTORY_FIELD_COUNT,
                       error);
}

static int read_bootstrap(struct directory *directory, struct error *error)
{
    const struct directory_header *header = &directory->header;
    unsigned char *copies = malloc((size_t)2 * header->bootstrap_bytes);
    if (copies == NULL)
        return error_set(error, "no memory to read the directory");
    uint64_t publication;
    directory->bootstrap[0] = '\0';
    if (object_read_group(directory->fd,
                          header->selectors_offset + DIRECTORY_SELECTOR_BOOTSTRAP * sizeof(uint64_t),
                          header->bootstrap_offset, header->bootstrap_bytes, copies, &publication)) {
        size_t bytes = header->bootstrap_bytes < sizeof directory->bootstrap ? header->bootstrap_bytes
                                                                             : sizeof directory->bootstrap;
        memcpy(directory->bootstrap, copies + (publication & 1) * header->bootstrap_bytes, bytes);
        printable(directory->bootstrap, bytes);
    }
    free(copies);
    return 0;
}

static int read_workers(struct directory *directory, struct error *error)
{
    const struct directory_header *header = &directory->header;
    uint64_t used;
    if (!object_read(directory->fd, &used, sizeof used, header->selectors_offset))
        return error_set(error, "a truncated directory");
    size_t count = used < header->capacity ? (size_t)used : header->capacity;
    size_t bytes = (size_t)2 * header->worker_bytes;
    unsigned char *records = realloc(directory->records, count * bytes + 1);
    if (records != NULL)
        directory->records = records;
    uint64_t *publications = realloc(directory->publications, (count + 1) * sizeof *publications);
    if (publications != NULL)
        directory->publications = publications;
    if (records == NULL || publications == NULL)
        return error_set(error, "no memory to read the directory");
    directory->count = count;
    for (size_t i = 0; i < count; i++)
        if (!object_read_group(directory->fd,
                               header->selectors_offset + (DIRECTORY_SELECTOR_WORKER + i) * sizeof(uint64_t),
                               header->workers_offset + i * bytes, header->worker_bytes, records + i * bytes,
                               &publications[i]))
            publications[i] = 0;
    return 0;
}

/* Reads all of the object behind directory->fd. */
static int load(struct directory *directory, struct error *error)
{
    struct directory_header *header = &directory->header;
    directory->count = 0;
    if (!object_read(directory->fd, header, sizeof *header, 0))
        return error_set(error, "not a directory of workers: it is too short");
    if (check_header(header, object_bytes(directory->fd), error) != 0)
        return -1;
    printable(header->birth_id, sizeof header->birth_id);
    if (read_fields(directory, error) != 0 || read_bootstrap(directory, error) != 0)
        return -1;
    return read_workers(directory, error);
}

static int make(struct directory **directory, int fd, const char *name, struct error *error)
{
    struct directory *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        close(fd);
        return error_set(error, "no memory to read the directory");
    }
    fresh->fd = fd;
    snprintf(fresh->name, sizeof fresh->name, "%s", name);
    if (load(fresh, error) != 0) {
        directory_free(fresh);
        return -1;
    }
    *directory = fresh;
    return 0;
}

int directory_open(struct directory **directory, const char *instance, struct error *error)
{
    *directory = NULL;
    char name[STATS_NAME_BYTES];
    directory_name(name, instance);
    int fd = object_open(name, error);
    if (fd < 0)
        return -1;
    if (make(directory, fd, name, error) != 0)
        return error_context(error, "instance %s", instance);
    return 0;
}

int directory_take(struct directory **directory, int fd, struct error *error)
{
    *directory = NULL;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return error_set(error, "cannot use descriptor %d: %m", fd);
    return make(directory, own, "", error);
}

int directory_refresh(struct directory *directory, struct error *error)
{
    struct stat status;
    if (directory->name[0] != '\0' && fstat(directory->fd, &status) == 0 && status.st_nlink == 0) {
        int fd = object_open(directory->name, error);
        if (fd < 0)
            return -1;
        close(directory->fd);
        directory->fd = fd;
    }
    return load(directory, error);
}

void directory_free(struct directory *directory)
{
    if (directory == NULL)
        return;
    close(directory->fd);
    free(directory->records);
    free(directory->publications);
    free(directory);
}

pid_t directory_pid(const struct directory *directory)
{
    return directory->header.pid <= INT_MAX ? (pid_t)directory->header.pid : 0;
}

bool directory_alive(const struct directory *directory)
{
    return liveness_alive(directory->fd, directory_pid(directory), directory->header.start_ticks,
                          directory->header.pid_namespace);
}

bool directory_stopped(const struct directory *directory)
{
    return directory_alive(directory) && !directory_elsewhere(directory) &&
           liveness_stopped(directory_pid(directory));
}

bool directory_elsewhere(const struct directory *directory)
{
    return liveness_elsewhere(directory->header.pid_namespace);
}

int64_t directory_started_us(const struct directory *directory)
{
    return directory->header.started_us;
}

const char *directory_birth_id(const struct directory *directory)
{
    return directory->header.birth_id;
}

const char *directory_bootstrap(const struct directory *directory)
{
    return directory->bootstrap;
}

size_t directory_count(const struct directory *directory)
{
    return directory->count;
}

bool directory_worker(const struct directory *directory, size_t index, struct directory_worker *worker)
{
    memset(worker, 0, sizeof *worker);
    if (index >= directory->count || directory->publications[index] == 0)
        return false;
    size_t bytes = directory->header.worker_bytes;
    const unsigned char *record =
        directory->records + 2 * index * bytes + (directory->publications[index] & 1) * bytes;
    fields_take(record, directory->locations, directory_fields, DIRECTORY_FIELD_COUNT, worker);
    return worker->name[0] != '\0';
}
