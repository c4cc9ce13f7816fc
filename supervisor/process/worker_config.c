#include "supervisor/process/worker_config.h"

#include <inttypes.h>

#include "common/exit_codes.h"
#include "common/hash.h"
#include "common/worker/config.h"

enum { SETTINGS_MAX = 128, VALUES_MAX = OPTIONS_MAX, VALUE_BYTES = 64, TOPIC_BYTES = 512 };

/* The options of ours that a worker's program has under the same name (config/settings.h). */
static unsigned handed_on_to(enum worker_kind kind)
{
    static const unsigned traits[] = {[KIND_BROKER] = 0,
                                      [KIND_WEB] = TO_WEB,
                                      [KIND_PROVISION] = TO_PROVISION,
                                      [KIND_CONSUMER] = TO_CONSUMER,
                                      [KIND_PRODUCER] = TO_PRODUCER,
                                      [KIND_KTOPIC] = 0};
    return traits[kind];
}

void worker_config_arguments(const struct worker_spec *spec, const char *words[WORKER_CONFIG_WORDS])
{
    size_t count = 0;
    words[count++] = kind_program(spec->kind);
    if (spec->kind == KIND_PROVISION)
        words[count++] = "provision";
    if (spec->kind == KIND_KTOPIC)
        words[count++] = spec->name;   /* its verb */
    if (spec->kind == KIND_CONSUMER) { /* for whoever looks at ps */
        words[count++] = "--client";
        words[count++] = spec->client;
    }
    words[count++] = "--supervised";
    if (spec->kind == KIND_PROVISION) {
        words[count++] = "--create-only";
        for (size_t i = 0; i < spec->topic_count; i++)
            words[count++] = spec->topics[i];
    }
    words[count] = NULL;
}

/* --- the configuration --------------------------------------------------------------------------------- */

struct builder {
    struct worker_setting settings[SETTINGS_MAX];
    size_t count;
    char values[VALUES_MAX][VALUE_BYTES]; /* rendered ones; the others point at what lives longer */
    size_t value_count;
    char topics[CONFIG_TOPICS_MAX][TOPIC_BYTES];
    char candidates[POISON_TEXT_BYTES], quarantined[POISON_TEXT_BYTES];
    char instance_id[256];
    char remaining[32]; /* of --count */
};

static void put(struct builder *builder, const char *name, const char *value)
{
    if (builder->count < SETTINGS_MAX)
        builder->settings[builder->count] = (struct worker_setting){name, value};
    builder->count++; /* beyond SETTINGS_MAX: worker_config refuses */
}

/* A text may be long, and lives as long as the settings; the others are rendered. */
static void put_option(struct builder *builder, const struct option_def *def, const struct settings *settings)
{
    char *value = builder->values[builder->value_count];
    if (def->type == OPTION_STRING) {
        const char *text;
        memcpy(&text, (const char *)settings + def->offset, sizeof text);
        if (text != NULL)
            put(builder, def->name, text);
    } else if (option_render(def, settings, value, VALUE_BYTES)) {
        builder->value_count++;
        put(builder, def->name, value);
    }
}

/* An option that the user did not give is left to the worker's own default, unless it is always passed on. */
static void put_options(struct builder *builder, const struct worker_spec *spec)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++) {
        const struct option_def *def = &supervisor_program.options[i];
        if ((def->traits & handed_on_to(spec->kind)) != 0 &&
            ((def->traits & ALWAYS) != 0 || options_given(&supervisor_program, spec->settings, def->name)))
            put_option(builder, def, spec->settings);
    }
}

/* An option without a value is not passed on; with the embedded broker some have other values. */
static bool value_differs(const struct worker_spec *spec, const struct option_def *def,
                          const struct settings *other)
{
    const struct settings *one = spec->settings;
    return !option_same(def, one, other) ||
           (settings_embedded(spec->instance) && options_given(&supervisor_program, one, def->name) !=
                                                     options_given(&supervisor_program, other, def->name));
}

static bool list_differs(const struct option_list *one, const struct option_list *other)
{
    if (one->count != other->count)
        return true;
    for (size_t i = 0; i < one->count; i++)
        if (strcmp(one->items[i], other->items[i]) != 0)
            return true;
    return false;
}

/* Whether a change of it needs a new process. */
static bool concerns(const struct option_def *def, enum worker_kind kind)
{
    unsigned section = kind == KIND_CONSUMER ? IN_CLIENT : kind == KIND_PRODUCER ? IN_PRODUCER : 0;
    return (def->traits & handed_on_to(kind)) != 0 ||
           ((def->traits & RESTARTS) != 0 && (def->traits & section) != 0);
}

bool worker_config_differs(const struct worker_spec *spec, const struct settings *next)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++)
        if (concerns(&supervisor_program.options[i], spec->kind) &&
            !(spec->keeps_group && strcmp(supervisor_program.options[i].name, "group") == 0) &&
            value_differs(spec, &supervisor_program.options[i], next))
            return true;
    return list_differs(&spec->settings->properties, &next->properties);
}

static void put_kafka(struct builder *builder, const struct worker_spec *spec)
{
    if (spec->bootstrap[0] != '\0') /* an embedded broker may still have to start */
        put(builder, "bootstrap", spec->bootstrap);
    /* The embedded broker answers a fetch that found nothing when its time is up, not when a record comes:
     * 500 ms unless told. First, so that the user's own -X wins. */
    if (spec->kind == KIND_CONSUMER && settings_embedded(spec->instance))
        put(builder, "property", "fetch.wait.max.ms=100");
    for (size_t i = 0; i < spec->settings->properties.count; i++)
        put(builder, "property", spec->settings->properties.items[i]);
}

/* Static membership: the id carries instance and host, so that no two supervisors fence each other's workers.
 * The embedded broker ignores static ids, and keeps nothing for ever: short sessions, so that a killed
 * consumer is back soon, and no stop on what it has dropped. */
static void put_consumer(struct builder *builder, const struct worker_spec *spec, char instance_id[256])
{
    bool embedded = settings_embedded(spec->instance);
    snprintf(instance_id, 256, "%s.%s.%s", spec->instance->instance, spec->host, spec->name);
    put(builder, "client", spec->client);
    put(builder, "group", spec->group);
    put(builder, "instance-id", instance_id);
    if (spec->takes_over)
        put(builder, "take-over", "yes");
    if (embedded && !options_given(&supervisor_program, spec->settings, "session-timeout"))
        put(builder, "session-timeout", "4s");
    if (embedded && !options_given(&supervisor_program, spec->settings, "on-offset-loss"))
        put(builder, "on-offset-loss", "earliest");
}

static void put_poison(struct builder *builder, const struct worker_spec *spec)
{
    const struct poison *poison = spec->poison;
    const char *topic = spec->settings->topic != NULL ? spec->settings->topic : "";
    if (poison == NULL)
        return;
    if (poison_text(poison, spec->group, topic, false, builder->candidates, POISON_TEXT_BYTES) > 0)
        put(builder, "candidates", builder->candidates);
    if (poison_text(poison, spec->group, topic, true, builder->quarantined, POISON_TEXT_BYTES) > 0)
        put(builder, "quarantine", builder->quarantined);
}

/* The embedded broker makes the topics itself. */
static void put_broker(struct builder *builder, const struct worker_spec *spec)
{
    for (size_t i = 0; i < spec->topic_count; i++) {
        snprintf(builder->topics[i], TOPIC_BYTES, "%s:%" PRId64, spec->topics[i], spec->settings->partitions);
        put(builder, "topic", builder->topics[i]);
    }
}

static void put_producer(struct builder *builder, const struct worker_spec *spec, char count[32])
{
    if (spec->on_request)
        put(builder, "on-request", "yes");
    if (spec->on_request || spec->settings->count == 0)
        return;
    snprintf(count, 32, "%" PRId64, spec->remaining);
    put(builder, "count", count);
}

static void fill(struct builder *builder, const struct worker_spec *spec)
{
    put_options(builder, spec);
    if (spec->kind != KIND_BROKER && spec->kind != KIND_WEB)
        put_kafka(builder, spec);
    if (spec->kind == KIND_CONSUMER) {
        put_consumer(builder, spec, builder->instance_id);
        put_poison(builder, spec);
        if (spec->reset != NULL)
            put(builder, "reset", spec->reset);
    }
    if (spec->kind == KIND_PRODUCER)
        put_producer(builder, spec, builder->remaining);
    if (spec->kind == KIND_BROKER)
        put_broker(builder, spec);
    if (kind_publishes(spec->kind) && !spec->publish)
        put(builder, "publish", "no");
}

int worker_config(const struct worker_spec *spec, struct error *error)
{
    struct builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL)
        return error_set(error, "out of memory");
    fill(builder, spec);
    int fd = -1;
    if (builder->count > SETTINGS_MAX)
        error_set_code(error, EXIT_CODE_CONFIG, "%zu settings for %s, of at most %d: give fewer -X",
                       builder->count, spec->name, SETTINGS_MAX);
    else
        fd = worker_config_write(builder->settings, builder->count, error);
    free(builder);
    return fd;
}

/* With its NUL, so that the boundary between two texts counts. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    return hash_64(hash, text, strlen(text) + 1);
}

static bool is_identity(const char *name)
{
    return strcmp(name, "client") == 0 || strcmp(name, "group") == 0 || strcmp(name, "instance-id") == 0;
}

uint64_t worker_config_digest(const struct worker_spec *spec)
{
    struct builder *builder = calloc(1, sizeof *builder);
    uint64_t hash = HASH_64_START;
    if (builder == NULL)
        return 0;
    fill(builder, spec);
    for (size_t i = 0; i < builder->count && i < SETTINGS_MAX; i++)
        if (!is_identity(builder->settings[i].name))
            hash = add_text(add_text(hash, builder->settings[i].name), builder->settings[i].value);
    bool whole = builder->count <= SETTINGS_MAX;
    free(builder);
    return whole ? hash : 0;
}
