#include "common/worker/config.h"

#include <errno.h>
#include <fcntl.h>
#include <msgpack.h>
#include <sys/mman.h>

#include "common/exit_codes.h"
#include "common/msgpack/reader.h"
#include "common/rpc/pack.h"

/* --- the supervisor's side ----------------------------------------------------------------------------- */

static int write_whole(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

int worker_config_write(const struct worker_setting *settings, size_t count, struct error *error)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    for (size_t i = 0; i < count; i++)
        if (strlen(settings[i].value) >= WORKER_VALUE_BYTES)
            return error_set_code(error, EXIT_CODE_CONFIG, "%s has %zu bytes: a worker takes at most %d",
                                  settings[i].name, strlen(settings[i].value), WORKER_VALUE_BYTES - 1);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, count);
    for (size_t i = 0; i < count; i++) {
        rpc_pack_text(&packer, settings[i].name);
        rpc_pack_text(&packer, settings[i].value);
    }
    int fd = memfd_create("ksupervise-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool ok = fd != -1 && write_whole(fd, buffer.data, buffer.size) == 0 &&
              fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0 &&
              lseek(fd, 0, SEEK_SET) == 0;
    if (!ok) {
        error_set(error, "cannot hand over a worker's configuration: %m");
        if (fd != -1)
            close(fd);
        fd = -1;
    }
    msgpack_sbuffer_destroy(&buffer);
    return fd;
}

/* --- the worker's side --------------------------------------------------------------------------------- */

static char *read_whole(int fd, size_t *length, struct error *error)
{
    char *bytes = malloc(WORKER_CONFIG_BYTES_MAX);
    *length = 0;
    while (bytes != NULL && *length < WORKER_CONFIG_BYTES_MAX) {
        ssize_t n = read(fd, bytes + *length, WORKER_CONFIG_BYTES_MAX - *length);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == 0)
            return bytes;
        if (n == -1)
            break;
        *length += (size_t)n;
    }
    error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_USAGE),
                   "--supervised: no configuration on descriptor %d (only ksupervise gives this flag)", fd);
    free(bytes);
    return NULL;
}

static bool read_text(struct mp_reader *reader, char *text, size_t bytes)
{
    struct mp_view view;
    if (!mp_read_str(reader, &view) || view.length >= bytes || memchr(view.data, '\0', view.length) != NULL)
        return false;
    memcpy(text, view.data, view.length);
    text[view.length] = '\0';
    return true;
}

static int apply(struct mp_reader *reader, const struct program *program, void *target, struct error *error)
{
    uint32_t pairs;
    if (!mp_read_map(reader, &pairs))
        return error_set_code(error, EXIT_CODE_USAGE, "the configuration on descriptor %d is not a map",
                              WORKER_CONFIG_FD);
    for (uint32_t i = 0; i < pairs; i++) {
        char name[64];
        char value[WORKER_VALUE_BYTES];
        if (!read_text(reader, name, sizeof name) || !read_text(reader, value, sizeof value))
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "the configuration on descriptor %d is damaged at byte %zu",
                                  WORKER_CONFIG_FD, mp_offset(reader));
        if (options_set(program, target, name, value, name, error) == -1)
            return -1;
    }
    return 0;
}

int worker_config_read(int fd, const struct program *program, void *target, struct error *error)
{
    size_t length;
    char *bytes = read_whole(fd, &length, error);
    close(fd);
    if (bytes == NULL)
        return -1;
    struct mp_reader reader;
    mp_init(&reader, bytes, length);
    int result = apply(&reader, program, target, error);
    explicit_bzero(bytes, length); /* secrets may be among it */
    free(bytes);
    return result;
}
