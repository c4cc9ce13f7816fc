/* --help from the table. */
#include "common/options.h"

#include "common/text.h"
enum { HELP_COLUMN = 28, HELP_WIDTH = 100 };

/* Characters, not bytes: UTF-8 continues a character with 10xxxxxx. */
static int columns_of(const char *text, size_t length)
{
    int columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += (text[i] & 0xc0) != 0x80;
    return columns;
}

/* Prints `text` from the current column on, wrapped at HELP_WIDTH, further lines indented to HELP_COLUMN. */
static void print_wrapped(FILE *stream, const char *text)
{
    int column = HELP_COLUMN;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        int width = columns_of(text, length);
        if (column > HELP_COLUMN && column + 1 + width > HELP_WIDTH) {
            fprintf(stream, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            fputc(' ', stream);
            column++;
        }
        fprintf(stream, "%.*s", (int)length, text);
        column += width;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', stream);
}

static void describe(const struct option_def *def, char *text, size_t bytes)
{
    size_t used = text_append(text, bytes, 0, "%s", def->help);
    if (def->choices != NULL && !option_alone(def)) {
        used = text_append(text, bytes, used, ": ");
        for (int i = 0; def->choices[i] != NULL; i++)
            used = text_append(text, bytes, used, "%s%s", i > 0 ? " | " : "", def->choices[i]);
    }
    if (def->fallback != NULL && !option_alone(def))
        used = text_append(text, bytes, used, " (default: %s)", def->fallback);
    if (def->environment != NULL)
        text_append(text, bytes, used, " [$%s]", def->environment);
}

static void print_option(const struct option_def *def, FILE *stream)
{
    char head[96];
    char letter[5] = "    ";
    if (def->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", def->letter);
    const char *before = def->argument == NULL ? "" : option_alone(def) ? "[=" : " ";
    snprintf(head, sizeof head, "  %s--%s%s%s%s", letter, def->name, before,
             def->argument ? def->argument : "", before[0] == '[' ? "]" : "");
    int width = columns_of(head, strlen(head));
    fprintf(stream, "%s", head);
    if (width >= HELP_COLUMN - 1)
        fprintf(stream, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(stream, "%*s", HELP_COLUMN - width, "");
    char text[1024];
    describe(def, text, sizeof text);
    print_wrapped(stream, text);
}

void options_help(const struct program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s %s\n%s\n", program->name, program->synopsis, program->about);
    bool headed = program->option_count > 0 && program->options[0].type == OPTION_HEADING;
    if (!headed)
        fprintf(stream, "\n");
    for (size_t i = 0; i < program->option_count; i++) {
        const struct option_def *def = &program->options[i];
        if (def->type == OPTION_HEADING)
            fprintf(stream, "\n%s:\n", def->help);
        else if (!(def->traits & OPTION_HIDDEN))
            print_option(def, stream);
    }
    fprintf(stream, "\n");
    static const struct option_def help = {.name = "help", .letter = 'h', .help = "show this and exit"};
    static const struct option_def version = {.name = "version", .help = "show the version and exit"};
    print_option(&help, stream);
    print_option(&version, stream);
    if (program->epilogue != NULL)
        fprintf(stream, "\n%s", program->epilogue);
}
