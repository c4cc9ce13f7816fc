#include "tools/kweb/pages.h"

#include "common/stats/directory.h"
#include "common/asset.h"
#include "tools/kweb/guard.h"

/* No script, style, font or picture but ours, and nobody frames it. */
#define POLICY                                                                                               \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "      \
    "'self'; "                                                                                               \
    "font-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/* Swagger UI writes styles into its elements. */
#define POLICY_DOCS                                                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "        \
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/* --- files --------------------------------------------------------------------------------------------- */

static bool takes_gzip(const struct exchange *exchange)
{
    const char *accepted = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    return accepted != NULL && strstr(accepted, "gzip") != NULL;
}

static struct MHD_Response *make_response(const struct exchange *exchange, const struct asset *asset)
{
    bool gzip = takes_gzip(exchange);
    const unsigned char *bytes = gzip ? asset->gzip : asset->bytes;
    size_t length = (size_t)((gzip ? asset->gzip_end : asset->end) - bytes);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
    if (gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return response;
}

/* The browser keeps it, and asks each time whether it is still that. */
static void answer_asset(struct exchange *exchange, const struct asset *asset, const char *policy)
{
    const char *known = exchange_header(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool same = known != NULL && strstr(known, asset->etag) != NULL;
    struct MHD_Response *response = same ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
                                         : make_response(exchange, asset);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, asset_type(asset->name));
    answer(exchange, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static void serve_file(struct exchange *exchange, const char *folder)
{
    char name[160];
    snprintf(name, sizeof name, "%s/%s", folder, exchange_value(exchange, "file"));
    const struct asset *asset = asset_find(name);
    if (asset != NULL)
        answer_asset(exchange, asset, POLICY);
    else
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, "%.120s is not part of this build%s", name,
                       strcmp(folder, "assets") == 0 ? ": 'make web-assets' fetches it" : "");
}

void serve_page(struct exchange *exchange)
{
    serve_file(exchange, "page");
}

void serve_asset(struct exchange *exchange)
{
    serve_file(exchange, "assets");
}

void serve_docs(struct exchange *exchange)
{
    const struct asset *asset = asset_find("page/docs.html");
    if (asset != NULL)
        answer_asset(exchange, asset, POLICY_DOCS);
    else
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, "the documentation's page is not part of this build");
}

/* --- the front door ------------------------------------------------------------------------------------ */

/* Away from an address with the token in it. */
static void answer_with_cookie(struct exchange *exchange)
{
    char cookie[256];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    guard_cookie(exchange, cookie, sizeof cookie);
    MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    answer(exchange, MHD_HTTP_SEE_OTHER, response);
}

/* The libraries of others that this build has: the page asks for no other. */
static json_t *assets(void)
{
    static const char folder[] = "assets/";
    json_t *names = json_array();
    for (const struct asset *asset = asset_table; asset->name != NULL; asset++)
        if (strncmp(asset->name, folder, strlen(folder)) == 0)
            json_array_append_new(names, json_string(asset->name + strlen(folder)));
    return names;
}

static void answer_health(struct exchange *exchange)
{
    const char *instance = exchange->kweb->settings->instance;
    struct directory *directory = NULL;
    bool there = directory_open(&directory, instance, NULL) == 0;
    bool lives = there && directory_alive(directory);
    json_t *health =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:o}", "status", lives ? "ok" : "no supervisor", "service",
                  "ksupervise", "version", KSUPERVISE_VERSION, "instance", instance, "supervisor", lives,
                  "started_us", (json_int_t)exchange->kweb->started_us, "assets", assets());
    directory_free(directory);
    answer_json(exchange, lives ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, health);
}

void serve_front(struct exchange *exchange)
{
    const char *accepted = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT);
    const struct asset *page = asset_find("page/index.html");
    if (MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, "token") != NULL)
        answer_with_cookie(exchange);
    else if (page != NULL && accepted != NULL && strstr(accepted, "text/html") != NULL)
        answer_asset(exchange, page, POLICY);
    else
        answer_health(exchange);
}
