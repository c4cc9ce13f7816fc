#include "supervisor/control/next_settings.h"

#include <strings.h>

static const struct settings *client_settings(const struct config *config, const char *client)
{
    const struct option_list *clients = &config_settings(config)->clients;
    for (size_t i = 0; i < clients->count; i++)
        if (strcasecmp(clients->items[i], client) == 0)
            return config_client(config, i);
    return NULL;
}

bool next_settings_take_over(const struct config *config, const struct worker *worker)
{
    return worker->kind == KIND_CONSUMER && client_settings(config, worker->client) != NULL;
}

/* One that was added has those of the client that it is like, while there is one. */
static const struct settings *own_settings(const struct config *config, const struct worker *worker)
{
    if (!worker->added || next_settings_take_over(config, worker))
        return client_settings(config, worker->client);
    const struct settings *like = client_settings(config, worker->like);
    return like != NULL ? like : config_settings(config);
}

const struct settings *next_settings_of(const struct config *config, const struct worker *worker)
{
    const struct settings *all = config_settings(config);
    if (worker->kind == KIND_CONSUMER)
        return own_settings(config, worker);
    if (worker->kind == KIND_PRODUCER)
        return all->no_producer && !worker->on_request ? NULL : config_producer(config);
    return all;
}

bool next_settings_move(const struct config *config, const struct worker *worker)
{
    const struct settings *next = next_settings_of(config, worker);
    char group[STATS_GROUP_BYTES];
    if (!next_settings_take_over(config, worker) || worker->own_group[0] == '\0')
        return false;
    settings_group(next, worker->client, group, sizeof group);
    return strcmp(worker->own_group, group) != 0;
}
