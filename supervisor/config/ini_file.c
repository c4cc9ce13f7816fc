#include "supervisor/config/ini_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <strings.h>

#include "common/exit_codes.h"

/* inih tells its handler neither line numbers nor sections without entries, and takes the rest of a line that
 * is too long for another line. All that is known where lines are read, and inih lets us read them. */
struct reading {
    struct ini_file *file;
    FILE *stream;
    struct error *error;
    int line;
    int failed_line; /* 0: nothing failed */
    size_t bytes;
    bool named;     /* the section has a name that an indented line would go on with */
    bool continued; /* this line goes on with it */
};

static int fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct reading *reading, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reading->failed_line = reading->line;
    return error_set_code(reading->error, EXIT_CODE_USAGE, "%s:%d: %s", reading->file->path, reading->line,
                          text);
}

/* Room for one more behind `count`, in steps that double. NULL without memory. */
static void *grown(void *items, size_t count, size_t bytes)
{
    if ((count & (count - 1)) != 0) /* capacities are 0, 1, 2, 4, … */
        return items;
    return reallocarray(items, count == 0 ? 1 : count * 2, bytes);
}

/* --- sections ------------------------------------------------------------------------------------------ */

static int begin_section(struct reading *reading, const char *name)
{
    struct ini_file *file = reading->file;
    const char *end = strchr(name, ']');
    if (end == NULL)
        return fail(reading, "the section is not closed: [NAME]");
    for (size_t i = 0; i < file->count; i++)
        if (strlen(file->sections[i].name) == (size_t)(end - name) &&
            strncasecmp(file->sections[i].name, name, (size_t)(end - name)) == 0)
            return fail(reading, "section [%s] is already in line %d", file->sections[i].name,
                        file->sections[i].line);
    struct ini_section *sections = grown(file->sections, file->count, sizeof *sections);
    char *copy = strndup(name, (size_t)(end - name));
    if (sections != NULL)
        file->sections = sections;
    if (sections == NULL || copy == NULL) {
        free(copy);
        return fail(reading, "out of memory");
    }
    sections[file->count++] = (struct ini_section){.name = copy, .line = reading->line};
    reading->named = false;
    return 0;
}

/* --- lines --------------------------------------------------------------------------------------------- */

/* What fgets is to inih. */
static char *next_line(char *buffer, int size, void *context)
{
    struct reading *reading = context;
    if (reading->failed_line != 0 || fgets(buffer, size, reading->stream) == NULL)
        return NULL;
    reading->line++;
    size_t length = strlen(buffer);
    reading->bytes += length;
    if ((length == 0 || buffer[length - 1] != '\n') && !feof(reading->stream))
        fail(reading,
             "a line of more than %d characters, or with a NUL: an indented line goes on with the "
             "value above",
             size - 2);
    else if (reading->bytes > INI_FILE_BYTES_MAX)
        fail(reading, "the file is larger than %d bytes", INI_FILE_BYTES_MAX);
    const char *start = buffer;
    if (reading->line == 1 && strncmp(start, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        start += 3;
    while (isspace((unsigned char)*start))
        start++;
    reading->continued = reading->named && start > buffer;
    if (*start == '[' && !reading->continued)
        begin_section(reading, start + 1);
    return reading->failed_line != 0 ? NULL : buffer;
}

static int go_on(struct reading *reading, struct ini_entry *entry, const char *value)
{
    size_t bytes = strlen(entry->value) + strlen(value) + 2;
    char *joined = malloc(bytes);
    if (joined == NULL)
        return fail(reading, "out of memory");
    snprintf(joined, bytes, "%s%s%s", entry->value, entry->value[0] != '\0' ? " " : "", value);
    free(entry->value);
    entry->value = joined;
    return 0;
}

static int add(struct reading *reading, struct ini_section *section, const char *name, const char *value)
{
    const struct ini_entry *former = ini_section_find(section, name);
    if (former != NULL)
        return fail(reading, "'%s' is already in line %d", name, former->line);
    if (name[0] == '\0')
        return fail(reading, "the name before the '=' is missing");
    struct ini_entry *entries = grown(section->entries, section->count, sizeof *entries);
    if (entries == NULL)
        return fail(reading, "out of memory");
    section->entries = entries;
    struct ini_entry entry = {strdup(name), strdup(value), reading->line};
    if (entry.name == NULL || entry.value == NULL) {
        free(entry.name);
        free(entry.value);
        return fail(reading, "out of memory");
    }
    entries[section->count++] = entry;
    reading->named = true;
    return 0;
}

/* inih's handler: 1 is good, 0 is not. */
static int take_entry(void *context, const char *section_name, const char *name, const char *value)
{
    struct reading *reading = context;
    (void)section_name; /* cut to 50 characters */
    if (reading->failed_line != 0)
        return 0;
    if (reading->file->count == 0)
        return fail(reading, "'%s' comes before the first [section]", name) == 0;
    struct ini_section *section = &reading->file->sections[reading->file->count - 1];
    if (reading->continued)
        return go_on(reading, &section->entries[section->count - 1], value) == 0;
    return add(reading, section, name, value) == 0;
}

/* --- the file ------------------------------------------------------------------------------------------ */

int ini_file_load(struct ini_file *file, const char *path, struct error *error)
{
    *file = (struct ini_file){.path = path};
    struct reading reading = {.file = file, .stream = fopen(path, "re"), .error = error};
    if (reading.stream == NULL)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_USAGE), "--config %s: %m", path);
    int bad_line = ini_parse_stream(next_line, &reading, take_entry, &reading);
    bool unreadable = ferror(reading.stream);
    int cause = errno;
    fclose(reading.stream);
    if (unreadable)
        return error_set_code(error, exit_code_of_errno(cause, EXIT_CODE_USAGE), "--config %s: %s", path,
                              strerror(cause));
    if (bad_line < 0)
        return error_set(error, "out of memory");
    /* inih continues after a line that it cannot read; the first error is the one to report. */
    if (bad_line > 0 && (reading.failed_line == 0 || bad_line < reading.failed_line))
        return error_set_code(error, EXIT_CODE_USAGE, "%s:%d: neither [SECTION] nor NAME = VALUE", path,
                              bad_line);
    return reading.failed_line != 0 ? -1 : 0;
}

const struct ini_entry *ini_section_find(const struct ini_section *section, const char *name)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (strcmp(section->entries[i].name, name) == 0)
            return &section->entries[i];
    return NULL;
}

static void section_release(struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        free(section->entries[i].name);
        explicit_bzero(section->entries[i].value,
                       strlen(section->entries[i].value)); /* it may be a password */
        free(section->entries[i].value);
    }
    free(section->entries);
    free(section->name);
}

void ini_file_release(struct ini_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        section_release(&file->sections[i]);
    free(file->sections);
    *file = (struct ini_file){.path = file->path};
}
