#include "tools/kweb/peer.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct ends {
    struct sockaddr_storage near, far;
};

static bool find_ends(int fd, struct ends *ends)
{
    socklen_t near = sizeof ends->near, far = sizeof ends->far;
    return getsockname(fd, (struct sockaddr *)&ends->near, &near) == 0 &&
           getpeername(fd, (struct sockaddr *)&ends->far, &far) == 0;
}

static bool is_loopback(const struct sockaddr_storage *end)
{
    if (end->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)end)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return end->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)end)->sin6_addr);
}

static void put_end(const struct sockaddr_storage *end, uint16_t *port, uint32_t address[4])
{
    if (end->ss_family == AF_INET) {
        *port = ((const struct sockaddr_in *)end)->sin_port;
        address[0] = ((const struct sockaddr_in *)end)->sin_addr.s_addr;
        return;
    }
    *port = ((const struct sockaddr_in6 *)end)->sin6_port;
    memcpy(address, &((const struct sockaddr_in6 *)end)->sin6_addr, 16);
}

/* The kernel is asked for the peer's own socket: what is the far end here is the near one there. */
static bool ask(int netlink, const struct ends *ends, uid_t *uid)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 request;
    } question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = (uint8_t)ends->far.ss_family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = UINT32_MAX,
                    .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    struct inet_diag_sockid *id = &question.request.id;
    put_end(&ends->far, &id->idiag_sport, id->idiag_src);
    put_end(&ends->near, &id->idiag_dport, id->idiag_dst);
    struct {
        struct nlmsghdr head;
        struct inet_diag_msg socket;
        char attributes[4096]; /* not looked at */
    } answer;
    if (send(netlink, &question, sizeof question, 0) != (ssize_t)sizeof question)
        return false;
    ssize_t length = recv(netlink, &answer, sizeof answer, 0);
    if (length < (ssize_t)(sizeof answer - sizeof answer.attributes) ||
        answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return false;
    if (answer.socket.idiag_inode ==
        0) /* its process has closed it: the kernel then says that it is root's */
        return false;
    *uid = answer.socket.idiag_uid;
    return true;
}

static bool owner_over_tcp(const struct ends *ends, uid_t *uid)
{
    if (!is_loopback(&ends->far))
        return false;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink == -1)
        return false;
    const struct timeval second = {.tv_sec = 1};
    setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    bool known = ask(netlink, ends, uid);
    close(netlink);
    return known;
}

static bool owner_over_unix(int fd, uid_t *uid)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == -1)
        return false;
    *uid = peer.uid;
    return true;
}

static void name(struct peer *peer, const struct sockaddr_storage *far)
{
    const void *number = far->ss_family == AF_INET
                             ? (const void *)&((const struct sockaddr_in *)far)->sin_addr
                             : &((const struct sockaddr_in6 *)far)->sin6_addr;
    if (far->ss_family == AF_UNIX || inet_ntop(far->ss_family, number, peer->text, sizeof peer->text) == NULL)
        snprintf(peer->text, sizeof peer->text, "local");
}

void peer_init(struct peer *peer, int fd)
{
    struct ends ends = {.near = {0}};
    uid_t uid;
    *peer = (struct peer){.fd = fd};
    if (!find_ends(fd, &ends))
        return;
    name(peer, &ends.far);
    bool known = ends.far.ss_family == AF_UNIX ? owner_over_unix(fd, &uid) : owner_over_tcp(&ends, &uid);
    peer->ours = known && (uid == geteuid() || uid == 0);
}
