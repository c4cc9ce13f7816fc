#include "common/stats/kept.h"

#include <stdio.h>
#include <sys/mman.h>

#include "common/stats/directory_layout.h"
#include "common/stats/object.h"

#define KEPT ".~kept"

int kept_write(const char *instance, const void *bytes, size_t length, struct error *error)
{
    char name[STATS_NAME_BYTES];
    char fresh[STATS_NAME_BYTES];
    directory_name_beside(name, instance, KEPT);
    directory_name_beside(fresh, instance, KEPT "~");
    shm_unlink(fresh); /* what a supervisor left that was killed right here */
    int fd = object_create(fresh, bytes, length, error);
    if (fd < 0)
        return -1;
    if (object_rename(fresh, name, error) != 0)
        return object_discard(fd, fresh);
    close(fd);
    return 0;
}

void *kept_read(const char *instance, size_t *length)
{
    char name[STATS_NAME_BYTES];
    directory_name_beside(name, instance, KEPT);
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
    directory_name_beside(name, instance, KEPT "~");
    shm_unlink(name);
    directory_name_beside(name, instance, KEPT);
    shm_unlink(name);
}
