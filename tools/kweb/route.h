/* route.h: what can be asked of kweb: one table. The router, the checks of parameters, /openapi.json and the
 * documentation come from it. */
#ifndef KSUPERVISE_TOOLS_KWEB_ROUTE_H
#define KSUPERVISE_TOOLS_KWEB_ROUTE_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange; /* exchange.h */

#define ROUTE_PARAMS_MAX 6

enum param_type { PARAM_TEXT, PARAM_INTEGER, PARAM_BOOLEAN };

struct param {
    const char *name; /* NULL ends the list; those that the path names as {name} come first, in its order */
    const char *help;
    enum param_type type;
    bool required;            /* those of the path are */
    const char *fallback;     /* what it is when it is not given, as text; NULL: nothing */
    int64_t minimum, maximum; /* of a number; both 0: 0 … 2⁶³−1 */
    const char *example;
    const char *const *choices; /* of a text; ends with NULL */
    const char *pattern;        /* of a text, for the documentation: a regular expression of JSON Schema */
};

struct route {
    const char *method;
    const char *path;    /* "/consumers/{name}/acknowledge" */
    const char *tag;     /* the group in the documentation */
    const char *summary; /* one line */
    const char *help;    /* more, or NULL */
    struct param params[ROUTE_PARAMS_MAX + 1];
    const char *body;     /* an example of the JSON object that has to come; NULL: none may */
    size_t file_bytes;    /* what has to come is a file instead, of at most this many bytes: exchange.h */
    const char *type;     /* of the answer; NULL: application/json */
    const char *answers;  /* the name of its schema: openapi.c */
    const char *verb;     /* of kctl, where it is one; NULL. Then also: */
    const char *target;   /* the parameter that is its target; NULL: "" */
    const char *argument; /* its argument, in which {parameter} stands for the value; NULL: "" */
    bool makes;           /* its target is not there yet */
    bool at_once;         /* the verb's answer is that it has begun: later nobody would be there to tell */
    bool changes;         /* refused where kweb is read-only */
    void (*serve)(struct exchange *exchange);
};

/* Each by its place; NULL behind the last. */
const struct route *route_at(size_t i);

/* The route of that method and path, its {…} parts in values[] as copies (free them). NULL: none; then
 * *allowed has the methods that the path has ("" for an unknown path). */
const struct route *route_find(const char *method, const char *path, char *values[ROUTE_PARAMS_MAX],
                               char allowed[64]);

/* Whether the text is a value of the parameter; *number is set for numbers and booleans. */
int param_check(const struct param *param, const char *text, int64_t *number, struct error *error);

/* True when the path has it. */
bool param_in_path(const struct route *route, const struct param *param);

#endif
