#include "producer/source.h"

#include <errno.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"

static uint64_t seed_of(const struct settings *settings)
{
    uint64_t seed = (uint64_t)settings->seed;
    if (options_given(&settings->program, settings, "seed"))
        return seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock_wall_us();
    return seed;
}

void source_close(struct source *source)
{
    input_release(&source->input);
}

int source_fd(const struct source *source)
{
    return source->settings->mode == MODE_STDIN ? source->input.fd : -1;
}

/* --- one from flags ------------------------------------------------------------------------------------ */

/* --set to.city=Łódź */
static int set_named(struct source *source, const char *item, bool first, struct error *error)
{
    char label[SCHEMA_PATH_MAX + 1];
    const char *value = strchr(item, '=') + 1;
    snprintf(label, sizeof label, "%.*s", (int)(value - item - 1), item);
    if (schema_label_scales_money(source->settings->schema, label) != first)
        return 0;
    return record_set_text(&source->record, label, value, &source->storage, error);
}

static int set_fields(struct source *source, bool first, struct error *error)
{
    const struct settings *settings = source->settings;
    for (size_t i = 0; i < settings->named.count; i++)
        if (set_named(source, settings->named.items[i], first, error) == -1)
            return -1;
    for (size_t i = 0; i < settings->field_flag_count; i++) {
        const char *label = settings->field_flags[i].label;
        if (settings->fields[i] == NULL || schema_label_scales_money(settings->schema, label) != first)
            continue;
        if (record_set_text(&source->record, label, settings->fields[i], &source->storage, error) == -1)
            return -1;
    }
    return 0;
}

static int from_flags(struct source *source, struct error *error)
{
    source->storage.used = 0;
    source->record = (struct record){.schema = source->settings->schema};
    if (set_fields(source, true, error) == 0 && set_fields(source, false, error) == 0 &&
        record_complete(&source->record, &source->storage, clock_wall_us(), error) == 0)
        return 0;
    error->exit_code = EXIT_CODE_USAGE;
    return -1;
}

/* --- JSON lines ---------------------------------------------------------------------------------------- */

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void refuse(struct source *source, const char *why)
{
    source->refused++;
    log_error("standard input, line %llu: %s", (unsigned long long)source->input.line, why);
}

void source_give_back(struct source *source)
{
    refuse(source, "not sent, because it was time to stop");
}

static bool take_line(struct source *source, const char *text, size_t length)
{
    struct error problem = ERROR_INIT;
    if (is_blank(text, length))
        return false;
    if (record_from_json(source->settings->schema, text, length, &source->storage, &source->record,
                         &problem) == 0)
        return true;
    refuse(source, problem.text);
    return false;
}

static enum source_answer from_stdin(struct source *source, struct error *error)
{
    for (;;) {
        const char *text = NULL;
        size_t length = 0;
        switch (input_next(&source->input, &text, &length)) {
        case INPUT_LINE:
            if (take_line(source, text, length))
                return SOURCE_RECORD;
            break;
        case INPUT_TOO_LONG:
            refuse(source, "longer than a record may be (1 MiB)");
            break;
        case INPUT_WAIT:
            return SOURCE_WAIT;
        case INPUT_END:
            return SOURCE_END;
        case INPUT_FAILED:
            error_set(error, "cannot read standard input: %m");
            return SOURCE_FAILED;
        }
    }
}

static enum source_answer from_generator(struct source *source)
{
    generator_next(&source->generator, source->settings->schema, clock_wall_us(), &source->record);
    return SOURCE_RECORD;
}

int source_open(struct source *source, const struct settings *settings, struct error *error)
{
    source->settings = settings;
    source->left = settings->count > 0 ? settings->count : -1;
    switch (settings->mode) {
    case MODE_GENERATE:
        generator_init(&source->generator, seed_of(settings));
        return 0;
    case MODE_REQUESTS:
        return 0;
    case MODE_STDIN:
        return input_init(&source->input, STDIN_FILENO, error);
    case MODE_ONE:
        break;
    }
    source->left = 1;
    return from_flags(source, error);
}

bool source_is_used_up(const struct source *source)
{
    return source->left == 0;
}

enum source_answer source_next(struct source *source, struct error *error)
{
    if (source_is_used_up(source))
        return SOURCE_END;
    enum source_answer answer = SOURCE_END;
    switch (source->settings->mode) {
    case MODE_GENERATE:
        answer = from_generator(source);
        break;
    case MODE_REQUESTS:
        answer = SOURCE_WAIT;
        break;
    case MODE_STDIN:
        answer = from_stdin(source, error);
        break;
    case MODE_ONE:
        answer = SOURCE_RECORD; /* made at the opening */
        break;
    }
    if (answer == SOURCE_RECORD && source->left > 0)
        source->left--;
    return answer;
}
