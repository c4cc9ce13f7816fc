#include "common/origins.h"

#include <string.h>
#include <strings.h>

#include "common/exit_codes.h"

static const struct {
    const char *text, *port; /* a browser leaves that port out */
    bool tls;
} schemes[] = {{"https://", ":443", true}, {"http://", ":80", false}};
enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

static bool is_host(const char *text, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_[]:";
    return length > 0 && length < ORIGIN_HOST_BYTES && strspn(text, allowed) >= length;
}

/* Which of schemes[] the text begins with; SCHEMES: none. */
static size_t scheme_of(const char *text)
{
    size_t i = 0;
    while (i < SCHEMES && strncasecmp(text, schemes[i].text, strlen(schemes[i].text)) != 0)
        i++;
    return i;
}

static int take(struct origin *origin, const char *text, size_t length, struct error *error)
{
    size_t scheme = scheme_of(text), prefix = scheme < SCHEMES ? strlen(schemes[scheme].text) : 0;
    if (prefix > length || !is_host(text + prefix, length - prefix))
        return error_set_code(
            error, EXIT_CODE_USAGE,
            "'%.*s' is not an origin: https://fleet.example, with a port if need be, and without a "
            "path",
            (int)length, text);
    scheme = scheme < SCHEMES ? scheme : 0;
    size_t host = length - prefix, port = strlen(schemes[scheme].port);
    if (host > port && strncmp(text + length - port, schemes[scheme].port, port) == 0)
        host -= port;
    origin->tls = schemes[scheme].tls;
    snprintf(origin->host, sizeof origin->host, "%.*s", (int)host, text + prefix);
    return 0;
}

int origins_parse(struct origins *origins, const char *text, struct error *error)
{
    origins->count = 0;
    for (const char *at = text; at != NULL;) {
        size_t length = strcspn(at, ",");
        if (origins->count == ORIGINS_MAX)
            return error_set_code(error, EXIT_CODE_USAGE, "at most %d origins", ORIGINS_MAX);
        if (take(&origins->items[origins->count], at, length, error) == -1)
            return -1;
        origins->count++;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return 0;
}

bool origins_have(const struct origins *origins, const char *origin)
{
    size_t scheme = scheme_of(origin);
    for (size_t i = 0; scheme < SCHEMES && i < origins->count; i++)
        if (origins->items[i].tls == schemes[scheme].tls &&
            strcasecmp(origins->items[i].host, origin + strlen(schemes[scheme].text)) == 0)
            return true;
    return false;
}

static const char *own_port(const struct origin *origin)
{
    size_t i = 0;
    while (schemes[i].tls != origin->tls)
        i++;
    return schemes[i].port;
}

static bool has_port(const char *host)
{
    const char *colon = strrchr(host, ':');
    return colon != NULL && strchr(colon, ']') == NULL;
}

/* A browser leaves its scheme's own port out; a proxy may write it. */
static bool is_host_of(const struct origin *origin, const char *host)
{
    size_t length = strlen(origin->host);
    return strncasecmp(origin->host, host, length) == 0 &&
           (host[length] == '\0' ||
            (!has_port(origin->host) && strcmp(host + length, own_port(origin)) == 0));
}

const struct origin *origins_find(const struct origins *origins, const char *host)
{
    for (size_t i = 0; i < origins->count; i++)
        if (is_host_of(&origins->items[i], host))
            return &origins->items[i];
    return NULL;
}
