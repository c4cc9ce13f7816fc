/* own_postgres.h: a unit test on a PostgreSQL of its own: the program runs itself again under Debian's
 * pg_virtualenv, which sets libpq's environment. Where there is none, no test runs.
 *
 *   int main(int argc, char **argv)
 *   {
 *       if (!own_postgres_is_there())
 *           return own_postgres_run(argv[0]);
 *       own_postgres_guard();
 *       return check_main(…);
 *   }
 */
#ifndef KSUPERVISE_TESTS_SUPPORT_OWN_POSTGRES_H
#define KSUPERVISE_TESTS_SUPPORT_OWN_POSTGRES_H

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWN_POSTGRES "TEST_UNDER_PG_VIRTUALENV"

/* Free now, and none that connections are given. By chance: in PID namespaces of their own, as under
 * tests/mutants, two programs have the same pid. */
static inline int own_postgres_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned chance = 0;
    if (getrandom(&chance, sizeof chance, 0) == -1)
        chance = (unsigned)getpid();
    for (int port = 20000 + (int)(chance % 10000);; port = port < 31999 ? port + 1 : 20000) {
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        address.sin_port = htons((uint16_t)port);
        int taken = bind(probe, (struct sockaddr *)&address, sizeof address);
        close(probe);
        if (taken == 0)
            return port;
    }
}

static inline bool own_postgres_is_there(void)
{
    return getenv(OWN_POSTGRES) != NULL;
}

/* Returns what main returns when it cannot. */
static inline int own_postgres_run(const char *program)
{
    char port[32];
    snprintf(port, sizeof port, "--port=%d", own_postgres_port());
    setenv(OWN_POSTGRES, "1", 1);
    execlp("pg_virtualenv", "pg_virtualenv", "-t", "-c", port, program, (char *)NULL);
    puts("pg_virtualenv is not there (Debian: postgresql, postgresql-common)\n"
         "100%: Checks: 0, Failures: 0, Errors: 0");
    return 0;
}

/* The server is in a session of its own. Whoever kills this program and pg_virtualenv (a test run whose time
 * is up) closes a pipe, at whose other end a process of another session then ends the server. */
static inline void own_postgres_guard(void)
{
    int ends[2];
    char byte;
    PGconn *connection = PQconnectdb("");
    PGresult *file = PQexec(connection, "SELECT pg_read_file('postmaster.pid')");
    pid_t server = PQntuples(file) == 1 ? (pid_t)strtol(PQgetvalue(file, 0, 0), NULL, 10) : 0;
    PQclear(file);
    PQfinish(connection);
    if (server <= 1 || pipe(ends) == -1)
        return;
    if (fork() != 0) {
        close(ends[0]);
        return;
    }
    close(ends[1]);
    setsid();
    while (read(ends[0], &byte, 1) > 0)
        continue;
    kill(server, SIGINT);
    _exit(0);
}

#endif
