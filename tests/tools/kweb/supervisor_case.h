/* supervisor_case.h: a stand-in for the supervisor's control socket, played by the test itself: it takes a
 * connection, looks at what is asked, and answers. Before: kweb (exchange_case.h), or a `struct kweb kweb` of
 * the test's.
 */
#ifndef KSUPERVISE_TESTS_TOOLS_KWEB_SUPERVISOR_CASE_H
#define KSUPERVISE_TESTS_TOOLS_KWEB_SUPERVISOR_CASE_H

#include <msgpack.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/rpc/pack.h"
#include "common/runtime.h"
#include "tests/support/check_main.h"
#include "tools/kweb/kweb.h"

static struct kweb kweb; /* the test's */

static struct {
    char folder[64];
    struct sockaddr_un address;
    int listener;
    int caller; /* -1: none */
    char asked[4096];
    size_t asked_bytes;
} supervisor = {.listener = -1, .caller = -1};

__attribute__((unused)) static void supervisor_prepare(void)
{
    snprintf(supervisor.folder, sizeof supervisor.folder, "/tmp/check-web-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(supervisor.folder));
    setenv("XDG_RUNTIME_DIR", supervisor.folder, 1);
    ck_assert_int_eq(reactor_init(&kweb.reactor, NULL), 0);
}

__attribute__((unused)) static void supervisor_listens(int backlog)
{
    supervisor.address.sun_family = AF_UNIX;
    ck_assert_int_eq(runtime_socket(supervisor.address.sun_path, kweb.settings->instance, NULL), 0);
    supervisor.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(
        bind(supervisor.listener, (struct sockaddr *)&supervisor.address, sizeof supervisor.address), 0);
    ck_assert_int_eq(chmod(supervisor.address.sun_path, 0600), 0);
    ck_assert_int_eq(listen(supervisor.listener, backlog), 0);
}

__attribute__((unused)) static void supervisor_takes(void)
{
    if (supervisor.caller != -1)
        close(supervisor.caller);
    supervisor.caller = accept(supervisor.listener, NULL, NULL);
    ck_assert_int_ge(supervisor.caller, 0);
    ssize_t length = recv(supervisor.caller, supervisor.asked, sizeof supervisor.asked, 0);
    ck_assert_int_gt(length, 0);
    supervisor.asked_bytes = (size_t)length;
}

/* What was asked holds this text, as MessagePack has it. */
__attribute__((unused)) static bool was_asked(const char *text)
{
    return memmem(supervisor.asked, supervisor.asked_bytes, text, strlen(text)) != NULL;
}

__attribute__((unused)) static void supervisor_says(const void *bytes, size_t length)
{
    ck_assert_int_eq(send(supervisor.caller, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    reactor_wait(&kweb.reactor, clock_monotonic_us());
}

/* [1, 1, refused or nil, {"lines": [line]} or nil] */
__attribute__((unused)) static void supervisor_answers(const char *refused, const char *line)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_int(&packer, 1);
    msgpack_pack_int(&packer, 1);
    refused != NULL ? rpc_pack_text(&packer, refused) : msgpack_pack_nil(&packer);
    if (line == NULL) {
        msgpack_pack_nil(&packer);
    } else {
        msgpack_pack_map(&packer, 1);
        rpc_pack_text(&packer, "lines");
        msgpack_pack_array(&packer, 1);
        rpc_pack_text(&packer, line);
    }
    supervisor_says(buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
}

__attribute__((unused)) static void supervisor_clean_up(void)
{
    char path[128];
    reactor_release(&kweb.reactor);
    if (supervisor.listener != -1)
        close(supervisor.listener);
    unlink(supervisor.address.sun_path);
    snprintf(path, sizeof path, "%s/ksupervise", supervisor.folder);
    rmdir(path);
    rmdir(supervisor.folder);
}

#endif
