/* control_stage.h: a fleet with a control socket, and a client at it. A test's one source file may include
 * it. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_CONTROL_STAGE_H
#define KSUPERVISE_TESTS_SUPERVISOR_CONTROL_STAGE_H

#include <msgpack.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/runtime.h"
#include "tests/supervisor/fleet_stage.h"

static int client;
static char path[RUNTIME_SOCKET_BYTES];
static uint8_t answer[4 << 20];
static size_t answer_length;

/* The supervisor has not seen it yet. */
static inline int connect_unseen(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ne(fd, -1);
    memcpy(address.sun_path, path, sizeof path);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline int connect_client(void)
{
    int fd = connect_unseen();
    fleet_turn();
    return fd;
}

static inline void set_up(void)
{
    struct error error = ERROR_INIT;
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1");
    fleet_begin();
    fleet_all_ready();
    ck_assert_int_eq(runtime_socket(path, fleet_instance, &error), 0);
    client = connect_client();
}

static inline void tear_down(void)
{
    close(client);
    fleet_close();
}

/* --- the client's side --------------------------------------------------------------------------------- */

static inline void sends_bytes(int fd, const void *bytes, size_t length)
{
    ck_assert_int_eq(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    fleet_turn();
}

/* A request with parameters as rpc_pack_notification packs them: [2, method, […]] becomes [0, id, method, …].
 */
#define SENDS(fd, id, ...)                                                                                   \
    do {                                                                                                     \
        char note[RPC_MESSAGE_BYTES];                                                                        \
        size_t note_length = rpc_pack_notification(note + 2, sizeof note - 2, __VA_ARGS__);                  \
        ck_assert_uint_gt(note_length, 0);                                                                   \
        note[0] = '\x94';                                                                                    \
        note[1] = '\x00';                                                                                    \
        note[2] = (char)(id);                                                                                \
        memmove(note + 3, note + 4, note_length - 2);                                                        \
        sends_bytes(fd, note, note_length + 1);                                                              \
    } while (0)

/* Reads what is there. False: the connection is closed. */
static inline bool reads(int fd)
{
    ssize_t length;
    answer_length = 0;
    while ((length = recv(fd, answer + answer_length, sizeof answer - answer_length, 0)) > 0)
        answer_length += (size_t)length;
    return length == -1 && errno == EAGAIN;
}

static inline bool has(const char *text)
{
    return memmem(answer, answer_length, text, strlen(text)) != NULL;
}

/* One whole response of that number with an error; "" with a result. */
static inline void is_answered(int fd, int64_t id, const char *reason)
{
    struct mp_reader reader;
    uint32_t count;
    int64_t number = -1;
    struct mp_view view;
    ck_assert(reads(fd));
    mp_init(&reader, answer, answer_length);
    ck_assert(mp_read_array(&reader, &count) && count == 4 && mp_read_int(&reader, &number));
    ck_assert_int_eq(number, RPC_RESPONSE);
    ck_assert(mp_read_int(&reader, &number));
    ck_assert_int_eq(number, id);
    if (reason[0] == '\0') {
        ck_assert(mp_read_nil(&reader));
        ck_assert(mp_skip(&reader, MP_DEPTH_MAX));
    } else {
        ck_assert(mp_read_str(&reader, &view));
        ck_assert_msg(view.length == strlen(reason) && memcmp(view.data, reason, view.length) == 0,
                      "'%.*s' instead of '%s'", (int)view.length, view.data, reason);
        bool late = false;
        ck_assert(mp_read_nil(&reader) || mp_read_bool(&reader, &late));
        ck_assert(late == (strstr(reason, "timed out") != NULL));
    }
    ck_assert(mp_at_end(&reader));
}

static inline void is_not_answered(int fd)
{
    ck_assert(reads(fd));
    ck_assert_uint_eq(answer_length, 0);
}

static inline void is_dropped(int fd)
{
    ck_assert(!reads(fd));
}

static inline void ends(const char *name)
{
    fake_ends(&fleet_worker(name)->process, 0, 0);
    fleet_turn();
    fleet_turn();
}

static const char status[] = "\x94\x00\x07\xa6status\x90";

#endif
