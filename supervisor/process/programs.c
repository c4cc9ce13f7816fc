#include "supervisor/process/programs.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { LINKS_MAX = 40 }; /* path_resolution(7) */

struct path {
    char text[PATH_MAX];
};

static bool make_absolute(struct path *path, const char *given)
{
    char here[PATH_MAX] = "";
    if (given[0] != '/' && getcwd(here, sizeof here) == NULL)
        return false;
    int length = snprintf(path->text, sizeof path->text, "%s%s%s", here, here[0] != '\0' ? "/" : "", given);
    return length < (int)sizeof path->text;
}

/* A made-up path, or that of an interpreter, says nothing about where we are. */
static bool is_ours(const char *path)
{
    struct stat named;
    struct stat own;
    return strncmp(path, "/dev/fd/", 8) != 0 && strncmp(path, "/proc/", 6) != 0 && stat(path, &named) == 0 &&
           stat("/proc/self/exe", &own) == 0 && named.st_dev == own.st_dev && named.st_ino == own.st_ino;
}

static bool folder_of(const struct path *path, struct path *folder)
{
    struct path copy = *path; /* dirname writes on it */
    const char *name = dirname(copy.text);
    return snprintf(folder->text, sizeof folder->text, "%s", name) < (int)sizeof folder->text;
}

static bool has(const struct path *folder, const char *program)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder->text, program);
    return access(path, X_OK) == 0;
}

/* Where the link leads to, if it is one. */
static bool follow(struct path *path)
{
    struct path folder;
    char target[PATH_MAX];
    ssize_t length = readlink(path->text, target, sizeof target - 1);
    if (length <= 0 || !folder_of(path, &folder))
        return false;
    target[length] = '\0';
    bool absolute = target[0] == '/';
    return snprintf(path->text, sizeof path->text, "%s%s%s", absolute ? "" : folder.text, absolute ? "" : "/",
                    target) < (int)sizeof path->text;
}

static bool beside_the_name(struct path *folder, const char *started_as, const char *program)
{
    struct path path;
    if (started_as == NULL || !make_absolute(&path, started_as) || !is_ours(path.text))
        return false;
    for (int i = 0; i < LINKS_MAX; i++) {
        if (!folder_of(&path, folder))
            return false;
        if (has(folder, program))
            return true;
        if (!follow(&path))
            return false;
    }
    return false;
}

int folder_find(char *folder, size_t bytes, const char *started_as, const char *program, struct error *error)
{
    struct path found;
    struct path exe;
    if (!beside_the_name(&found, started_as, program)) {
        ssize_t length = readlink("/proc/self/exe", exe.text, sizeof exe.text - 1);
        if (length == -1)
            return error_set(error, "cannot find my own folder: %m");
        exe.text[length] = '\0';
        folder_of(&exe, &found);
    }
    if (snprintf(folder, bytes, "%s", found.text) >= (int)bytes)
        return error_set(error, "the path of my own folder is too long");
    return 0;
}
