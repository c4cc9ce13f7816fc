/* The control socket, as its clients see it: what is answered, what is refused, who is dropped. */
#include <msgpack.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/runtime.h"
#include "tests/supervisor/fleet_stage.h"

static int client;
static char path[RUNTIME_SOCKET_BYTES];
static uint8_t answer[4 << 20];
static size_t answer_length;

static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ne(fd, -1);
    memcpy(address.sun_path, path, sizeof path);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    fleet_turn();
    return fd;
}

static void set_up(void)
{
    struct error error = ERROR_INIT;
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1");
    fleet_begin();
    fleet_all_ready();
    ck_assert_int_eq(runtime_socket(path, fleet_instance, &error), 0);
    client = connect_client();
}

static void tear_down(void)
{
    close(client);
    fleet_close();
}

/* --- the client's side --------------------------------------------------------------------------------- */

static void sends_bytes(int fd, const void *bytes, size_t length)
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
static bool reads(int fd)
{
    ssize_t length;
    answer_length = 0;
    while ((length = recv(fd, answer + answer_length, sizeof answer - answer_length, 0)) > 0)
        answer_length += (size_t)length;
    return length == -1 && errno == EAGAIN;
}

static bool has(const char *text)
{
    return memmem(answer, answer_length, text, strlen(text)) != NULL;
}

/* One whole response of that number with an error; "" with a result. */
static void is_answered(int fd, int64_t id, const char *reason)
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
        ck_assert(mp_read_nil(&reader));
    }
    ck_assert(mp_at_end(&reader));
}

static void is_not_answered(int fd)
{
    ck_assert(reads(fd));
    ck_assert_uint_eq(answer_length, 0);
}

static void is_dropped(int fd)
{
    ck_assert(!reads(fd));
}

static void ends(const char *name)
{
    fake_ends(&fleet_worker(name)->process, 0, 0);
    fleet_turn();
    fleet_turn();
}

/* --- answers ------------------------------------------------------------------------------------------- */

START_TEST(a_request_is_answered_with_its_number_its_lines_and_its_result)
{
    SENDS(client, 5, "status", "s", "bravo");
    is_answered(client, 5, "");
    ck_assert(has("\x82\xa5lines\x91"));
    ck_assert(has("workers\x91"));
    ck_assert(has("bravo: ready, pid "));
    ck_assert(!has("zulu"));
}
END_TEST

START_TEST(an_answer_without_a_result_has_its_lines_alone)
{
    fleet_worker(PRODUCER_WORKER)->rate.number = 0;
    SENDS(client, 5, "rate", "ssib", "5/s", "", (int64_t)1000, 0);
    is_answered(client, 5, "");
    ck_assert(has("\x81\xa5lines\x91"));
}
END_TEST

START_TEST(a_request_is_answered_when_it_has_become_true)
{
    SENDS(client, 6, "stop", "s", "bravo");
    is_not_answered(client);
    fleet_turn();
    is_not_answered(client);
    ends("bravo");
    is_answered(client, 6, "");
    ck_assert(has("bravo: down"));
    fleet_turn();
    is_not_answered(client); /* once */
}
END_TEST

START_TEST(a_request_is_answered_when_its_time_is_up)
{
    SENDS(client, 6, "stop", "ssi", "bravo", "", (int64_t)1500);
    fake_clock_advance(1500 * US_PER_MS - 1);
    fleet_turn();
    is_not_answered(client);
    fake_clock_advance(1);
    fleet_turn();
    is_answered(client, 6, "stop bravo: not within its time; it goes on without being waited for");
}
END_TEST

START_TEST(without_a_timeout_it_is_thirty_seconds)
{
    SENDS(client, 6, "stop", "s", "bravo");
    fake_clock_advance(9 * US_PER_SECOND);
    fleet_worker("bravo")->deadline_us = INT64_MAX; /* it is not killed */
    fake_clock_advance(21 * US_PER_SECOND - 1);
    fleet_turn();
    is_not_answered(client);
    fake_clock_advance(1);
    fleet_turn();
    ck_assert(reads(client) && has("not within its time"));
}
END_TEST

START_TEST(who_does_not_wait_is_answered_at_once)
{
    SENDS(client, 6, "stop", "ssib", "bravo", "", (int64_t)1500, 0);
    is_answered(client, 6, "");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_requests_arrival)
{
    SENDS(client, 1, "stop", "s", "zulu");
    SENDS(client, 2, "start", "s", "zulu");
    ends("zulu");
    is_answered(client, 1, "");
    ck_assert_int_eq(fleet_worker("zulu")->state, WORKER_STARTING); /* the second has begun */
}
END_TEST

/* --- what is refused ----------------------------------------------------------------------------------- */

#define PARAMETERS "the parameters are [target, argument, timeout in ms, wait]"

START_TEST(an_unknown_verb_is_refused_with_the_nearest_one)
{
    SENDS(client, 3, "restat", "");
    is_answered(client, 3, "there is no verb 'restat'; is 'restart' meant?");
    SENDS(client, 3, "xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz40+", "");
    is_answered(client, 3, "there is no verb 'xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz4'");
}
END_TEST

START_TEST(parameters_of_another_type_or_size_are_refused)
{
    SENDS(client, 1, "status", "i", (int64_t)1);
    is_answered(client, 1, PARAMETERS);
    SENDS(client, 2, "status", "si", "bravo", (int64_t)1);
    is_answered(client, 2, PARAMETERS);
    SENDS(client, 3, "status", "sss", "bravo", "", "soon");
    is_answered(client, 3, PARAMETERS);
    SENDS(client, 4, "status", "ssii", "bravo", "", (int64_t)1, (int64_t)1);
    is_answered(client, 4, PARAMETERS);
    SENDS(client, 5, "status", "ssibi", "bravo", "", (int64_t)1, 1, (int64_t)1);
    is_answered(client, 5, PARAMETERS);
    SENDS(client, 6, "status", "ssi", "bravo", "", (int64_t)-1);
    is_answered(client, 6, PARAMETERS);
    SENDS(client, 7, "status", "ssi", "bravo", "", (int64_t)24 * 3600 * 1000 + 1);
    is_answered(client, 7, PARAMETERS);
    SENDS(client, 8, "status", "ssi", "bravo", "", (int64_t)24 * 3600 * 1000);
    is_answered(client, 8, "");
    SENDS(client, 9, "status", "ssi", "bravo", "", (int64_t)0);
    is_answered(client, 9, "");
    SENDS(client, 10, "status", "");
    is_answered(client, 10, "");
}
END_TEST

START_TEST(a_text_with_a_NUL_is_refused)
{
    static const char bytes[] = "\x94\x00\x07\xa6status\x91\xa3"
                                "a\0b";
    sends_bytes(client, bytes, sizeof bytes - 1);
    is_answered(client, 7, PARAMETERS);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused_and_its_limit_is_told)
{
    char text[RPC_TEXT_BYTES + 1];
    memset(text, 'x', sizeof text - 1);
    text[VERB_TEXT_BYTES] = '\0';
    SENDS(client, 1, "status", "s", text);
    is_answered(client, 1, "the target has 256 bytes, and one request carries 255: say it in several");
    text[VERB_TEXT_BYTES - 1] = '\0';
    SENDS(client, 2, "status", "s", text);
    is_answered(client, 2, "");
    memset(text, 'x', sizeof text - 1);
    text[RPC_TEXT_BYTES] = '\0';
    SENDS(client, 3, "status", "ss", "bravo", text);
    is_answered(client, 3, "the argument has 4096 bytes, and one request carries 4095: say it in several");
    text[RPC_TEXT_BYTES - 1] = '\0';
    SENDS(client, 4, "status", "ss", "bravo", text);
    is_answered(client, 4, "");
}
END_TEST

START_TEST(one_that_stops_answers_only_what_is_for_it)
{
    fleet_stop(&fleet, 0);
    SENDS(client, 1, "start", "s", "bravo");
    is_answered(client, 1, "the instance is stopping");
    SENDS(client, 2, "status", "s", "bravo");
    is_answered(client, 2, "");
}
END_TEST

START_TEST(one_request_too_many_is_refused_and_the_others_stay_open)
{
    for (int i = 0; i < 64; i++)
        SENDS(client, i, "stop", "s", "bravo");
    is_not_answered(client);
    SENDS(client, 99, "status", "s", "bravo");
    is_answered(client, 99, "too many requests are open");
}
END_TEST

/* --- bytes --------------------------------------------------------------------------------------------- */

static const char status[] = "\x94\x00\x07\xa6status\x90";

START_TEST(a_request_may_come_in_pieces_and_several_at_once)
{
    for (size_t i = 0; i + 2 < sizeof status; i++) {
        sends_bytes(client, status + i, 1);
        is_not_answered(client);
    }
    sends_bytes(client, status + sizeof status - 2, 1);
    is_answered(client, 7, "");
    char both[2 * sizeof status];
    memcpy(both, status, sizeof status - 1);
    memcpy(both + sizeof status - 1, status, sizeof status - 1);
    sends_bytes(client, both, 2 * (sizeof status - 1) - 3); /* one and a half */
    is_answered(client, 7, "");
    sends_bytes(client, both + 2 * (sizeof status - 1) - 3, 3);
    is_answered(client, 7, "");
}
END_TEST

START_TEST(what_is_no_request_ends_the_connection_and_no_other)
{
    static const struct {
        const char *bytes;
        size_t length;
    } wrong[] = {{"\xc1", 1},                    /* no MessagePack */
                 {"\x07", 1},                    /* no array */
                 {"\x93\x02\xa6status\x90", 10}, /* a notification */
                 {"\x94\x01\x07\xc0\xc0", 5}};   /* a response */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int fd = connect_client();
        sends_bytes(fd, wrong[i].bytes, wrong[i].length);
        is_dropped(fd);
        close(fd);
    }
    SENDS(client, 7, "status", "");
    is_answered(client, 7, "");
}
END_TEST

START_TEST(a_message_that_is_longer_than_any_of_ours_ends_the_connection)
{
    static char bytes[RPC_MESSAGE_BYTES] = "\x94\x00\x07\xda\xff\xff"; /* a method of 65535 bytes */
    sends_bytes(client, bytes, sizeof bytes - 1);
    fleet_turn();
    is_not_answered(client);
    sends_bytes(client, bytes + sizeof bytes - 1, 1);
    fleet_turn();
    is_dropped(client);
}
END_TEST

/* --- connections --------------------------------------------------------------------------------------- */

START_TEST(a_client_that_goes_takes_its_request_with_it_and_what_was_begun_goes_on)
{
    int fd = connect_client();
    SENDS(fd, 1, "stop", "s", "bravo");
    ck_assert_int_ne(control_deadline_us(fleet.control), INT64_MAX);
    close(fd);
    fleet_turn();
    ck_assert_int_eq(control_deadline_us(fleet.control), INT64_MAX);
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
    SENDS(client, 2, "start", "s", "bravo");
    ends("bravo");
    fleet_becomes_ready(fleet_worker("bravo"));
    fleet_turn();
    is_answered(client, 2, "");
}
END_TEST

START_TEST(while_somebody_waits_the_conditions_are_looked_at_often)
{
    ck_assert_int_eq(control_deadline_us(fleet.control), INT64_MAX);
    SENDS(client, 1, "stop", "s", "bravo");
    ck_assert_int_eq(control_deadline_us(fleet.control), clock_monotonic_us() + 10 * US_PER_MS);
    ends("bravo");
    ck_assert_int_eq(control_deadline_us(fleet.control), INT64_MAX);
}
END_TEST

START_TEST(a_newcomer_gets_the_place_of_who_has_asked_nothing_for_longest)
{
    int fds[CONTROL_CONNECTIONS_MAX];
    fds[0] = client;
    for (size_t i = 1; i < CONTROL_CONNECTIONS_MAX; i++) {
        fake_clock_advance(US_PER_MS);
        fds[i] = connect_client();
    }
    fake_clock_advance(US_PER_MS);
    SENDS(fds[0], 1, "status", ""); /* it was first, and has asked since */
    is_answered(fds[0], 1, "");
    SENDS(fds[1], 1, "stop", "s", "bravo"); /* it waits */
    int fd = connect_client();
    SENDS(fd, 2, "status", "");
    is_answered(fd, 2, "");
    is_dropped(fds[2]);
    for (size_t i = 1; i < CONTROL_CONNECTIONS_MAX; i++) {
        if (i != 2)
            is_not_answered(fds[i]);
        close(fds[i]);
    }
    close(fd);
}
END_TEST

START_TEST(where_all_wait_a_newcomer_is_told_and_sent_away)
{
    int fds[CONTROL_CONNECTIONS_MAX];
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        fds[i] = i == 0 ? client : connect_client();
        SENDS(fds[i], 1, "stop", "s", "bravo");
    }
    int fd = connect_client();
    is_dropped(fd);
    ck_assert(has("the supervisor has as many requests open as it takes at once: try again in a moment"));
    close(fd);
    for (size_t i = 1; i < CONTROL_CONNECTIONS_MAX; i++)
        close(fds[i]);
}
END_TEST

/* Asks until the socket holds no more of the answers. */
static void fills(int fd)
{
    for (int i = 0; i < 4000 && control_deadline_us(fleet.control) == INT64_MAX; i++) {
        ck_assert_int_eq(send(fd, status, sizeof status - 1, MSG_NOSIGNAL), (ssize_t)(sizeof status - 1));
        reactor_wait(&fleet.reactor, clock_monotonic_us());
    }
    ck_assert_int_eq(control_deadline_us(fleet.control), clock_monotonic_us() + 10 * US_PER_MS);
}

START_TEST(what_the_socket_does_not_hold_is_sent_when_the_client_has_read)
{
    fills(client);
    SENDS(client, 8, "status", ""); /* behind the others */
    ck_assert(reads(client));
    ck_assert(!has("\x94\x01\x08"));
    fleet_turn();
    ck_assert(reads(client));
    ck_assert(has("\x94\x01\x08"));
    ck_assert_int_eq(control_deadline_us(fleet.control), INT64_MAX);
    SENDS(client, 9, "status", "");
    is_answered(client, 9, "");
}
END_TEST

START_TEST(a_client_that_reads_nothing_for_five_seconds_is_dropped)
{
    fills(client);
    fake_clock_advance(5 * US_PER_SECOND - 1);
    control_check(fleet.control);
    ck_assert_int_ne(control_deadline_us(fleet.control), INT64_MAX);
    fake_clock_advance(2);
    control_check(fleet.control);
    ck_assert_int_eq(control_deadline_us(fleet.control), INT64_MAX);
    is_dropped(client);
}
END_TEST

START_TEST(a_client_that_reads_slowly_is_not_dropped)
{
    fills(client);
    fake_clock_advance(4 * US_PER_SECOND);
    ssize_t length = recv(client, answer, 64 * 1024, 0);
    ck_assert_int_gt(length, 0);
    fleet_turn();
    fills(client);
    fake_clock_advance(4 * US_PER_SECOND);
    fleet_turn();
    ck_assert(reads(client));
}
END_TEST

/* --- the socket ---------------------------------------------------------------------------------------- */

START_TEST(the_socket_is_the_user_s_own_and_is_gone_at_the_end)
{
    struct stat status_of;
    ck_assert_int_eq(stat(path, &status_of), 0);
    ck_assert_uint_eq(status_of.st_mode & 0777, 0600);
    SENDS(client, 1, "stop", "s", "bravo");
    fake_ends(&fleet_worker("bravo")->process, 0, 0);
    reactor_wait(&fleet.reactor, clock_monotonic_us());
    control_close(fleet.control); /* answers what is true by now */
    fleet.control = NULL;
    ck_assert_int_eq(stat(path, &status_of), -1);
    is_dropped(client);
    ck_assert(has("bravo: down"));
    control_close(NULL);
}
END_TEST

START_TEST(a_socket_that_a_dead_supervisor_has_left_is_no_hindrance)
{
    struct error error = ERROR_INIT;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    control_close(fleet.control);
    memcpy(address.sun_path, path, sizeof path);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(left, (const struct sockaddr *)&address, sizeof address), 0);
    close(left);
    ck_assert_msg(control_open(&fleet.control, &fleet, &error) == 0, "%s", error.text);
    int fd = connect_client();
    SENDS(fd, 1, "status", "");
    is_answered(fd, 1, "");
    close(fd);
}
END_TEST

START_TEST(a_folder_that_cannot_be_used_is_an_error_that_names_the_socket)
{
    struct error error = ERROR_INIT;
    struct control *other = NULL;
    control_close(fleet.control);
    fleet.control = NULL;
    ck_assert_int_eq(mkdir(path, 0700), 0); /* in its place */
    ck_assert_int_eq(control_open(&other, &fleet, &error), -1);
    ck_assert_ptr_null(other);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot listen at "));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/control", set_up, tear_down, a_request_is_answered_with_its_number_its_lines_and_its_result,
    an_answer_without_a_result_has_its_lines_alone, a_request_is_answered_when_it_has_become_true,
    a_request_is_answered_when_its_time_is_up, without_a_timeout_it_is_thirty_seconds,
    who_does_not_wait_is_answered_at_once, answers_come_in_the_order_of_the_requests_arrival,
    an_unknown_verb_is_refused_with_the_nearest_one, parameters_of_another_type_or_size_are_refused,
    a_text_with_a_NUL_is_refused, a_text_that_is_too_long_is_refused_and_its_limit_is_told,
    one_that_stops_answers_only_what_is_for_it, one_request_too_many_is_refused_and_the_others_stay_open,
    a_request_may_come_in_pieces_and_several_at_once, what_is_no_request_ends_the_connection_and_no_other,
    a_message_that_is_longer_than_any_of_ours_ends_the_connection,
    a_client_that_goes_takes_its_request_with_it_and_what_was_begun_goes_on,
    while_somebody_waits_the_conditions_are_looked_at_often,
    a_newcomer_gets_the_place_of_who_has_asked_nothing_for_longest,
    where_all_wait_a_newcomer_is_told_and_sent_away,
    what_the_socket_does_not_hold_is_sent_when_the_client_has_read,
    a_client_that_reads_nothing_for_five_seconds_is_dropped, a_client_that_reads_slowly_is_not_dropped,
    the_socket_is_the_user_s_own_and_is_gone_at_the_end,
    a_socket_that_a_dead_supervisor_has_left_is_no_hindrance,
    a_folder_that_cannot_be_used_is_an_error_that_names_the_socket)
