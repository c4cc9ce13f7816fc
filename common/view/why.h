/* why.h: why a worker does not move, in one sentence, with what shows it. */
#ifndef KSUPERVISE_COMMON_VIEW_WHY_H
#define KSUPERVISE_COMMON_VIEW_WHY_H

#include "common/view/view.h"

#define WHY_BYTES 768

/* Of a worker that is attached. It is the first cause that applies, from the outermost (its supervisor is
 * stopped) to the innermost (a record in flight); "nothing blocks it" where it moves. */
void why(const struct view *view, const struct view_worker *worker, char text[WHY_BYTES]);

/* A line for each worker of the view: "bravo: it has been paused …". */
void show_why(const struct view *view, FILE *stream);

#endif
