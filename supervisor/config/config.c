#include "supervisor/config/config.h"

#include <stdarg.h>
#include <strings.h>

#include "common/exit_codes.h"
#include "common/kafka_config.h"
#include "common/names.h"
#include "supervisor/config/ini_file.h"
#include "supervisor/config/sections.h"

struct config {
    struct settings all;
    struct settings *producer; /* its section's; NULL: there is none */
    struct settings **clients; /* likewise, one for each of all.clients */
    /* who said what, for errors that come to light later */
    struct ini_file file;
    char *path;
    struct option_given flags;
};

/* All that config_load works with. */
struct load {
    struct config *config;
    struct ini_file file;
    char *path;                /* the file's: the settings, where it comes from, are built anew */
    struct option_given flags; /* what the command line says */
    int argc;
    char **argv;
};

/* When a nearer source gives the first option, what a farther source says of the second no longer holds. */
static const struct {
    const char *said, *superseded;
} supersedes[] = {{"rate", "interval"},   {"interval", "rate"},   {"workload", "topic"},
                  {"workload", "schema"}, {"schema", "workload"}, {"schema", "topic"}};

/* --- who said it --------------------------------------------------------------------------------------- */

/* Puts in front of an error that is about `option` who said that: a section, or else the flag. */
static int blame(const struct load *load, const struct ini_section *own, const char *option,
                 struct error *error)
{
    const struct option_def *def = options_find(&supervisor_program, option);
    const struct ini_entry *entry = ini_section_find(own, option);
    if (entry == NULL)
        entry = ini_section_find(section_find(&load->file, SECTION_ALL), option);
    bool flag = def != NULL && load->flags.by_user[def - supervisor_program.options];
    if (entry != NULL && !flag)
        return error_context(error, "%s:%d: %s", load->file.path, entry->line, option);
    if (def == NULL) /* a property */
        return error_context(error, "-X %s", option + sizeof CONFIG_PROPERTY - 1);
    return error_context(error, "--%s", option);
}

int config_blame(const struct config *config, const char *client, const char *name, struct error *error)
{
    const struct load load = {.file = config->file, .flags = config->flags};
    return blame(&load,
                 client == NULL ? section_find(&load.file, SECTION_PRODUCER)
                                : section_of_client(&load.file, client),
                 name, error);
}

/* --- one layer over another ---------------------------------------------------------------------------- */

static int forget_superseded(struct settings *settings, const char *said, struct error *error)
{
    for (size_t i = 0; i < sizeof supersedes / sizeof supersedes[0]; i++)
        if (strcmp(supersedes[i].said, said) == 0 &&
            options_given(&supervisor_program, settings, supersedes[i].superseded) &&
            options_forget(&supervisor_program, settings, supersedes[i].superseded, error) == -1)
            return -1;
    return 0;
}

static int set_property(struct settings *settings, const struct ini_entry *entry, const char *source,
                        struct error *error)
{
    size_t bytes = strlen(entry->name) + strlen(entry->value) + 2;
    char *property = malloc(bytes);
    if (property == NULL)
        return error_set(error, "out of memory");
    snprintf(property, bytes, "%s=%s", entry->name + sizeof CONFIG_PROPERTY - 1, entry->value);
    int result = options_set(&supervisor_program, settings, "property", property, source, error);
    explicit_bzero(property, bytes); /* it may be a password */
    free(property);
    return result;
}

static int set(const struct load *load, struct settings *settings, const struct ini_section *section,
               const struct ini_entry *entry, unsigned kind, struct error *error)
{
    char source[ERROR_TEXT_BYTES / 2];
    snprintf(source, sizeof source, "%s:%d: %s", load->file.path, entry->line, entry->name);
    if (strncmp(entry->name, CONFIG_PROPERTY, sizeof CONFIG_PROPERTY - 1) == 0)
        return set_property(settings, entry, source, error);
    if (section_admits(&load->file, section, entry, kind, error) == -1)
        return -1;
    return options_set(&supervisor_program, settings, entry->name, entry->value, source, error);
}

static int lay_section(const struct load *load, struct settings *settings, const struct ini_section *section,
                       unsigned kind, struct error *error)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (forget_superseded(settings, section->entries[i].name, error) == -1)
            return -1;
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (set(load, settings, section, &section->entries[i], kind, error) == -1)
            return -1;
    return 0;
}

static int lay_flags(const struct load *load, struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++)
        if (load->flags.by_user[i] &&
            forget_superseded(settings, supervisor_program.options[i].name, error) == -1)
            return -1;
    if (load->flags.by_user[options_find(&supervisor_program, "clients") - supervisor_program.options] &&
        options_forget(&supervisor_program, settings, "clients", error) == -1)
        return -1; /* the flag's names, instead of the file's */
    return options_flags(&supervisor_program, settings, load->argc, load->argv, NULL, error);
}

/* All layers, in their order, into settings that are all zero. */
static int build(const struct load *load, struct settings *settings, const struct ini_section *own,
                 unsigned kind, struct error *error)
{
    if (options_defaults(&supervisor_program, settings, error) == -1 ||
        lay_section(load, settings, section_find(&load->file, SECTION_ALL), IN_INSTANCE, error) == -1 ||
        lay_section(load, settings, own, kind, error) == -1 || lay_flags(load, settings, error) == -1)
        return -1;
    return 0;
}

static int check(const struct load *load, struct settings *settings, const struct ini_section *own,
                 struct error *error)
{
    const char *culprit;
    if (settings_check(settings, &culprit, error) == 0)
        return 0;
    return culprit == NULL ? -1 : blame(load, own, culprit, error);
}

/* The settings of a section of its own. NULL with the error. */
static struct settings *build_own(const struct load *load, const struct ini_section *own, unsigned kind,
                                  struct error *error)
{
    struct settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (build(load, settings, own, kind, error) == 0 && check(load, settings, own, error) == 0 &&
        options_forget(&supervisor_program, settings, "clients", error) == 0) /* the list is the instance's */
        return settings;
    settings_release(settings);
    free(settings);
    return NULL;
}

/* --- who runs ------------------------------------------------------------------------------------------ */

/* Where a file lists the clients, a section for any other client is a mistake. */
static int check_against_list(const struct load *load, const struct ini_entry *list, struct error *error)
{
    const struct option_list *clients = &load->config->all.clients;
    char text[96];
    for (size_t s = 0; s < load->file.count; s++) {
        const char *name = section_client(&load->file.sections[s]);
        bool found = name == NULL;
        for (size_t i = 0; i < clients->count && !found; i++)
            found = strcasecmp(clients->items[i], name) == 0;
        if (!found)
            return section_error(
                &load->file, load->file.sections[s].line, error,
                "client '%s' is not in the list of clients in line %d%s", name, list->line,
                section_hint(name, (const char *const *)clients->items, clients->count, text));
    }
    return 0;
}

static int name_clients(const struct load *load, struct error *error)
{
    struct settings *all = &load->config->all;
    const struct ini_entry *list = ini_section_find(section_find(&load->file, SECTION_ALL), "clients");
    if (load->flags.by_user[options_find(&supervisor_program, "clients") - supervisor_program.options])
        return 0;
    if (list != NULL)
        return check_against_list(load, list, error);
    for (size_t s = 0; s < load->file.count; s++) {
        const char *name = section_client(&load->file.sections[s]);
        if (name != NULL && options_set(&supervisor_program, all, "clients", name, name, error) == -1)
            return -1;
    }
    if (all->clients.count == 0)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--clients is missing: name your consumers, for example --clients bravo,zulu, "
                              "or give them sections in a --config file");
    return 0;
}

/* Every section is checked, also those of clients that --clients leaves out. */
static int build_sections(const struct load *load, struct error *error)
{
    struct config *config = load->config;
    config->clients = calloc(config->all.clients.count, sizeof(struct settings *));
    if (config->clients == NULL)
        return error_set(error, "out of memory");
    for (size_t s = 0; s < load->file.count; s++) {
        const struct ini_section *section = &load->file.sections[s];
        const char *name = section_client(section);
        if (name == NULL && strcmp(section->name, SECTION_PRODUCER) != 0)
            continue;
        struct settings *own = build_own(load, section, name == NULL ? IN_PRODUCER : IN_CLIENT, error);
        if (own == NULL)
            return -1;
        struct settings **target = name == NULL ? &config->producer : NULL;
        for (size_t i = 0; i < config->all.clients.count && target == NULL; i++)
            if (strcasecmp(config->all.clients.items[i], name) == 0)
                target = &config->clients[i];
        if (target != NULL) {
            *target = own;
        } else {
            settings_release(own);
            free(own);
        }
    }
    return 0;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

static size_t count_topics(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->all.clients.count; i++) {
        size_t earlier = 0;
        while (strcmp(config_client(config, earlier)->topic, config_client(config, i)->topic) != 0)
            earlier++;
        count += earlier == i;
    }
    return count;
}

/* Kafka would refuse some names, and shared memory would cut others: two groups with the same beginning would
 * become one. */
static int check_names(const struct config *config, struct error *error)
{
    for (size_t i = 0; i < config->all.clients.count; i++) {
        const struct settings *client = config_client(config, i);
        if (topic_name_check(client->topic, error) == -1)
            return error_context(error, "--topic");
        if (client->group != NULL && group_name_check(client->group, error) == -1)
            return error_context(error, "--group");
    }
    return 0;
}

/* What the file says holds for all: each set of settings of its own has it, too. */
static int find_kafka(struct config *config, struct error *error)
{
    const struct kafka_source source = {config->all.bootstrap, config->all.kafka_config};
    for (size_t i = 0; i < config->all.clients.count; i++)
        if (config->clients[i] != NULL &&
            kafka_config_prepend(&source, &config->clients[i]->properties, error) == -1)
            return -1;
    if (config->producer != NULL && kafka_config_prepend(&source, &config->producer->properties, error) == -1)
        return -1;
    return kafka_config_find(&config->all.brokers, &source, &config->all.properties, error);
}

static int check_whole(const struct load *load, struct error *error)
{
    struct config *config = load->config;
    const struct settings *all = &config->all;
    if (all->exit_when_done && (all->no_producer || config_producer(config)->count == 0)) {
        error_set_code(error, EXIT_CODE_USAGE, "it needs a producer with --count N");
        return blame(load, NULL, "exit-when-done", error);
    }
    if (check_names(config, error) == -1)
        return -1;
    if (count_topics(config) >= CONFIG_TOPICS_MAX) /* and the producer's */
        return error_set_code(error, EXIT_CODE_USAGE, "more than %d topics", CONFIG_TOPICS_MAX);
    if (find_kafka(config, error) == -1)
        return -1;
    const struct ini_entry *entry = ini_section_find(section_find(&load->file, SECTION_ALL), "bootstrap");
    if (entry != NULL &&
        !load->flags.by_user[options_find(&supervisor_program, "bootstrap") - supervisor_program.options])
        snprintf(config->all.brokers.source, sizeof config->all.brokers.source, "line %d of --config",
                 entry->line);
    return 0;
}

static int load_file(struct load *load, struct error *error)
{
    struct settings *all = &load->config->all;
    if ((load->path = strdup(all->config)) == NULL)
        return error_set(error, "out of memory");
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): config_load frees the path */
    if (ini_file_load(&load->file, load->path, error) == -1 || sections_check(&load->file, error) == -1)
        return -1;
    settings_release(all);
    *all = (struct settings){0};
    return build(load, all, NULL, IN_INSTANCE, error);
}

static int load_all(struct load *load, struct error *error)
{
    struct settings *all = &load->config->all;
    if (options_parse(&supervisor_program, all, load->argc, load->argv, NULL, error) == -1)
        return -1;
    load->flags = all->given;
    if (all->explain_exits || all->explain_states)
        return 0;
    if ((all->config != NULL && load_file(load, error) == -1) || name_clients(load, error) == -1 ||
        check(load, all, NULL, error) == -1 || build_sections(load, error) == -1)
        return -1;
    return check_whole(load, error);
}

int config_load(struct config **out, int argc, char **argv, struct error *error)
{
    struct load load = {.config = calloc(1, sizeof *load.config), .argc = argc, .argv = argv};
    if (load.config == NULL)
        return error_set(error, "out of memory");
    int result = load_all(&load, error);
    load.config->file = load.file;
    load.config->path = load.path;
    load.config->flags = load.flags;
    if (result == 0)
        *out = load.config;
    else
        config_free(load.config);
    return result;
}

static void free_own(struct settings *settings)
{
    if (settings != NULL)
        settings_release(settings);
    free(settings);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; config->clients != NULL && i < config->all.clients.count; i++)
        free_own(config->clients[i]);
    free(config->clients);
    free_own(config->producer);
    settings_release(&config->all);
    ini_file_release(&config->file);
    free(config->path);
    free(config);
}

const struct settings *config_settings(const struct config *config)
{
    return &config->all;
}

const struct settings *config_producer(const struct config *config)
{
    return config->producer != NULL ? config->producer : &config->all;
}

const struct settings *config_client(const struct config *config, size_t index)
{
    return config->clients[index] != NULL ? config->clients[index] : &config->all;
}
