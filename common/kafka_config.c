#include "common/kafka_config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "common/dotenv.h"
#include "common/exit_codes.h"

struct file {
    char path[PATH_MAX];
    const char *source; /* who named it */
    char bootstrap[BROKERS_BYTES + 64];
    struct option_list lines;
};

/* --- which one ----------------------------------------------------------------------------------------- */

static int take_path(struct file *file, const char *path, const char *source, struct error *error)
{
    file->source = source;
    int length = snprintf(file->path, sizeof file->path, "%s", path);
    return length < (int)sizeof file->path
               ? 0
               : error_set_code(error, EXIT_CODE_CONFIG, "%s: the path is longer than %d characters", source,
                                PATH_MAX - 1);
}

static int find_path(struct file *file, const char *flag, struct error *error)
{
    const char *environment = getenv("KAFKA_CONFIG");
    if (flag != NULL)
        return take_path(file, flag, "--kafka-config", error);
    if (environment != NULL)
        return take_path(file, environment, "KAFKA_CONFIG", error);
    int found = dotenv_find("KAFKA_CONFIG", file->path, sizeof file->path, error);
    if (found == 1)
        file->source = "KAFKA_CONFIG in .env";
    return found == -1 ? -1 : 0;
}

/* --- a line -------------------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    text += strspn(text, " \t\f");
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static int append(struct option_list *list, const char *name, const char *value, struct error *error)
{
    size_t bytes = strlen(name) + strlen(value) + 2;
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (items != NULL)
        list->items = items;
    char *item = items != NULL ? malloc(bytes) : NULL;
    if (item == NULL)
        return error_set(error, "out of memory");
    snprintf(item, bytes, "%s=%s", name, value);
    list->items[list->count++] = item;
    return 0;
}

static int take_line(struct file *file, char *line, int number, struct error *error)
{
    char *name = trim(line);
    if (name[0] == '\0' || name[0] == '#' || name[0] == '!')
        return 0;
    char *equals = strchr(name, '=');
    if (equals == NULL || equals == name)
        return error_set_code(error, EXIT_CODE_CONFIG, "%s:%d: NAME=VALUE is expected", file->path, number);
    *equals = '\0';
    name = trim(name);
    const char *value = trim(equals + 1);
    if (strcmp(name, "bootstrap.servers") != 0)
        return append(&file->lines, name, value, error);
    if (strlen(value) >= BROKERS_BYTES)
        return error_set_code(error, EXIT_CODE_CONFIG, "%s:%d: the address list is longer than %d characters",
                              file->path, number, BROKERS_BYTES - 1);
    snprintf(file->bootstrap, sizeof file->bootstrap, "%s", value);
    return 0;
}

static int read_lines(struct file *file, FILE *stream, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int result = 0;
    for (int number = 1; result == 0 && (length = getline(&line, &capacity, stream)) > 0; number++)
        result =
            strlen(line) == (size_t)length
                ? take_line(file, line, number, error)
                : error_set_code(error, EXIT_CODE_CONFIG, "%s:%d: it holds a zero byte", file->path, number);
    free(line);
    if (result == 0 && ferror(stream))
        result = error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG), "%s: cannot read %s: %m",
                                file->source, file->path);
    return result;
}

static void release_lines(struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){0};
}

/* --- the file ------------------------------------------------------------------------------------------ */

/* An empty name means no file: --kafka-config= overrides the environment. */
static int load(struct file *file, const struct kafka_source *source, struct error *error)
{
    *file = (struct file){0};
    if (find_path(file, source->config, error) == -1)
        return -1;
    if (file->path[0] == '\0')
        return 0;
    FILE *stream = fopen(file->path, "re");
    if (stream == NULL)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG), "%s: cannot read %s: %m",
                              file->source, file->path);
    int result = read_lines(file, stream, error);
    fclose(stream);
    if (result == -1)
        release_lines(&file->lines);
    return result;
}

/* The items are the list's then. */
static int put_first(struct option_list *properties, struct option_list *lines, struct error *error)
{
    size_t count = lines->count + properties->count;
    char **items = lines->count > 0 ? realloc(lines->items, count * sizeof *items) : NULL;
    if (lines->count == 0)
        return 0;
    if (items == NULL) {
        release_lines(lines);
        return error_set(error, "out of memory");
    }
    if (properties->count > 0)
        memcpy(items + lines->count, properties->items, properties->count * sizeof *items);
    free(properties->items);
    *properties = (struct option_list){.items = items, .count = count};
    return 0;
}

int kafka_config_prepend(const struct kafka_source *source, struct option_list *properties,
                         struct error *error)
{
    struct file file;
    if (load(&file, source, error) == -1)
        return -1;
    return put_first(properties, &file.lines, error);
}

int kafka_config_find(struct brokers *brokers, const struct kafka_source *source,
                      struct option_list *properties, struct error *error)
{
    struct file file;
    if (load(&file, source, error) == -1 || put_first(properties, &file.lines, error) == -1)
        return -1;
    if (source->bootstrap != NULL || file.bootstrap[0] == '\0')
        return brokers_find(brokers, source->bootstrap, error);
    if (brokers_find(brokers, file.bootstrap, error) == -1)
        return error_context(error, "%s: bootstrap.servers", file.path);
    snprintf(brokers->source, sizeof brokers->source, "%.60s", file.path);
    return 0;
}

int kafka_config_require(struct brokers *brokers, const struct kafka_source *source,
                         struct option_list *properties, struct error *error)
{
    if (kafka_config_find(brokers, source, properties, error) == -1)
        return -1;
    if (brokers->bootstrap[0] != '\0')
        return 0;
    char advice[ERROR_TEXT_BYTES];
    brokers_advice(brokers, advice, sizeof advice);
    return error_set_code(error, EXIT_CODE_CONFIG, "%s", advice);
}
