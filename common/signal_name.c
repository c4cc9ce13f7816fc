#include "common/signal_name.h"

#include <stdio.h>
#include <string.h>

/* Those for real time have none. */
const char *signal_name(int number, char text[SIGNAL_NAME_BYTES])
{
    const char *name = sigabbrev_np(number);
    if (name != NULL)
        snprintf(text, SIGNAL_NAME_BYTES, "SIG%s", name);
    else
        snprintf(text, SIGNAL_NAME_BYTES, "signal %d", number);
    return text;
}
