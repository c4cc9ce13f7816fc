#include "tools/kbroker/topics.h"

#include <ctype.h>

#include "common/exit_codes.h"
#include "common/record/schema.h"

static int check_name(const char *name, size_t length, const char *word, struct error *error)
{
    if (length == 0 || length >= TOPIC_NAME_BYTES)
        return error_set_code(error, EXIT_CODE_USAGE, "--topic %s: a topic's name has 1 to %d characters",
                              word, TOPIC_NAME_BYTES - 1);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "--topic %s: only letters, digits, '.', '_' and '-' are allowed", word);
    if ((length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.'))
        return error_set_code(error, EXIT_CODE_USAGE, "--topic %s: Kafka does not allow this name", word);
    return 0;
}

static int add(struct topic_list *topics, const char *name, size_t length, int partitions,
               struct error *error)
{
    struct topic *topic = topics->items;
    struct topic *end = topic + topics->count;
    while (topic < end && (strncmp(topic->name, name, length) != 0 || topic->name[length] != '\0'))
        topic++;
    if (topic == end) {
        if (topics->count == TOPICS_MAX)
            return error_set_code(error, EXIT_CODE_USAGE, "more than %d topics", TOPICS_MAX);
        topics->count++;
        snprintf(topic->name, sizeof topic->name, "%.*s", (int)length, name);
    }
    topic->partitions = partitions;
    return 0;
}

static int add_word(struct topic_list *topics, const char *word, int partitions, struct error *error)
{
    size_t length = strcspn(word, ":");
    int64_t count = partitions;
    if (check_name(word, length, word, error) == -1)
        return -1;
    if (word[length] == ':' &&
        option_parse_integer(word + length + 1, 1, TOPIC_PARTITIONS_MAX, &count, NULL) == -1)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--topic %s: the number of partitions after the colon must be 1 to %d", word,
                              TOPIC_PARTITIONS_MAX);
    return add(topics, word, length, (int)count, error);
}

int topics_collect(struct topic_list *topics, int partitions, const struct option_list *extra,
                   struct error *error)
{
    topics->count = 0;
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (add(topics, schema->topic, strlen(schema->topic), partitions, error) == -1)
            return -1;
    for (size_t i = 0; i < extra->count; i++)
        if (add_word(topics, extra->items[i], partitions, error) == -1)
            return -1;
    return 0;
}
