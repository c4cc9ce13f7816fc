/* worker_config.h: the command line of a process, and the configuration that it gets on a descriptor. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_WORKER_CONFIG_H
#define KSUPERVISE_SUPERVISOR_PROCESS_WORKER_CONFIG_H

#include "supervisor/config/config.h"
#include "supervisor/poison.h"
#include "supervisor/process/kinds.h"

/* All that a process is told comes from this. What it points at is the caller's. */
struct worker_spec {
    enum worker_kind kind;
    const char *name;                /* KIND_KTOPIC: its verb */
    const char *client, *group;      /* a consumer's */
    const struct settings *settings; /* its own */
    const struct settings *instance; /* the instance's */
    const char *bootstrap;           /* "": of an embedded broker that is not there yet */
    const char *host;
    const struct poison *poison;           /* NULL: nothing is known of any record */
    const char *topics[CONFIG_TOPICS_MAX]; /* of all workers; for a broker or provisioning */
    size_t topic_count;
    const char *reset; /* a consumer that is started for this reset alone; NULL: it is not */
    int64_t remaining; /* of a producer's --count */
    bool takes_over;   /* it takes over its dead predecessor's group membership */
    bool on_request;   /* a producer that makes no records of its own */
    bool keeps_group;  /* its group is not its settings': another value there makes no other process */
    bool publish;      /* there is a segment for it */
};

/* The words of its command line: nothing secret stands there. Ends with NULL. */
#define WORKER_CONFIG_WORDS (8 + CONFIG_TOPICS_MAX)
void worker_config_arguments(const struct worker_spec *spec, const char *words[WORKER_CONFIG_WORDS]);

/* True when a process under the settings `next` would get another configuration than this one. The contents
 * of a file that a property names (@FILE) are not compared. */
bool worker_config_differs(const struct worker_spec *spec, const struct settings *next);

/* A descriptor with its configuration, or -1 with the error. */
int worker_config(const struct worker_spec *spec, struct error *error);

/* A hash of its configuration without its identity (client, group, instance id): workers with the same hash
 * have the same configuration. 0: not known. */
uint64_t worker_config_digest(const struct worker_spec *spec);

#endif
