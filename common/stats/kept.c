#include "common/stats/kept.h"

#include <stdio.h>
#include <sys/mman.h>

#include "common/stats/directory_layout.h"
#include "common/stats/object.h"

static void kept_name(char name[STATS_NAME_BYTES], const char *instance, const char *end)
{
    char directory[STATS_NAME_BYTES];
    directory_name(directory, instance);
    snprintf(name, STATS_NAME_BYTES, "%.*s.~kept%s", STATS_NAME_BYTES - 16, directory, end);
}

static int take_name(const char *from, const char *to, struct error *error)
{
    char from_path[STATS_NAME_BYTES + sizeof OBJECT_FOLDER], to_path[STATS_NAME_BYTES + sizeof OBJECT_FOLDER];
    snprintf(from_path, sizeof from_path, OBJECT_FOLDER "%s", from);
    snprintf(to_path, sizeof to_path, OBJECT_FOLDER "%s", to);
    return rename(from_path, to_path) == 0 ? 0 : error_set(error, "cannot rename %s: %m", from_path);
}

int kept_write(const char *instance, const void *bytes, size_t length, struct error *error)
{
    char name[STATS_NAME_BYTES];
    char fresh[STATS_NAME_BYTES];
    kept_name(name, instance, "");
    kept_name(fresh, instance, "~");
    shm_unlink(fresh); /* what a supervisor left that was killed right here */
    int fd = object_create(fresh, bytes, length, error);
    if (fd < 0)
        return -1;
    if (take_name(fresh, name, error) != 0)
        return object_discard(fd, fresh);
    close(fd);
    return 0;
}

void *kept_read(const char *instance, size_t *length)
{
    char name[STATS_NAME_BYTES];
    kept_name(name, instance, "");
    int fd = object_open(name, NULL);
    if (fd < 0)
        return NULL;
    int64_t size = object_bytes(fd);
    void *bytes = size > 0 && size <= KEPT_BYTES_MAX ? malloc((size_t)size) : NULL;
    if (bytes != NULL && !object_read(fd, bytes, (size_t)size, 0)) {
        free(bytes);
        bytes = NULL;
    }
    close(fd);
    *length = (size_t)size;
    return bytes;
}

void kept_unlink(const char *instance)
{
    char name[STATS_NAME_BYTES];
    kept_name(name, instance, "~");
    shm_unlink(name);
    kept_name(name, instance, "");
    shm_unlink(name);
}
