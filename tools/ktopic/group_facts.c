#include "tools/ktopic/group_facts.h"

#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "tools/ktopic/group_admin.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* "orders/0": what partitions are found by. A topic's name has 249 characters at most, and no slash. */
#define KEY_BYTES 288

static const char *key_of(const json_t *partition, char key[KEY_BYTES])
{
    snprintf(key, KEY_BYTES, "%s/%" JSON_INTEGER_FORMAT, text_of(partition, "topic"),
             json_integer_value(json_object_get(partition, "partition")));
    return key;
}

/* --- partitions that are assigned ---------------------------------------------------------------------- */

static json_t *index_of(const json_t *partitions)
{
    char key[KEY_BYTES];
    json_t *by_key = json_object();
    size_t i;
    json_t *partition;
    json_array_foreach(partitions, i, partition) json_object_set(by_key, key_of(partition, key), partition);
    return by_key;
}

static void assign(json_t *group, json_t *by_key, const json_t *assigned, const json_t *member)
{
    char key[KEY_BYTES];
    json_t *partition = json_object_get(by_key, key_of(assigned, key));
    if (partition == NULL) {
        partition = json_copy((json_t *)assigned);
        json_object_set_new(partition, "committed", json_null());
        json_object_set_new(partition, "metadata", json_null());
        json_array_append_new(json_object_get(group, "partitions"), partition);
        json_object_set(by_key, key, partition);
    }
    json_object_set(partition, "member", json_object_get(member, "member"));
}

static void add_assigned(json_t *group)
{
    json_t *by_key = index_of(json_object_get(group, "partitions"));
    size_t m, a;
    json_t *member, *assigned;
    json_array_foreach(json_object_get(group, "members"), m, member)
        json_array_foreach(json_object_get(member, "assignment"), a, assigned)
            assign(group, by_key, assigned, member);
    json_decref(by_key);
}

/* --- the ends of their topics -------------------------------------------------------------------------- */

struct ends {
    const struct kafka_cluster *cluster;
    const struct rd_kafka_metadata *metadata;
    json_t *asked;  /* {topic: true}: each is asked once */
    json_t *by_key; /* {"orders/0": {"topic", "partition", "low", "end"}} */
};

static void ask_ends(struct ends *ends, const struct rd_kafka_metadata_topic *topic)
{
    char key[KEY_BYTES];
    struct error error = ERROR_INIT;
    struct kafka_watermarks *watermarks = calloc((size_t)topic->partition_cnt + 1, sizeof *watermarks);
    if (watermarks == NULL || kafka_cluster_watermarks(ends->cluster, topic, watermarks, &error) == -1)
        log_warning("%s", watermarks == NULL ? "out of memory" : error.text);
    for (int i = 0; watermarks != NULL && i < topic->partition_cnt; i++) {
        if (watermarks[i].low < 0 || watermarks[i].high < 0)
            continue;
        json_t *end = json_pack("{s:s, s:i, s:I, s:I}", "topic", topic->topic, "partition",
                                (int)topic->partitions[i].id, "low", (json_int_t)watermarks[i].low, "end",
                                (json_int_t)watermarks[i].high);
        json_object_set_new(ends->by_key, key_of(end, key), end);
    }
    free(watermarks);
}

/* NULL when it is not known. */
static const json_t *end_of(struct ends *ends, const json_t *partition)
{
    char key[KEY_BYTES];
    const char *topic = text_of(partition, "topic");
    if (json_object_get(ends->asked, topic) == NULL) {
        const struct rd_kafka_metadata_topic *found = kafka_metadata_topic(ends->metadata, topic);
        json_object_set_new(ends->asked, topic, json_true());
        if (found != NULL)
            ask_ends(ends, found);
    }
    return json_object_get(ends->by_key, key_of(partition, key));
}

/* Never negative: a topic that was made again may end before what is committed. */
static json_t *lag_of(const json_t *partition)
{
    const json_t *committed = json_object_get(partition, "committed");
    const json_t *end = json_object_get(partition, "end");
    if (!json_is_integer(committed) || !json_is_integer(end))
        return json_null();
    json_int_t lag = json_integer_value(end) - json_integer_value(committed);
    return json_integer(lag < 0 ? 0 : lag);
}

static void set_known(json_t *partition, const char *name, const json_t *from)
{
    json_t *value = json_object_get(from, name);
    json_object_set_new(partition, name, value == NULL ? json_null() : json_incref(value));
}

static void add_ends(struct ends *ends, json_t *group)
{
    size_t index;
    json_t *partition;
    json_array_foreach(json_object_get(group, "partitions"), index, partition)
    {
        const json_t *found = end_of(ends, partition);
        set_known(partition, "low", found);
        set_known(partition, "end", found);
        json_object_set_new(partition, "lag", lag_of(partition));
        set_known(partition, "member", partition);
    }
}

/* --- in order ------------------------------------------------------------------------------------------ */

static int by_group(const void *a, const void *b)
{
    return strcmp(text_of(*(json_t *const *)a, "group"), text_of(*(json_t *const *)b, "group"));
}

static int by_partition(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a;
    const json_t *right = *(json_t *const *)b;
    int order = strcmp(text_of(left, "topic"), text_of(right, "topic"));
    json_int_t l = json_integer_value(json_object_get(left, "partition"));
    json_int_t r = json_integer_value(json_object_get(right, "partition"));
    return order != 0 ? order : (l > r) - (l < r);
}

/* The same elements, sorted; steals `list`. */
static json_t *sorted(json_t *list, int (*compare)(const void *, const void *))
{
    size_t count = json_array_size(list);
    json_t **items = calloc(count + 1, sizeof(json_t *));
    if (items == NULL) /* it is shown unsorted, and nothing else is lost */
        return list;
    for (size_t i = 0; i < count; i++)
        items[i] = json_array_get(list, i);
    qsort(items, count, sizeof(json_t *), compare);
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append(result, items[i]);
    free(items);
    json_decref(list);
    return result;
}

/* --- gathering ----------------------------------------------------------------------------------------- */

static int complete(const struct kafka_cluster *cluster, json_t *groups, struct error *error)
{
    struct ends ends = {.cluster = cluster};
    if (group_admin_describe(cluster, groups, error) == -1 ||
        kafka_cluster_metadata(cluster, &ends.metadata, error) == -1)
        return -1;
    group_admin_offsets(cluster, groups);
    ends.asked = json_object();
    ends.by_key = json_object();
    size_t index;
    json_t *group;
    json_array_foreach(groups, index, group)
    {
        add_assigned(group);
        add_ends(&ends, group);
        json_object_set_new(group, "partitions",
                            sorted(json_incref(json_object_get(group, "partitions")), by_partition));
    }
    json_decref(ends.asked);
    json_decref(ends.by_key);
    rd_kafka_metadata_destroy(ends.metadata);
    return 0;
}

json_t *group_facts_all(const struct kafka_cluster *cluster, struct error *error)
{
    json_t *groups = json_array();
    if (group_admin_list(cluster, groups, error) == 0) {
        groups = sorted(groups, by_group);
        if (complete(cluster, groups, error) == 0)
            return groups;
    }
    json_decref(groups);
    return NULL;
}

static bool exists(const json_t *group)
{
    return strcmp(text_of(group, "state"), "Dead") != 0 ||
           json_array_size(json_object_get(group, "members")) > 0 ||
           json_array_size(json_object_get(group, "partitions")) > 0;
}

static int unknown_group(const struct kafka_cluster *cluster, const char *name, struct error *error)
{
    json_t *groups = json_array();
    const char *nearest = NULL;
    if (group_admin_list(cluster, groups, NULL) == 0) {
        size_t count = json_array_size(groups);
        const char **names = calloc(count + 1, sizeof *names);
        for (size_t i = 0; names != NULL && i < count; i++)
            names[i] = text_of(json_array_get(groups, i), "group");
        nearest = names == NULL ? NULL : name_suggest(name, names, count);
        free(names);
    }
    error_set(error, "there is no group '%s' at %s%s%s%s", name, cluster->brokers.bootstrap,
              nearest != NULL ? "; is '" : "; 'ktopic groups' shows the existing ones",
              nearest != NULL ? nearest : "", nearest != NULL ? "' meant?" : "");
    json_decref(groups);
    return -1;
}

json_t *group_facts_one(const struct kafka_cluster *cluster, const char *name, struct error *error)
{
    json_t *groups = json_pack("[{s:s}]", "group", name);
    json_t *group = NULL;
    if (groups == NULL)
        error_set_code(error, EXIT_CODE_USAGE, "the name of the group is not UTF-8");
    else if (complete(cluster, groups, error) == 0) {
        if (exists(json_array_get(groups, 0)))
            group = json_incref(json_array_get(groups, 0));
        else
            unknown_group(cluster, name, error);
    }
    json_decref(groups);
    return group;
}

/* --- sums ---------------------------------------------------------------------------------------------- */

json_t *group_facts_lag(const json_t *group)
{
    json_int_t sum = 0;
    bool known = false;
    size_t index;
    json_t *partition;
    json_array_foreach(json_object_get(group, "partitions"), index, partition)
    {
        if (!json_is_integer(json_object_get(partition, "committed")))
            continue;
        if (!json_is_integer(json_object_get(partition, "lag")))
            return json_null();
        known = true;
        sum += json_integer_value(json_object_get(partition, "lag"));
    }
    return known ? json_integer(sum) : json_null();
}

json_t *group_facts_topics(const json_t *group)
{
    json_t *topics = json_array();
    size_t index;
    json_t *partition;
    json_array_foreach(json_object_get(group, "partitions"), index, partition)
    {
        size_t count = json_array_size(topics);
        const char *topic = text_of(partition, "topic");
        if (count == 0 || strcmp(json_string_value(json_array_get(topics, count - 1)), topic) != 0)
            json_array_append_new(topics, json_string(topic));
    }
    return topics;
}
