/* ktopic groups, ktopic group */
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"
#include "common/record/text.h"
#include "tools/ktopic/group_facts.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool json;
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_FLAG, .name = "json", .offset = offsetof(struct settings, json), .help = "as JSON"},
};

static const struct program groups_program = {
    .name = "ktopic groups",
    .synopsis = "[OPTION]…",
    .about = "Lists the consumer groups: their state, members, topics and total lag.\n'?' is an unknown "
             "value: the end of a partition without a leader.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static const struct program group_program = {
    .complete = complete_group,
    .name = "ktopic group",
    .synopsis = "[OPTION]… NAME",
    .about = "Shows a consumer group: its members and what they are assigned, and of each partition what is "
             "committed, where\n"
             "it ends, the lag between, and the text that is committed beside the offset.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 1,
};

#define CELL_BYTES 1024

/* A text from elsewhere, fit for a terminal; "-" when there is none. */
static const char *cell(const json_t *object, const char *name, char text[CELL_BYTES])
{
    const json_t *value = json_object_get(object, name);
    size_t used = 0;
    text[0] = '\0';
    if (json_is_integer(value))
        snprintf(text, CELL_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value))
        text_escape(text, CELL_BYTES, &used, json_string_value(value), json_string_length(value));
    return text[0] == '\0' ? "-" : text;
}

/* A number, "?" when it is not known. */
static const char *number(const json_t *object, const char *name, char text[CELL_BYTES])
{
    const char *shown = cell(object, name, text);
    return strcmp(shown, "-") == 0 ? "?" : shown;
}

/* --- all ----------------------------------------------------------------------------------------------- */

static json_t *summary(const json_t *group)
{
    return json_pack("{s:O, s:O, s:i, s:o, s:o}", "group", json_object_get(group, "group"), "state",
                     json_object_get(group, "state"), "members",
                     (int)json_array_size(json_object_get(group, "members")), "topics",
                     group_facts_topics(group), "lag", group_facts_lag(group));
}

static void print_summary(const json_t *group)
{
    char name[CELL_BYTES], state[CELL_BYTES], members[CELL_BYTES], lag[CELL_BYTES];
    char topics[CELL_BYTES] = "";
    size_t used = 0, index;
    json_t *topic;
    json_array_foreach(json_object_get(group, "topics"), index, topic)
    {
        if (index > 0)
            text_escape(topics, sizeof topics, &used, ",", 1);
        text_escape(topics, sizeof topics, &used, json_string_value(topic), json_string_length(topic));
    }
    log_line("%-32s %-20s %7s %12s  %s", cell(group, "group", name), cell(group, "state", state),
             cell(group, "members", members), number(group, "lag", lag), topics[0] == '\0' ? "-" : topics);
}

static int show_groups(const struct kafka_cluster *cluster, const char *name, bool json, struct error *error)
{
    (void)name;
    json_t *groups = group_facts_all(cluster, error);
    if (groups == NULL)
        return -1;
    json_t *list = json_array();
    size_t index;
    json_t *group;
    json_array_foreach(groups, index, group) json_array_append_new(list, summary(group));
    if (json) {
        log_json(list);
    } else {
        log_line("%-32s %-20s %7s %12s  %s", "GROUP", "STATE", "MEMBERS", "LAG", "TOPICS");
        json_array_foreach(list, index, group) print_summary(group);
    }
    json_decref(list);
    json_decref(groups);
    return 0;
}

/* --- one ----------------------------------------------------------------------------------------------- */

/* "orders 0,1,2  payments 4" */
static const char *assignment(const json_t *member, char text[CELL_BYTES])
{
    const char *topic = "";
    size_t used = 0, index;
    json_t *assigned;
    text[0] = '\0';
    json_array_foreach(json_object_get(member, "assignment"), index, assigned)
    {
        const char *its = json_string_value(json_object_get(assigned, "topic"));
        bool same = strcmp(its, topic) == 0;
        int more = snprintf(text + used, CELL_BYTES - used, "%s%s%s%" JSON_INTEGER_FORMAT,
                            same ? "," : (used > 0 ? "  " : ""), same ? "" : its, same ? "" : " ",
                            json_integer_value(json_object_get(assigned, "partition")));
        used += (size_t)more;
        topic = its;
        if (used >= CELL_BYTES) /* --json has them all */
            break;
    }
    return text[0] == '\0' ? "-" : text;
}

static void print_members(const json_t *group)
{
    char client[CELL_BYTES], host[CELL_BYTES], instance[CELL_BYTES], partitions[CELL_BYTES];
    size_t index;
    json_t *member;
    if (json_array_size(json_object_get(group, "members")) == 0)
        return;
    log_line("  %-16s %-20s %-32s %s", "CLIENT", "HOST", "INSTANCE ID", "ASSIGNED");
    json_array_foreach(json_object_get(group, "members"), index, member)
        log_line("  %-16s %-20s %-32s %s", cell(member, "client", client), cell(member, "host", host),
                 cell(member, "instance", instance), assignment(member, partitions));
}

static const json_t *member_named(const json_t *group, const json_t *id)
{
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(group, "members"), index,
                       member) if (json_equal(json_object_get(member, "member"), id)) return member;
    return NULL;
}

static void print_partitions(const json_t *group)
{
    char topic[CELL_BYTES], id[CELL_BYTES], committed[CELL_BYTES], end[CELL_BYTES], lag[CELL_BYTES],
        client[CELL_BYTES], metadata[CELL_BYTES];
    size_t index;
    json_t *p;
    log_line("  %-32s %9s %12s %12s %12s  %-16s %s", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG",
             "CLIENT", "METADATA");
    json_array_foreach(json_object_get(group, "partitions"), index, p)
        log_line("  %-32s %9s %12s %12s %12s  %-16s %s", cell(p, "topic", topic), cell(p, "partition", id),
                 cell(p, "committed", committed), number(p, "end", end), number(p, "lag", lag),
                 cell(member_named(group, json_object_get(p, "member")), "client", client),
                 cell(p, "metadata", metadata));
}

static void print_group(const json_t *group)
{
    char name[CELL_BYTES], state[CELL_BYTES], assignor[CELL_BYTES], coordinator[CELL_BYTES];
    size_t members = json_array_size(json_object_get(group, "members"));
    log_line("Group %s: %s, %zu member%s, assignor %s, coordinator %s", cell(group, "group", name),
             cell(group, "state", state), members, members == 1 ? "" : "s", cell(group, "assignor", assignor),
             cell(group, "coordinator", coordinator));
    print_members(group);
    print_partitions(group);
}

static int show_group(const struct kafka_cluster *cluster, const char *name, bool json, struct error *error)
{
    json_t *group = group_facts_one(cluster, name, error);
    if (group == NULL)
        return -1;
    if (json)
        log_json(group);
    else
        print_group(group);
    json_decref(group);
    return 0;
}

/* --- both ---------------------------------------------------------------------------------------------- */

typedef int show_function(const struct kafka_cluster *cluster, const char *name, bool json,
                          struct error *error);

static int ask(struct settings *settings, show_function *show, const char *name, struct error *error)
{
    struct kafka_cluster cluster;
    if (cluster_open(&cluster, RD_KAFKA_PRODUCER,
                     &(struct kafka_source){settings->bootstrap, settings->kafka_config},
                     &settings->properties, NULL, error) == -1)
        return -1;
    int result = cluster_real(&cluster, "does not list its groups", error);
    if (result == 0)
        result = show(&cluster, name, settings->json, error);
    kafka_cluster_close(&cluster);
    return result;
}

static int groups(void *given, const struct operands *none, struct error *error)
{
    (void)none;
    return ask(given, show_groups, NULL, error);
}

static int group(void *given, const struct operands *operands, struct error *error)
{
    return ask(given, show_group, operands->items[0], error);
}

int verb_groups(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&groups_program, &settings, groups, argc, argv);
}

int verb_group(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&group_program, &settings, group, argc, argv);
}
