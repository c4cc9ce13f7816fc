#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/stats/directory_layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"
#include "common/stats/words.h"

#define CAPACITY_MIN 8
#define TAKE_TRIES   100

/* One object. Growing makes a second one beside it. */
struct object {
    int fd;
    unsigned char *base;
    struct directory_header layout;
};

struct directory_writer {
    struct object object;
    char instance[NAME_BYTES];
    char birth_id[40];
    int64_t started_us;
    _Alignas(8) char bootstrap[DIRECTORY_BOOTSTRAP_BYTES];
    struct directory_worker *workers; /* what was published, for the next object */
    uint32_t used;
};

static unsigned char *make_image(const struct directory_writer *writer, struct directory_header *header)
{
    unsigned char *image = calloc(1, header->total_bytes);
    if (image == NULL)
        return NULL;
    header->pid = (uint64_t)getpid();
    header->pid_namespace = liveness_pid_namespace();
    header->start_ticks = liveness_start_ticks(getpid());
    header->started_us = writer->started_us;
    snprintf(header->instance, sizeof header->instance, "%s", writer->instance);
    snprintf(header->birth_id, sizeof header->birth_id, "%s", writer->birth_id);
    memcpy(image, header, sizeof *header);
    fields_describe((struct wire_field *)(void *)(image + header->fields_offset), directory_fields,
                    DIRECTORY_FIELD_COUNT);
    return image;
}

static stats_word *selector(const struct object *object, uint32_t index)
{
    return (stats_word *)(void *)(object->base + object->layout.selectors_offset) + index;
}

static void put_worker(const struct object *object, uint32_t index, const struct directory_worker *worker)
{
    size_t offset = object->layout.workers_offset + (size_t)2 * index * object->layout.worker_bytes;
    words_publish(selector(object, DIRECTORY_SELECTOR_WORKER + index),
                  (stats_word *)(void *)(object->base + offset), (const uint64_t *)(const void *)worker,
                  sizeof *worker / sizeof(uint64_t));
}

static void put_bootstrap(const struct object *object, const char *bootstrap)
{
    words_publish(selector(object, DIRECTORY_SELECTOR_BOOTSTRAP),
                  (stats_word *)(void *)(object->base + object->layout.bootstrap_offset),
                  (const uint64_t *)(const void *)bootstrap, DIRECTORY_BOOTSTRAP_BYTES / sizeof(uint64_t));
}

static void release(struct object *object)
{
    if (object->base != NULL)
        munmap(object->base, object->layout.total_bytes);
    if (object->fd >= 0)
        close(object->fd);
    *object = (struct object){.fd = -1};
}

/* --- who is the instance ------------------------------------------------------------------------------- */

static bool leads_to(const char *hidden, int fd)
{
    char path[STATS_NAME_BYTES + sizeof OBJECT_FOLDER];
    struct stat named;
    struct stat opened;
    snprintf(path, sizeof path, OBJECT_FOLDER "%s", hidden);
    return lstat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino;
}

/* Two supervisors that start at once both come by here: one has the lock on what the name leads to, and keeps
 * it when the object gets its real name. A process that opened it before that finds it locked; one that comes
 * later finds the instance alive. What a killed supervisor left here has no owner, and is taken. */
static int take_hidden(const struct directory_writer *writer, const char *hidden, struct error *error)
{
    for (int i = 0; i < TAKE_TRIES; i++) {
        int fd = object_open_or_make(hidden, error);
        if (fd < 0)
            return -1;
        if (liveness_lock(fd) != 0) {
            close(fd);
            return error_set(error, "instance '%s' is just starting: another supervisor was first",
                             writer->instance);
        }
        if (leads_to(hidden, fd))
            return fd;
        close(fd);
    }
    return error_set(error, "cannot take " OBJECT_FOLDER "%s: it is made anew all the time", hidden);
}

/* Another runtime folder has another lock file: two sessions of one user may each have one. So the directory
 * decides too. A directory of another build cannot be read, but its lock shows that its supervisor lives. */
static int check_alone(const char *instance, struct error *error)
{
    char name[STATS_NAME_BYTES];
    struct directory *living = NULL;
    directory_name(name, instance);
    int fd = object_open(name, NULL);
    bool alive = fd >= 0 && liveness_locked(fd);
    if (fd >= 0)
        close(fd);
    if (!alive)
        return 0;
    int pid = directory_open(&living, instance, NULL) == 0 ? (int)directory_pid(living) : 0;
    directory_free(living);
    return error_set(
        error,
        "instance '%s' is already running (pid %d), in a session with another XDG_RUNTIME_DIR: stop it, "
        "or start this one under another name with --instance",
        instance, pid);
}

/* Fills and maps an object that nobody can find yet, under the name `hidden`; it is locked. */
static int prepare(struct object *object, const struct directory_writer *writer, const char *hidden,
                   struct error *error)
{
    struct directory_header *header = &object->layout;
    unsigned char *image = make_image(writer, header);
    if (image == NULL)
        return error_set(error, "no memory for the directory of %s", writer->instance);
    int filled = object_fill(object->fd, hidden, image, header->total_bytes, error);
    free(image);
    if (filled != 0)
        return -1;
    void *base = mmap(NULL, header->total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object->fd, 0);
    if (base == MAP_FAILED)
        return error_set(error, "cannot map " OBJECT_FOLDER "%s: %m", hidden);
    object->base = base;
    put_bootstrap(object, writer->bootstrap);
    for (uint32_t i = 0; i < writer->used; i++)
        put_worker(object, i, &writer->workers[i]);
    word_release(selector(object, DIRECTORY_SELECTOR_USED), writer->used);
    return object_publish_version(object->fd, hidden, offsetof(struct directory_header, version),
                                  DIRECTORY_LAYOUT_VERSION, error);
}

static int replace_object(struct directory_writer *writer, uint32_t capacity, struct error *error)
{
    struct object fresh = {.fd = -1};
    directory_layout(&fresh.layout, capacity);
    char name[STATS_NAME_BYTES], hidden[STATS_NAME_BYTES];
    directory_name(name, writer->instance);
    /* No name contains '~': it cannot be taken for a worker's. */
    directory_name_beside(hidden, writer->instance, ".~");
    if ((fresh.fd = take_hidden(writer, hidden, error)) < 0)
        return -1;
    bool first = writer->object.fd < 0;
    if ((first && check_alone(writer->instance, error) != 0) || prepare(&fresh, writer, hidden, error) != 0 ||
        object_rename(hidden, name, error) != 0) {
        shm_unlink(hidden);
        release(&fresh);
        return -1;
    }
    release(&writer->object);
    writer->object = fresh;
    return 0;
}

int directory_create(struct directory_writer **writer, const char *instance, const char *birth_id,
                     uint32_t capacity, struct error *error)
{
    *writer = NULL;
    struct directory_writer *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return error_set(error, "no memory for the directory of %s", instance);
    fresh->object.fd = -1;
    snprintf(fresh->instance, sizeof fresh->instance, "%s", instance);
    snprintf(fresh->birth_id, sizeof fresh->birth_id, "%s", birth_id);
    fresh->started_us = clock_wall_us();
    if (capacity < CAPACITY_MIN)
        capacity = CAPACITY_MIN;
    if (capacity > DIRECTORY_CAPACITY_MAX)
        capacity = DIRECTORY_CAPACITY_MAX;
    /* For the largest object at once: pages that are never touched cost nothing. */
    fresh->workers = calloc(DIRECTORY_CAPACITY_MAX, sizeof *fresh->workers);
    if (fresh->workers == NULL)
        error_set(error, "no memory for the directory of %s", instance);
    if (fresh->workers == NULL || replace_object(fresh, capacity, error) != 0) {
        directory_close(fresh, false);
        return -1;
    }
    *writer = fresh;
    return 0;
}

void directory_set_bootstrap(struct directory_writer *writer, const char *bootstrap)
{
    memset(writer->bootstrap, 0, sizeof writer->bootstrap);
    snprintf(writer->bootstrap, sizeof writer->bootstrap, "%s", bootstrap);
    put_bootstrap(&writer->object, writer->bootstrap);
}

/* Slots between the last one in use and `index` become empty ones: a name of "". */
static void use_up_to(struct directory_writer *writer, uint32_t index)
{
    for (uint32_t i = writer->used; i <= index; i++)
        directory_worker_init(&writer->workers[i]);
}

int directory_publish(struct directory_writer *writer, uint32_t index, const struct directory_worker *worker,
                      struct error *error)
{
    uint32_t capacity = writer->object.layout.capacity;
    if (index >= DIRECTORY_CAPACITY_MAX)
        return error_set(error, "at most %d workers can be supervised by one instance",
                         DIRECTORY_CAPACITY_MAX);
    while (capacity <= index)
        capacity *= 2;
    if (capacity != writer->object.layout.capacity && replace_object(writer, capacity, error) != 0)
        return -1;
    use_up_to(writer, index);
    writer->workers[index] = *worker;
    for (uint32_t i = writer->used < index ? writer->used : index; i <= index; i++)
        put_worker(&writer->object, i, &writer->workers[i]);
    if (index >= writer->used) {
        writer->used = index + 1;
        word_release(selector(&writer->object, DIRECTORY_SELECTOR_USED), writer->used);
    }
    return 0;
}

void directory_close(struct directory_writer *writer, bool unlink_object)
{
    if (writer == NULL)
        return;
    if (unlink_object) {
        char name[STATS_NAME_BYTES];
        directory_name(name, writer->instance);
        shm_unlink(name);
    }
    release(&writer->object);
    free(writer->workers);
    free(writer);
}
