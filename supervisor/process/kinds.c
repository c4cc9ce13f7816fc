#include "supervisor/process/kinds.h"

#include "common/banned.h"

struct kind {
    const char *program;
    bool publishes;
    bool listens;
};

static const struct kind kinds[] = {
    [KIND_BROKER] = {"kbroker", false, true},   [KIND_PROVISION] = {"ktopic", false, false},
    [KIND_CONSUMER] = {"kconsume", true, true}, [KIND_PRODUCER] = {"kproduce", true, true},
    [KIND_KTOPIC] = {"ktopic", false, false},   [KIND_WEB] = {"kweb", false, true},
};

const char *kind_program(enum worker_kind kind)
{
    return kinds[kind].program;
}

bool kind_publishes(enum worker_kind kind)
{
    return kinds[kind].publishes;
}

bool kind_listens(enum worker_kind kind)
{
    return kinds[kind].listens;
}
