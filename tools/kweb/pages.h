/* pages.h: what is served as it is: the page and its parts, other people's libraries, and health. */
#ifndef KSUPERVISE_TOOLS_KWEB_PAGES_H
#define KSUPERVISE_TOOLS_KWEB_PAGES_H

#include "tools/kweb/exchange.h"

/* The page for a browser, health for a program. */
void serve_front(struct exchange *exchange);
void serve_page(struct exchange *exchange);
void serve_asset(struct exchange *exchange);
void serve_docs(struct exchange *exchange);

#endif
