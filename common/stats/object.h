/* object.h: a shared-memory object as a file: made whole, opened with suspicion, read with pread. Segments
 * and directories are both such objects. Only common/stats includes this. */
#ifndef KSUPERVISE_COMMON_STATS_OBJECT_H
#define KSUPERVISE_COMMON_STATS_OBJECT_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_NAME_BYTES 128

#define OBJECT_FOLDER "/dev/shm" /* where Linux's shm_open keeps them (shm_overview(7)) */

/* Makes `name` (O_EXCL, 0600), claims all of its memory, and writes `image`. A full tmpfs is an error now,
 * not SIGBUS at the first touch. Returns a close-on-exec descriptor, or -1 (errno EEXIST when the name is
 * taken) with nothing left behind. */
int object_create(const char *name, const void *image, size_t bytes, struct error *error);

/* The same without a name and outside of /dev/shm (memfd_create(2)): for whoever is handed the descriptor.
 * `name` is for errors. */
int object_create_unnamed(const char *name, const void *image, size_t bytes, struct error *error);

/* The second half of it, for an object that was opened otherwise: what it held is gone. */
int object_fill(int fd, const char *name, const void *image, size_t bytes, struct error *error);

/* Stores the version, which makes the object readable for others. Everything else was written before. */
int object_publish_version(int fd, const char *name, size_t offset, uint32_t version, struct error *error);

/* Opens for reading. EXIT_CODE_NOT_RUNNING when there is no such object; what is no file of this user's is
 * refused (own_file.h). */
int object_open(const char *name, struct error *error);

/* The same for writing. */
int object_open_writable(const char *name, struct error *error);

/* Opens for writing, and makes it (0600) where it is not there; likewise. */
int object_open_or_make(const char *name, struct error *error);

/* -1, and an error that says so, when the name leads to what is no file of this user's. errno stays. */
int object_check_name(const char *name, struct error *error);

/* The name `to` leads to what it led to before until the moment in which it leads to this one. `from` is our
 * own; a `to` of somebody else's is told. */
int object_rename(const char *from, const char *to, struct error *error);

/* Closes and unlinks; returns -1. Leaves errno. */
int object_discard(int fd, const char *name);

/* Reads exactly `bytes`; false on a short read (the object was truncated) or an error. */
bool object_read(int fd, void *to, size_t bytes, uint64_t offset);

/* The reader's half of words.h: reads the current copy of a group into its place in `copies` (2 · copy_bytes)
 * and its publication into *publication, again and again until the selector stands still around the read.
 * False: it never did within a bounded number of times, or the object ended. */
bool object_read_group(int fd, uint64_t selector_offset, uint64_t copies_offset, size_t copy_bytes,
                       unsigned char *copies, uint64_t *publication);

/* The size of the object, or -1. */
int64_t object_bytes(int fd);

#endif
