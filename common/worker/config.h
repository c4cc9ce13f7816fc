/* config.h: how a worker gets its configuration: as a MessagePack map on a descriptor, never in argv or the
 * environment, where `ps` and /proc show it. Names and values are those of the worker's own option table; an
 * array is an option given several times.
 */
#ifndef KSUPERVISE_COMMON_WORKER_CONFIG_H
#define KSUPERVISE_COMMON_WORKER_CONFIG_H

#include "common/options.h"

/* The descriptors that a supervised worker finds open. */
enum { WORKER_CONFIG_FD = 3, WORKER_CHANNEL_FD = 4, WORKER_SEGMENT_FD = 5, WORKER_FD_END = 6 };

#define WORKER_CONFIG_BYTES_MAX (256 * 1024)
#define WORKER_VALUE_BYTES      16384 /* one value with its NUL, for both sides */

struct worker_setting {
    const char *name;
    const char *value;
};

/* A sealed, anonymous file with these settings, its offset at 0. The caller closes it. -1 with the error,
 * also for a value that is too long for the worker. */
int worker_config_write(const struct worker_setting *settings, size_t count, struct error *error);

/* Applies the settings in `fd` to `target`, by options_set. Closes fd. */
int worker_config_read(int fd, const struct program *program, void *target, struct error *error);

/* The row that every worker's table has; settings_type has `bool supervised`. */
#define WORKER_OPTION(settings_type)                                                                         \
    {                                                                                                        \
        .type = OPTION_FLAG, .name = "supervised", .offset = offsetof(settings_type, supervised),            \
        .traits = OPTION_HIDDEN, .help = "configuration, channel and segment are on descriptors 3, 4 and 5"  \
    }

#endif
