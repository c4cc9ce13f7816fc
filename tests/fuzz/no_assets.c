/* A fuzzer is no program with files in it. */
#include "common/asset.h"

const struct asset asset_table[] = {{0}};
