#include "tools/ktopic/verbs.h"

#include "common/exit_codes.h"

int verb_run(const struct program *program, void *settings, verb_action *act, int argc, char **argv)
{
    struct operands operands;
    struct error error = ERROR_INIT;
    if (options_parse(program, settings, argc, argv, &operands, &error) == -1 ||
        act(settings, &operands, &error) == -1)
        return program_fail(program->name, &error);
    options_release(program, settings);
    return EXIT_CODE_OK;
}
