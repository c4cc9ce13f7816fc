#include "tools/kstat/show.h"

static const enum stats_kind kinds[] = {STATS_KIND_CONSUMER, STATS_KIND_PRODUCER};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct table_column columns[] = {
    {"KIND", false, false, 0}, {"SCOPE", false, false, 0}, {"NAME", false, false, 0},
    {"TYPE", false, false, 1}, {"UNIT", false, false, 2},  {"MEANING", false, true, 0},
};

void show_definitions(const struct screen *screen, FILE *stream)
{
    struct table table;
    table_init(&table, columns, sizeof columns / sizeof columns[0]);
    for (size_t k = 0; k < KINDS; k++) {
        size_t count;
        const struct stats_definition *definitions = stats_definitions(kinds[k], &count);
        for (size_t i = 0; i < count && definitions[i].section != STATS_SECTION_NAMES; i++) {
            table_add(&table, CELL_PLAIN, "%s", stats_kind_name(kinds[k]));
            table_add(&table, CELL_PLAIN, "%s", stats_section_scope(definitions[i].section));
            table_add(&table, CELL_TITLE, "%s", definitions[i].name);
            table_add(&table, CELL_PLAIN, "%s", stats_type_name(definitions[i].type));
            table_add(&table, CELL_PLAIN, "%s", definitions[i].unit);
            table_add(&table, CELL_PLAIN, "%s", definitions[i].help);
        }
    }
    table_print(&table, screen, stream);
    table_release(&table);
}

json_t *json_definitions(void)
{
    json_t *list = json_array();
    for (size_t k = 0; k < KINDS; k++) {
        size_t count;
        const struct stats_definition *definitions = stats_definitions(kinds[k], &count);
        for (size_t i = 0; i < count && definitions[i].section != STATS_SECTION_NAMES; i++)
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kind", stats_kind_name(kinds[k]), "scope",
                                stats_section_scope(definitions[i].section), "name", definitions[i].name,
                                "type", stats_type_name(definitions[i].type), "unit", definitions[i].unit,
                                "help", definitions[i].help));
    }
    return list;
}
