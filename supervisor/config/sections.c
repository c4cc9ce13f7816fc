#include "supervisor/config/sections.h"

#include <stdarg.h>
#include <strings.h>

#include "common/exit_codes.h"
#include "supervisor/config/settings.h"

#define SECTION_CLIENT "client "

/* --- which option may stand in which section ----------------------------------------------------------- */

static unsigned sections_of(const char *option)
{
    const struct option_def *def = options_find(&supervisor_program, option);
    return def != NULL ? def->traits & IN_ANY_SECTION : 0;
}

/* --- errors -------------------------------------------------------------------------------------------- */

int section_error(const struct ini_file *file, int line, struct error *error, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set_code(error, EXIT_CODE_USAGE, "%s:%d: %s", file->path, line, text);
}

const char *section_hint(const char *name, const char *const *candidates, size_t count, char text[96])
{
    const char *near = name_suggest(name, candidates, count);
    snprintf(text, 96, "%s%.64s%s", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return text;
}

static int unknown_key(const struct ini_file *file, const struct ini_section *section,
                       const struct ini_entry *entry, unsigned kind, struct error *error)
{
    const char *candidates[OPTIONS_MAX + 1];
    size_t count = 0;
    char text[96];
    for (size_t i = 0; i < supervisor_program.option_count; i++)
        if (supervisor_program.options[i].type != OPTION_HEADING &&
            (sections_of(supervisor_program.options[i].name) & kind))
            candidates[count++] = supervisor_program.options[i].name;
    return section_error(file, entry->line, error, "unknown name '%s' in [%s]%s", entry->name, section->name,
                         section_hint(entry->name, candidates, count, text));
}

static int misplaced_key(const struct ini_file *file, const struct ini_section *section,
                         const struct ini_entry *entry, struct error *error)
{
    unsigned sections = sections_of(entry->name);
    if (strcmp(entry->name, "property") == 0)
        return section_error(file, entry->line, error,
                             "write " CONFIG_PROPERTY "NAME = VALUE for a property");
    if (sections == 0)
        return section_error(file, entry->line, error, "'%s' is allowed only on the command line",
                             entry->name);
    return section_error(file, entry->line, error, "'%s' does not belong in [%s] but in [" SECTION_ALL "]%s",
                         entry->name, section->name,
                         sections & IN_CLIENT     ? " or [client NAME]"
                         : sections & IN_PRODUCER ? " or [" SECTION_PRODUCER "]"
                                                  : "");
}

int section_admits(const struct ini_file *file, const struct ini_section *section,
                   const struct ini_entry *entry, unsigned kind, struct error *error)
{
    if (options_find(&supervisor_program, entry->name) == NULL)
        return unknown_key(file, section, entry, kind, error);
    return sections_of(entry->name) & kind ? 0 : misplaced_key(file, section, entry, error);
}

/* --- sections ------------------------------------------------------------------------------------------ */

const struct ini_section *section_find(const struct ini_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcasecmp(file->sections[i].name, name) == 0)
            return &file->sections[i];
    return NULL;
}

const char *section_client(const struct ini_section *section)
{
    size_t length = sizeof SECTION_CLIENT - 1;
    if (strncmp(section->name, SECTION_CLIENT, length) != 0)
        return NULL;
    const char *name = section->name + length;
    return name + strspn(name, " \t");
}

const struct ini_section *section_of_client(const struct ini_file *file, const char *client)
{
    for (size_t i = 0; i < file->count; i++) {
        const char *name = section_client(&file->sections[i]);
        if (name != NULL && strcasecmp(name, client) == 0)
            return &file->sections[i];
    }
    return NULL;
}

static int check_client_section(const struct ini_file *file, const struct ini_section *section,
                                struct error *error)
{
    const char *name = section_client(section);
    if (name_check(name, "client", error) == -1)
        return error_context(error, "%s:%d", file->path, section->line);
    if (strcasecmp(name, PRODUCER_WORKER) == 0)
        return section_error(file, section->line, error, "the producer's section is [" SECTION_PRODUCER "]");
    if (settings_owner_of(name) != NULL)
        return section_error(file, section->line, error, "'%s' is reserved for the %s", name,
                             settings_owner_of(name));
    if (section_of_client(file, name) != section) /* [client  bravo], with two blanks */
        return section_error(file, section->line, error, "section [%s] is already in line %d",
                             section_of_client(file, name)->name, section_of_client(file, name)->line);
    return 0;
}

int sections_check(const struct ini_file *file, struct error *error)
{
    static const char *const known[] = {SECTION_ALL, SECTION_PRODUCER};
    char text[96];
    size_t clients = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct ini_section *section = &file->sections[i];
        if (section_client(section) != NULL) {
            if (++clients > SETTINGS_CLIENTS_MAX)
                return section_error(file, section->line, error, "one instance has at most %d clients",
                                     SETTINGS_CLIENTS_MAX);
            if (check_client_section(file, section, error) == -1)
                return -1;
        } else if (strcmp(section->name, SECTION_ALL) != 0 && strcmp(section->name, SECTION_PRODUCER) != 0) {
            return section_error(file, section->line, error,
                                 "unknown section [%s]: there are [" SECTION_ALL "], [" SECTION_PRODUCER
                                 "] and [client NAME]%s",
                                 section->name, section_hint(section->name, known, 2, text));
        }
    }
    return 0;
}
