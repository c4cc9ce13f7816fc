#include "tools/kweb/framing.h"

#include <ctype.h>
#include <strings.h>

struct framing {
    int lengths, codings, hosts;
    bool bad_name, bad_length, bad_coding;
};

/* token (RFC 9110, 5.6.2) */
static bool is_name(const char *text)
{
    const char *at = text;
    while (isalnum((unsigned char)*at) || (*at != '\0' && strchr("!#$%&'*+-.^_`|~", *at) != NULL))
        at++;
    return at != text && *at == '\0';
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *framing = context;
    (void)kind;
    framing->bad_name |= !is_name(name);
    framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        framing->lengths++;
        framing->bad_length |=
            value == NULL || value[0] == '\0' || value[strspn(value, "0123456789")] != '\0';
    }
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->codings++;
        framing->bad_coding |= value == NULL || strcasecmp(value, "chunked") != 0;
    }
    return MHD_YES;
}

static const char *trouble_of(const struct framing *framing)
{
    if (framing->bad_name)
        return "a header's name is not valid";
    if (framing->hosts > 1)
        return "Host is given twice";
    if (framing->lengths > 1 || framing->bad_length)
        return "Content-Length is one number";
    if (framing->codings > 1 || framing->bad_coding)
        return "the only Transfer-Encoding is chunked";
    return framing->lengths + framing->codings > 1 ? "Content-Length and Transfer-Encoding are both given"
                                                   : NULL;
}

bool framing_is_clear(struct exchange *exchange)
{
    struct framing framing = {.hosts = 0};
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, look, &framing);
    const char *trouble = trouble_of(&framing);
    if (trouble == NULL)
        return true;
    exchange->closing = true;
    answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "%s", trouble);
    return false;
}
