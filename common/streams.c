#include "common/streams.h"

#include <poll.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/exit_codes.h"

void streams_init(void)
{
    signal(SIGXFSZ, SIG_IGN);
    /* The lowest free descriptor is taken, so in this order each gets its own. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

bool stream_is_read(FILE *stream)
{
    struct pollfd output = {.fd = fileno(stream), .events = 0};
    return poll(&output, 1, 0) != 1 || (output.revents & (POLLERR | POLLHUP)) == 0;
}

int streams_end(const char *program, int exit_code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", program, strerror(errno));
    return exit_code == EXIT_CODE_OK ? EXIT_CODE_FAILED : exit_code;
}
