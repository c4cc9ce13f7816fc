/* Clients of the control socket: who is served, who is dropped, and the socket itself. */
#include "tests/supervisor/control_stage.h"

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
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        is_not_answered(fds[i]); /* all of them have a place */
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
    ck_assert(has("the supervisor has too many requests open: try again in a moment"));
    close(fd);
    for (size_t i = 1; i < CONTROL_CONNECTIONS_MAX; i++)
        close(fds[i]);
}
END_TEST

/* Two come together: the first has asked, but nobody has read it yet. */
START_TEST(one_whose_request_is_not_read_yet_keeps_its_place)
{
    int fds[CONTROL_CONNECTIONS_MAX];
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX - 1; i++) {
        fds[i] = i == 0 ? client : connect_client();
        SENDS(fds[i], 1, "stop", "s", "bravo");
    }
    int last = fds[CONTROL_CONNECTIONS_MAX - 1] = connect_unseen();
    ck_assert_int_eq(send(last, status, sizeof status - 1, 0), (ssize_t)(sizeof status - 1));
    int fd = connect_unseen();
    fleet_turn();
    fleet_turn();
    ck_assert(reads(last));
    ck_assert(has("\x94\x01\x07"));
    is_dropped(fd);
    close(fd);
    for (size_t i = 1; i < CONTROL_CONNECTIONS_MAX; i++)
        close(fds[i]);
}
END_TEST

START_TEST(what_one_left_half_said_is_not_the_next_one_s)
{
    int fd = connect_client();
    sends_bytes(fd, status, 3);
    close(fd);
    fleet_turn();
    fd = connect_client(); /* in its place */
    sends_bytes(fd, status, sizeof status - 1);
    is_answered(fd, 7, "");
    close(fd);
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

/* The numbers of the responses that were read, behind those before: whole ones. */
static void collect(char numbers[8192])
{
    static uint8_t torn[1 << 20];
    static size_t kept;
    size_t used = strlen(numbers);
    memcpy(torn + kept, answer, answer_length);
    kept += answer_length;
    struct mp_reader reader;
    mp_init(&reader, torn, kept);
    size_t whole = 0;
    while (whole < kept && mp_step(&reader, MP_DEPTH_MAX) == MP_OK) {
        ck_assert_mem_eq(torn + whole, "\x94\x01", 2);
        numbers[used++] = (char)('0' + torn[whole + 2]);
        whole = mp_offset(&reader);
    }
    numbers[used] = '\0';
    memmove(torn, torn + whole, kept - whole);
    kept -= whole;
}

/* The client reads, and asks at once: there is room again, and the rest has not been sent yet. */
START_TEST(an_answer_does_not_overtake_the_rest_of_those_before_it)
{
    static const char later[] = "\x94\x00\x08\xa6status\x90";
    static char numbers[8192];
    fills(client);
    ck_assert_int_eq(send(client, later, sizeof later - 1, MSG_NOSIGNAL), (ssize_t)(sizeof later - 1));
    ck_assert(reads(client));
    collect(numbers);
    reactor_wait(&fleet.reactor, clock_monotonic_us());
    ck_assert(reads(client));
    collect(numbers);
    fleet_turn();
    ck_assert(reads(client));
    collect(numbers);
    ck_assert_ptr_eq(strchr(numbers, '8'), numbers + strlen(numbers) - 1);
    ck_assert_uint_gt(strspn(numbers, "7"), 1);
}
END_TEST

CHECK_MAIN_WITH("supervisor/control: connections", set_up, tear_down,
                a_client_that_goes_takes_its_request_with_it_and_what_was_begun_goes_on,
                while_somebody_waits_the_conditions_are_looked_at_often,
                a_newcomer_gets_the_place_of_who_has_asked_nothing_for_longest,
                where_all_wait_a_newcomer_is_told_and_sent_away,
                one_whose_request_is_not_read_yet_keeps_its_place,
                what_the_socket_does_not_hold_is_sent_when_the_client_has_read,
                a_client_that_reads_nothing_for_five_seconds_is_dropped,
                a_client_that_reads_slowly_is_not_dropped,
                the_socket_is_the_user_s_own_and_is_gone_at_the_end,
                a_socket_that_a_dead_supervisor_has_left_is_no_hindrance,
                a_folder_that_cannot_be_used_is_an_error_that_names_the_socket,
                an_answer_does_not_overtake_the_rest_of_those_before_it,
                what_one_left_half_said_is_not_the_next_one_s)
