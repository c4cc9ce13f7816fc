#include "common/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WHOLE_BYTES = 8192 };

/* A name has one of these in it. ssl.key.pem and its like are keys themselves. */
static const char *const words[] = {"password",   "passwd",  "passphrase", "secret", "token", "jaas",
                                    "credential", "api.key", "api_key",    "apikey", ".pem",  "pwd"};

struct masking {
    char *to;
    size_t bytes, used;
    bool found;
};

static void put(struct masking *masking, const char *text, size_t length)
{
    size_t room = masking->bytes - 1 - masking->used;
    if (length > room)
        length = room;
    memcpy(masking->to + masking->used, text, length);
    masking->used += length;
}

static void put_mask(struct masking *masking)
{
    put(masking, SECRET_MASK, strlen(SECRET_MASK));
    masking->found = true;
}

/* --- NAME=VALUE ---------------------------------------------------------------------------------------- */

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

bool secret_name(const char *name, size_t length)
{
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        for (size_t i = 0; i + strlen(words[w]) <= length; i++)
            if (strncasecmp(name + i, words[w], strlen(words[w])) == 0)
                return true;
    return false;
}

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " \t");
}

/* The end of a value: a backslash takes the next character with it. */
static const char *end_of_value(const char *at)
{
    char quote = *at == '\'' || *at == '"' ? *at++ : '\0';
    for (; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (quote != '\0' ? *at == quote : isspace((unsigned char)*at) || *at == '\'' || *at == '"')
            return at;
    }
    return at;
}

/* `at` is behind a name that ends at `end`; where its secret value begins, or NULL. */
static const char *find_value(const char *name, const char *end)
{
    const char *at = skip_spaces(end);
    if (*at != '=' || !secret_name(name, (size_t)(end - name)))
        return NULL;
    at = skip_spaces(at + 1);
    return *at != '\0' ? at : NULL;
}

/* A text may be masked and cut several times: a mask, or the rest of a cut one, must not count as a secret.
 * Otherwise the next pass would mask everything after an unclosed quote. */
static bool is_masked(const char *value)
{
    size_t length = strspn(value, "*");
    char next = value[length];
    return length > 0 && length <= strlen(SECRET_MASK) &&
           (next == '\0' || isspace((unsigned char)next) || next == '\'' || next == '"');
}

/* A name, and its value where that is a secret; returns what follows. */
static const char *take_name(struct masking *masking, const char *name)
{
    const char *end = name;
    while (is_name(*end))
        end++;
    const char *value = find_value(name, end);
    put(masking, name, (size_t)((value != NULL ? value : end) - name));
    if (value == NULL)
        return end;
    bool quoted = *value == '\'' || *value == '"';
    put(masking, value, quoted);
    if (is_masked(value + quoted))
        return value + quoted;
    put_mask(masking);
    return end_of_value(value);
}

/* --- URIs ---------------------------------------------------------------------------------------------- */

static bool is_port(const char *at, const char *end)
{
    size_t digits = strspn(at, "0123456789");
    return digits > 0 && (at + digits >= end || strchr("/?,", at[digits]) != NULL);
}

/* `at` is behind "://". The password between the first colon and the last @ of the word; where there is no @,
 * whatever is no port. NULL: there is none. */
static const char *find_password(const char *at, const char **end)
{
    size_t word = strcspn(at, " \t\n'\"");
    const char *colon = memchr(at, ':', word);
    const char *host = memrchr(at, '@', word);
    if (colon == NULL || (host != NULL && colon > host))
        return NULL;
    *end = host != NULL ? host : at + word;
    return host == NULL && (is_port(colon + 1, *end) || memchr(at, '/', (size_t)(colon - at)) != NULL)
               ? NULL
               : colon + 1;
}

static const char *take_authority(struct masking *masking, const char *at)
{
    const char *end;
    const char *password = find_password(at + 3, &end);
    const char *until = password != NULL ? password : at + 3;
    put(masking, at, (size_t)(until - at));
    if (password == NULL)
        return until;
    put_mask(masking);
    return end;
}

bool secret_mask(char *to, size_t bytes, const char *text)
{
    struct masking masking = {.to = to, .bytes = bytes};
    while (*text != '\0') {
        if (strncmp(text, "://", 3) == 0) {
            text = take_authority(&masking, text);
        } else if (is_name(*text)) {
            text = take_name(&masking, text);
        } else {
            put(&masking, text, 1);
            text++;
        }
    }
    to[masking.used] = '\0';
    return masking.found;
}

void secret_vprint(char *to, size_t bytes, const char *format, va_list arguments)
{
    char whole[WHOLE_BYTES];
    vsnprintf(whole, sizeof whole, format, arguments);
    secret_mask(to, bytes, whole);
}
