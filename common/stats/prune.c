#include "common/stats/prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/array.h"
#include "common/own_file.h"
#include "common/stats/directory_layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"

/* --- what there is, by name ---------------------------------------------------------------------------- */

struct names {
    char (*items)[NAME_MAX + 1];
    size_t count, capacity;
};

static int add(struct names *names, const char *name)
{
    void *items = array_room(names->items, names->count, &names->capacity, 32, sizeof *names->items);
    if (items == NULL)
        return -1;
    names->items = items;
    snprintf(names->items[names->count++], sizeof names->items[0], "%s", name);
    return 0;
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Our own files with this prefix. A missing folder holds none. */
static int list(const char *prefix, struct names *names)
{
    DIR *folder = opendir(OBJECT_FOLDER);
    if (folder == NULL)
        return errno == ENOENT ? 0 : -1;
    int result = 0;
    for (const struct dirent *file = readdir(folder); file != NULL && result == 0; file = readdir(folder))
        if (strncmp(file->d_name, prefix, strlen(prefix)) == 0 && own_file_is(dirfd(folder), file->d_name))
            result = add(names, file->d_name);
    closedir(folder);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof names->items[0], compare);
    return result;
}

/* `bravo` of ksupervise.0.bravo.~kept; "" when it is no name. */
static void take_instance(const char *file, size_t prefix, char instance[NAME_BYTES])
{
    size_t length = strcspn(file + prefix, ".");
    instance[0] = '\0';
    if (length < NAME_BYTES)
        snprintf(instance, NAME_BYTES, "%.*s", (int)length, file + prefix);
    if (name_check(instance, "instance", NULL) != 0)
        instance[0] = '\0';
}

int instance_scan(int (*each)(void *context, const char *instance), void *context)
{
    char prefix[STATS_NAME_BYTES], instance[NAME_BYTES], former[NAME_BYTES] = "";
    struct names names = {0};
    int length = snprintf(prefix, sizeof prefix, "ksupervise.%u.", (unsigned)geteuid());
    int result = list(prefix, &names);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        take_instance(names.items[i], (size_t)length, instance);
        if (instance[0] == '\0' || strcmp(instance, former) == 0)
            continue;
        snprintf(former, sizeof former, "%s", instance);
        result = each(context, instance);
    }
    free(names.items);
    return result;
}

/* --- one of them --------------------------------------------------------------------------------------- */

struct pruning {
    bool dry_run;
    struct pruned *pruned;
};

/* The lock of its writer says that it lives: a worker's segment, a directory. */
static bool lives(const char *file)
{
    char name[NAME_MAX + 2];
    snprintf(name, sizeof name, "/%s", file);
    int fd = object_open(name, NULL);
    bool alive = fd >= 0 && liveness_locked(fd);
    if (fd >= 0)
        close(fd);
    return alive;
}

static void remove_one(const struct pruning *pruning, const char *file)
{
    char name[NAME_MAX + 2];
    struct stat status = {.st_size = 0};
    snprintf(name, sizeof name, "/%s", file);
    int fd = object_open(name, NULL);
    if (fd >= 0) {
        fstat(fd, &status);
        close(fd);
    }
    if (!pruning->dry_run && shm_unlink(name) != 0)
        return;
    pruning->pruned->objects++;
    pruning->pruned->bytes += (uint64_t)status.st_size;
}

/* Of this instance: its name alone, or a dot behind it. */
static bool is_of(const char *file, const char *own)
{
    size_t length = strlen(own);
    return strncmp(file, own, length) == 0 && (file[length] == '\0' || file[length] == '.');
}

static int remove_dead(const struct pruning *pruning, const char *own, const char *hidden)
{
    struct names names = {0};
    int result = list(own, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *file = names.items[i];
        if (!is_of(file, own) || strcmp(file, hidden) == 0)
            continue;
        if (lives(file))
            pruning->pruned->living++;
        else
            remove_one(pruning, file);
    }
    free(names.items);
    return result;
}

/* The name under which a directory is made stays ours until all is removed, so that no supervisor starts
 * meanwhile. */
int instance_prune(const char *instance, bool dry_run, struct pruned *pruned, struct error *error)
{
    char own[STATS_NAME_BYTES], hidden[STATS_NAME_BYTES];
    *pruned = (struct pruned){0};
    directory_name(own, instance);
    directory_name_beside(hidden, instance, ".~");
    if (lives(own + 1))
        return error_set(error, "instance '%s' is alive: nothing was removed", instance);
    int fd = object_open_or_make(hidden, error);
    if (fd < 0)
        return -1;
    if (liveness_lock(fd) != 0) {
        close(fd);
        return error_set(error, "instance '%s' is just starting: nothing was removed", instance);
    }
    const struct pruning pruning = {dry_run, pruned};
    int result = lives(own + 1) ? error_set(error, "instance '%s' is alive: nothing was removed", instance)
                                : remove_dead(&pruning, own + 1, hidden + 1);
    if (result == -1 && errno != 0 && error != NULL && error->text[0] == '\0')
        error_set(error, "cannot list " OBJECT_FOLDER ": %m");
    shm_unlink(hidden);
    close(fd);
    return result;
}
