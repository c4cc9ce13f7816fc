#include "tools/kweb/schemas.h"

#include "common/asset.h"

json_t *schemas(void)
{
    const struct asset *asset = asset_find("schemas.json");
    json_t *all = asset != NULL
                      ? json_loadb((const char *)asset->bytes, (size_t)(asset->end - asset->bytes), 0, NULL)
                      : NULL;
    return all != NULL ? all : json_object();
}
