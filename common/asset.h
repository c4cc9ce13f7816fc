/* asset.h: files that are part of a program: tools/web/embed makes them one object when it is built. Each
 * program that has some has its own table of them. Pure; any thread. */
#ifndef KSUPERVISE_COMMON_ASSET_H
#define KSUPERVISE_COMMON_ASSET_H

#include "common/banned.h"

#include <stddef.h>

struct asset {
    const char *name; /* "page/index.html", "assets/uPlot.iife.min.js" */
    const char *etag; /* quoted, of its contents */
    const unsigned char *bytes, *end;
    const unsigned char *gzip, *gzip_end; /* the same, compressed */
};

/* NULL: it is not part of this build. */
const struct asset *asset_find(const char *name);
/* The media type that its name says. */
const char *asset_type(const char *name);

/* The generated table, the program's; ends with a NULL name. */
extern const struct asset asset_table[];

#endif
