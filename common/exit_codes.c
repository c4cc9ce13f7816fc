#include "common/exit_codes.h"

#include <errno.h>

static const struct exit_code_def exit_codes[] = {
#define X(name, number, what, text) {.code = (number), .policy = EXIT_POLICY_##what, .meaning = (text)},
    EXIT_CODES(X)
#undef X
};

const struct exit_code_def *exit_code_find(int code)
{
    static const struct exit_code_def undocumented = {-1, EXIT_POLICY_RESTART, "failed"};
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++)
        if (exit_codes[i].code == code)
            return &exit_codes[i];
    return &undocumented;
}

const struct exit_code_def *exit_code_at(size_t index)
{
    return index < sizeof exit_codes / sizeof exit_codes[0] ? &exit_codes[index] : NULL;
}

int exit_code_of_errno(int cause, int otherwise)
{
    static const int passing[] = {EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT, ENOBUFS, ENOLCK, EINTR};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (cause == passing[i])
            return EXIT_CODE_RESOURCES;
    return otherwise;
}
