/* directory_layout.h: what stands where in a directory object, byte by byte; drawn in README.md. The
 * conventions are those of layout.h. Only common/stats includes this. */
#ifndef KSUPERVISE_COMMON_STATS_DIRECTORY_LAYOUT_H
#define KSUPERVISE_COMMON_STATS_DIRECTORY_LAYOUT_H

#include "common/stats/directory.h"
#include "common/stats/fields.h"

#define DIRECTORY_MAGIC          "KSUPDIR" /* with its NUL: 8 bytes */
#define DIRECTORY_BYTE_ORDER     UINT32_C(0x01020304)
#define DIRECTORY_LAYOUT_VERSION UINT32_C(1)

struct directory_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version; /* stored last */
    uint64_t total_bytes;
    uint32_t fields_offset;
    uint32_t field_bytes; /* stride */
    uint32_t field_count;
    uint32_t capacity;         /* workers */
    uint32_t selectors_offset; /* slots in use, bootstrap, then one for each worker */
    uint32_t bootstrap_offset; /* two copies */
    uint32_t bootstrap_bytes;  /* of one */
    uint32_t workers_offset;   /* two copies for each */
    uint32_t worker_bytes;     /* of one copy */
    uint32_t pid_namespace;    /* where its pids are numbers, liveness.h; 0: not known */
    uint64_t pid;
    uint64_t start_ticks;
    int64_t started_us;
    char instance[40];
    char birth_id[40];
};

#define DIRECTORY_SELECTOR_USED      0U
#define DIRECTORY_SELECTOR_BOOTSTRAP 1U
#define DIRECTORY_SELECTOR_WORKER    2U /* of the first */

#define AT(type, member, offset)                                                                             \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member " moved")
AT(directory_header, magic, 0);
AT(directory_header, byte_order, 8);
AT(directory_header, version, 12);
AT(directory_header, total_bytes, 16);
AT(directory_header, fields_offset, 24);
AT(directory_header, field_bytes, 28);
AT(directory_header, field_count, 32);
AT(directory_header, capacity, 36);
AT(directory_header, selectors_offset, 40);
AT(directory_header, bootstrap_offset, 44);
AT(directory_header, bootstrap_bytes, 48);
AT(directory_header, workers_offset, 52);
AT(directory_header, worker_bytes, 56);
AT(directory_header, pid_namespace, 60);
AT(directory_header, pid, 64);
AT(directory_header, start_ticks, 72);
AT(directory_header, started_us, 80);
AT(directory_header, instance, 88);
AT(directory_header, birth_id, 128);
_Static_assert(sizeof(struct directory_header) == 168, "directory header size");
AT(wire_field, name, 0);
AT(wire_field, offset, 40);
AT(wire_field, bytes, 44);
_Static_assert(sizeof(struct wire_field) == 48, "field size");
#undef AT
_Static_assert(sizeof(struct directory_worker) % 8 == 0, "copied in 8-byte steps");

/* The members of struct directory_worker, by name. */
#define DIRECTORY_FIELD_COUNT 24
extern const struct stats_field directory_fields[DIRECTORY_FIELD_COUNT];

void directory_name(char name[STATS_NAME_BYTES], const char *instance);
/* Of what stands beside it: `end` begins with ".~", which no worker's name has. */
void directory_name_beside(char name[STATS_NAME_BYTES], const char *instance, const char *end);

/* Fills what follows from the capacity: all but version, writer, instance. */
void directory_layout(struct directory_header *header, uint32_t capacity);

#endif
