#include "common/worker/options.h"

const char *const start_from_choices[] = {"earliest", "latest", NULL};
const char *const offset_loss_choices[] = {"stop", "earliest", "latest", NULL};
const char *const tombstones_choices[] = {"dead-letter", "skip", NULL};
const char *const commit_mode_choices[] = {"batch", "auto", "manual", "sink", NULL};
