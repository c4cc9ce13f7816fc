/* listen_address.h: where an HTTP server listens, as --http says it: PORT, ADDRESS:PORT, [IPV6]:PORT, or
 * unix:PATH. ADDRESS is a number, or localhost; without one it is 127.0.0.1. Pure but for
 * listen_address_open; any thread. */
#ifndef KSUPERVISE_COMMON_LISTEN_ADDRESS_H
#define KSUPERVISE_COMMON_LISTEN_ADDRESS_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LISTEN_TEXT_BYTES 128

struct listen_address {
    struct sockaddr_storage socket; /* AF_INET, AF_INET6 or AF_UNIX */
    socklen_t length;
    bool loopback; /* only this machine can reach it: 127.0.0.0/8, ::1, or a Unix socket */
};

/* -1 with an error that says what is wrong with the text. */
int listen_address_parse(struct listen_address *address, const char *text, struct error *error);

/* A listening socket, non-blocking, the caller's; port 0 becomes the one that the kernel gives. A Unix socket
 * gets mode 0600; a stale one is replaced. -1 with the error, errno is the cause. */
int listen_address_open(struct listen_address *address, struct error *error);

/* Removes a Unix socket whose listener is closed. */
void listen_address_remove(const struct listen_address *address);

/* As it is opened in a browser: http://127.0.0.1:8000/, or unix:PATH. */
void listen_address_text(const struct listen_address *address, char text[LISTEN_TEXT_BYTES]);
/* 0 of a Unix socket. */
uint16_t listen_address_port(const struct listen_address *address);

#endif
