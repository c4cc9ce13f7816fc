/* Which objects of this user are there: by their names in /dev/shm, since nothing else lists them. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>

#include "common/own_file.h"
#include "common/array.h"
#include "common/stats/directory.h"
#include "common/stats/object.h"
#include "common/stats/segment.h"

struct entry {
    char instance[NAME_BYTES];
    char worker[WORKER_NAME_BYTES]; /* "" for a directory object */
    uint64_t generation;
};

struct entries {
    struct entry *items;
    size_t count, capacity;
};

static bool take_name(char *to, size_t bytes, const char *from, size_t length)
{
    if (length == 0 || length >= bytes)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)from[i]) && strchr("_-.", from[i]) == NULL)
            return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

/* Digits only, no leading zero, and no overflow: exactly what stats_segment_name writes. */
static bool take_generation(const char *text, uint64_t *generation)
{
    char again[24];
    *generation = strtoull(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRIu64, *generation);
    return strcmp(text, again) == 0;
}

/* ksupervise.<uid>.<instance>[.<worker>.<generation>]; a worker may have a dot (bravo.2), an instance has
 * none. */
static bool parse(const char *file, struct entry *entry)
{
    char prefix[32];
    int length = snprintf(prefix, sizeof prefix, "ksupervise.%u.", (unsigned)geteuid());
    if (strncmp(file, prefix, (size_t)length) != 0)
        return false;
    const char *instance = file + length;
    size_t instance_length = strcspn(instance, ".");
    entry->worker[0] = '\0';
    if (!take_name(entry->instance, sizeof entry->instance, instance, instance_length))
        return false;
    if (instance[instance_length] == '\0')
        return true;
    const char *worker = instance + instance_length + 1;
    const char *dot = strrchr(worker, '.');
    return dot != NULL && take_name(entry->worker, sizeof entry->worker, worker, (size_t)(dot - worker)) &&
           take_generation(dot + 1, &entry->generation);
}

static int append(struct entries *entries, const struct entry *entry)
{
    struct entry *items = array_room(entries->items, entries->count, &entries->capacity, 64, sizeof *items);
    if (items == NULL)
        return -1;
    entries->items = items;
    entries->items[entries->count++] = *entry;
    return 0;
}

static int compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = strcmp(a->instance, b->instance);
    if (order == 0)
        order = strcmp(a->worker, b->worker);
    if (order == 0)
        order = (a->generation > b->generation) - (a->generation < b->generation);
    return order;
}

/* All of them first: `each` may create and unlink. A missing folder holds none. */
static int list(struct entries *entries)
{
    *entries = (struct entries){0};
    DIR *folder = opendir(OBJECT_FOLDER);
    if (folder == NULL)
        return errno == ENOENT ? 0 : -1;
    struct entry entry;
    int result = 0;
    for (const struct dirent *file = readdir(folder); file != NULL && result == 0; file = readdir(folder))
        if (parse(file->d_name, &entry) && own_file_is(dirfd(folder), file->d_name))
            result = append(entries, &entry);
    closedir(folder);
    if (entries->count > 0)
        qsort(entries->items, entries->count, sizeof entries->items[0], compare);
    return result;
}

int stats_segment_scan(const char *instance,
                       int (*each)(void *context, const char *instance, const char *worker,
                                   uint64_t generation),
                       void *context)
{
    struct entries entries;
    int result = list(&entries);
    for (size_t i = 0; i < entries.count && result == 0; i++) {
        const struct entry *entry = &entries.items[i];
        if (entry->worker[0] != '\0' && (instance == NULL || strcmp(entry->instance, instance) == 0))
            result = each(context, entry->instance, entry->worker, entry->generation);
    }
    free(entries.items);
    return result;
}

int directory_scan(int (*each)(void *context, const char *instance), void *context)
{
    struct entries entries;
    int result = list(&entries);
    for (size_t i = 0; i < entries.count && result == 0; i++)
        if (entries.items[i].worker[0] == '\0')
            result = each(context, entries.items[i].instance);
    free(entries.items);
    return result;
}
