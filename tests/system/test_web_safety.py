"""kweb against those who may not, and those who send what no program should: raw sockets against a server that has to stay there for the others."""

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import harness
from harness import alive, main, wait_until
from web import JSON, Events, WebTest, ask, free_port

ARRIVAL_S = 10  # tools/kweb/server.h
STREAMS_MAX = 256  # tools/kweb/stream.h
CALLS_MAX = 20  # tools/kweb/call.h
BODY_BYTES_MAX = 16384  # tools/kweb/exchange.h
NOBODY = 65534

# A client of another user: a request, and the status of its answer on stdout; with "close" nobody waits for the answer.
CLIENT = """
import socket, sys
port, close, request = int(sys.argv[1]), sys.argv[2] == "close", sys.argv[3].encode().decode("unicode_escape").encode()
connection = socket.create_connection(("127.0.0.1", port), 20)
connection.sendall(request)
print("" if close else connection.recv(65536).split()[1].decode())
"""


def memory_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name, flags = struct.unpack("16sH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))[:18])
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", name, flags | IFF_UP))


def in_a_network_of_its_own(test):
    """What listens beyond loopback does so where there is nothing beyond it: this thread and the processes that it starts have a network namespace."""
    @functools.wraps(test)
    def run(self):
        libc = ctypes.CDLL(None, use_errno=True)
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.unshare(CLONE_NEWNET) == -1:
                raise OSError(ctypes.get_errno(), "unshare")
            bring_up_loopback()
            test(self)
        finally:
            libc.setns(before, CLONE_NEWNET)
            os.close(before)
    return run


class Host(WebTest):
    """The fleet of all tests of a class."""

    def runTest(self):
        """None: what is asked of it is in the others."""


class Safety(unittest.TestCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        Host.setUpClass()
        cls.host = Host()
        cls.addClassCleanup(cls.host.doCleanups)
        cls.host.setUp()
        cls.host.topic_name = cls.host.topic(1)
        cls.host.fleet()
        cls.port, cls.token = cls.host.port, cls.host.token_path().read_text()
        cls.pid = cls.host.web_pid()

    def tearDown(self):
        """Whatever was sent: the same process still answers."""
        if self._outcome.success:
            self.assertEqual(ask(self.port, "GET", "/").status, 200)
            self.assertEqual(self.host.web_pid(), self.pid, self.host.report())

    # --- raw requests

    def connect(self, port=None):
        connection = socket.create_connection(("127.0.0.1", port or self.port), 20)
        connection.settimeout(20 * harness.PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def read(self, connection):
        """All, until the server closes."""
        with contextlib.suppress(ConnectionResetError):
            return b"".join(iter(lambda: connection.recv(65536), b""))
        return b""

    def raw(self, data, port=None):
        connection = self.connect(port)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        return self.read(connection)

    def request(self, line, *headers, body=b"", host=None):
        lines = [f"{line} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}", "Connection: close", *headers]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def send(self, line, *headers, body=b"", host=None, port=None):
        """(status, problem or body) of one answer."""
        answer = self.raw(self.request(line, *headers, body=body, host=host), port)
        self.assertTrue(answer.startswith(b"HTTP/1.1 "), answer)
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if b"application/problem+json" in head and not line.startswith("HEAD"):
            problem = json.loads(rest)
            self.assertEqual(problem["status"], status)
            self.assertTrue(problem["title"] and problem["detail"], problem)
            return status, problem
        return status, rest

    def refused(self, status, line, *headers, **more):
        found, problem = self.send(line, *headers, **more)
        self.assertEqual(found, status, problem)
        self.assertIsInstance(problem, dict, "no problem+json")
        return problem

    def passes(self, line, *headers, **more):
        status, rest = self.send(line, *headers, **more)
        self.assertEqual(status, 200, rest)
        return rest

    def by_hand(self, *arguments):
        """Another kweb in front of the same fleet; its port."""
        process = self.host.start("kweb", "-i", self.host.instance, *arguments)
        self.addCleanup(process.kill)
        return int(process.wait_line(r"open http://[^/]*:(\d+)/").group(1))


class WhoMay(Safety):
    def test_a_foreign_host_is_refused(self):
        for name in ("evil.example", f"evil.example:{self.port}", f"127.0.0.1.evil.example:{self.port}", f"127.0.0.1:{self.port + 1}", "127.0.0.1:",
                     f"localhost:{self.port}@evil.example", f"127.0.0.1:{self.port} evil.example", "0.0.0.0", "[::1]x", "127.0.0.2"):
            self.refused(421, "GET /status", host=name)
            self.refused(421, "POST /workers/A/restart", host=name)
            self.refused(421, "GET /nowhere", host=name)
        for name in "localhost", f"LOCALHOST:{self.port}", "127.0.0.1", f"[::1]:{self.port}":
            self.passes("GET /workers", host=name)

    def test_another_sites_page_is_refused(self):
        before = self.host.workers()["A"]["generation"]
        for headers in (["Origin: http://evil.example"], ["Origin: null"], [f"Origin: https://127.0.0.1:{self.port}"],
                        [f"Origin: http://127.0.0.1:{self.port + 1}"], ["Origin: http://127.0.0.1"], [f"Origin: http://localhost:{self.port}"],
                        ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"], ["Origin:"],
                        ["Origin: http://evil.example", f"Origin: http://127.0.0.1:{self.port}"]):
            self.refused(403, "POST /workers/A/restart", *headers)
        self.refused(403, "GET /events", "Origin: http://evil.example")
        self.refused(403, "GET /status", "Origin: http://evil.example")
        self.refused(403, "GET /workers/A/logs", "Sec-Fetch-Site: cross-site")
        self.assertEqual(self.host.workers()["A"]["generation"], before)
        self.passes("POST /workers/A/pause", f"Origin: http://127.0.0.1:{self.port}", "Sec-Fetch-Site: same-origin")
        self.passes("POST /workers/A/resume", "Sec-Fetch-Site: none")
        self.passes("GET /", "Sec-Fetch-Site: cross-site")  # a link to the page

    def test_no_answer_lets_another_site_read_it(self):
        answer = self.raw(self.request("OPTIONS /status", "Origin: http://evil.example", "Access-Control-Request-Method: GET"))
        self.assertNotIn(b"access-control", answer.lower())

    def as_nobody(self, request, close=False):
        done = subprocess.run(["/usr/bin/python3", "-c", CLIENT, str(self.port), "close" if close else "", request.decode("latin-1").encode("unicode_escape").decode()],
                              user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    @unittest.skipUnless(os.geteuid() == 0, "another user is taken on by root alone")
    def test_another_local_user_needs_the_token(self):
        for line in "GET /", "GET /status", "POST /workers/A/restart", "GET /nowhere", "GET /docs":
            self.assertEqual(self.as_nobody(self.request(line)), "401", line)
        self.assertEqual(self.as_nobody(self.request("GET /status", "Authorization: Bearer " + self.token)), "200")
        self.assertEqual(self.as_nobody(self.request("GET /status", "Authorization: Bearer " + self.token[:-1] + "x")), "401")
        self.assertEqual(self.as_nobody(self.request("GET /status", f"Cookie: ksupervise_token_{self.port}={self.token}")), "200")

    @unittest.skipUnless(os.geteuid() == 0, "another user is taken on by root alone")
    def test_another_local_user_who_has_gone_is_not_taken_for_root(self):
        # The kernel says of a socket that nobody has any more that it is root's.
        before = self.host.workers()["A"]["pid"]
        os.kill(self.pid, signal.SIGSTOP)
        try:
            self.as_nobody(self.request("POST /workers/A/kill?signal=KILL"), close=True)
        finally:
            os.kill(self.pid, signal.SIGCONT)
        self.passes("GET /workers")
        self.assertEqual(self.host.workers()["A"]["pid"], before)

    def test_one_that_cannot_listen_leaves_nothing_behind(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            name = f"{self.host.instance}-none"
            process = self.host.run_program("kweb", "-i", name, "--http", str(other.getsockname()[1]))
        self.assertEqual(process.status, 75, process.text())
        self.assertEqual([path for path in pathlib.Path("/dev/shm").iterdir() if name in path.name], [])
        self.assertFalse(self.host.token_path().with_name(f"{name}.token").exists())

    @unittest.skipUnless(os.geteuid() == 0, "a network of one's own is made by root alone")
    @in_a_network_of_its_own
    def test_beyond_loopback_everyone_needs_the_token(self):
        port = self.by_hand("--http", "0.0.0.0:0")
        for headers in [], ["Authorization: Bearer"], ["Authorization: Bearer "], ["Authorization: Basic " + self.token], ["Authorization: Bearer " + self.token + "0"], \
                ["Authorization: Bearer " + self.token[:-1]], [f"Cookie: ksupervise_token_{self.port}="], [f"Cookie: ksupervise_token_{self.port}=" + "0" * 64]:
            self.refused(401, "GET /status", *headers, port=port)
            self.refused(401, "POST /workers/A/restart", *headers, port=port)
        self.refused(401, "GET /status?token=" + self.token, port=port)  # only the page's address takes it
        self.passes("GET /status", "Authorization: Bearer " + self.token, port=port)
        self.passes("GET /status", "authorization: bearer " + self.token, host="fleet.example", port=port)

    def test_behind_a_proxy_its_origin_is_ours_and_everyone_needs_the_token(self):
        port = self.by_hand("--http", "0", "--http-behind", "https://fleet.example")
        token = f"Authorization: Bearer {self.token}"
        origin = "Origin: https://fleet.example"
        self.refused(401, "GET /status", port=port, host="fleet.example")
        self.refused(401, "GET /status", port=port, host="127.0.0.1")
        for host in "fleet.example", "127.0.0.1":
            status, _ = self.send("POST /workers/A/pause", token, origin, port=port, host=host)
            self.assertEqual(status, 200)
        self.passes("POST /workers/A/resume", token, origin, "Sec-Fetch-Site: same-origin", port=port, host="fleet.example")
        for foreign in "http://fleet.example", "https://evil.example", "https://fleet.example:8443", "null":
            self.refused(403, "POST /workers/A/restart", token, f"Origin: {foreign}", port=port, host="fleet.example")
        self.refused(421, "GET /status", token, port=port, host="evil.example")
        head = self.raw(self.request(f"GET /?token={self.token}", "Accept: text/html", host="fleet.example"), port).split(b"\r\n\r\n")[0]
        self.assertIn(b"; Secure", head)
        refused = self.host.run_program("kweb", "-i", self.host.instance, "--http", "0", "--http-behind", "https://fleet.example/path")
        self.assertEqual(refused.status, 2, refused.text())
        self.assertIn("is not an origin", refused.text())

    def test_two_files_at_a_time_are_taken_and_a_third_is_told_so(self):
        head = self.request("POST /captures", "Content-Type: application/octet-stream", "Content-Length: 100")
        waiting = [self.connect() for _ in range(2)]
        for connection in waiting:
            connection.sendall(head + b"KSUPCAP")
        wait_until(lambda: self.send("POST /captures", "Content-Type: application/octet-stream", "Content-Length: 1", body=b"x")[0] == 503, 10, "a third is refused")
        self.refused(413, "POST /captures", "Content-Type: application/octet-stream", f"Content-Length: {(64 << 20) + 1}")
        self.refused(415, "POST /captures", "Content-Type: text/plain", "Content-Length: 1", body=b"x")
        for connection in waiting:
            connection.close()
        refused = wait_until(lambda: (answer := self.send("POST /captures", "Content-Type: application/octet-stream", "Content-Length: 1", body=b"x"))[0] == 400 and answer[1], 10,
                             "they are gone")
        self.assertEqual(refused["detail"], "the file is not a capture: kstat --dump writes one")

    def test_a_unix_socket_is_this_users_alone(self):
        path = pathlib.Path(self.host.runtime) / "web"
        process = self.host.start("kweb", "-i", self.host.instance, "--http", f"unix:{path}")
        self.addCleanup(process.kill)
        process.wait_line("open unix:")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20 * harness.PATIENCE)
            connection.connect(str(path))
            connection.sendall(self.request("GET /workers", host="localhost"))
            self.assertIn(b" 200 ", self.read(connection).split(b"\r\n")[0])
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertFalse(path.exists())

    @unittest.skipUnless(os.geteuid() == 0, "a network of one's own is made by root alone")
    @in_a_network_of_its_own
    def test_the_token_in_the_pages_address_becomes_a_cookie(self):
        port = self.by_hand("--http", "0.0.0.0:0")
        answer = self.raw(self.request("GET /?token=" + self.token), port)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertEqual(head.split()[1], b"303")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
        self.assertEqual(headers["Location"], "/")
        cookie, *attributes = headers["Set-Cookie"].split("; ")
        self.assertEqual(set(attributes), {"Path=/", "HttpOnly", "SameSite=Strict"})
        self.passes("GET /status", f"Cookie: other=1; {cookie}", port=port)
        self.refused(401, "GET /?token=" + "0" * 64, port=port)

    def test_who_only_shows_changes_nothing(self):
        port = self.by_hand("--http", "0", "--http-read-only")
        host = f"127.0.0.1:{port}"
        before = self.host.workers()
        paths = json.loads(self.passes("GET /openapi.json", host=host, port=port))["paths"]
        shows = "/captures"  # what is sent there changes nothing
        changes = [(method.upper(), path.replace("{name}", "A")) for path, verbs in paths.items() if path != shows for method in verbs if method != "get"]
        self.assertGreater(len(changes), 10)
        self.assertIn(("DELETE", "/clients/A"), changes)
        for method, path in changes:
            self.refused(403, f"{method} {path}", host=host, port=port)
        self.refused(400, f"POST {shows}", "Content-Type: application/octet-stream", "Content-Length: 1", body=b"x", host=host, port=port)
        self.passes("GET /status", host=host, port=port)
        self.passes("GET /workers", host=host, port=port)
        self.assertEqual({n: w["pid"] for n, w in self.host.workers().items()}, {n: w["pid"] for n, w in before.items()})


class WhatIsSent(Safety):
    def test_a_body_that_is_too_long_is_refused(self):
        big = b'{"content": "' + b"x" * BODY_BYTES_MAX + b'"}'
        self.refused(413, "POST /produce", "Content-Type: application/json", f"Content-Length: {len(big)}", body=big)
        self.refused(413, "POST /produce", "Content-Type: application/json", "Content-Length: 999999999999")
        status, _ = self.send("POST /produce", "Content-Type: application/json", "Content-Length: 99999999999999999999999999")
        self.assertIn(status, (400, 413))
        chunks = b"".join(b"1000\r\n" + b"y" * 4096 + b"\r\n" for _ in range(64)) + b"0\r\n\r\n"
        self.refused(413, "POST /produce", "Content-Type: application/json", "Transfer-Encoding: chunked", body=chunks)
        small = b'{"content": "as chunks"}'
        self.passes("POST /produce", "Content-Type: application/json", "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(small), small))

    def test_a_head_that_is_too_long_is_refused(self):
        for data in (self.request("GET /status", "X-Long: " + "x" * 100_000), self.request("GET /status?worker=" + "x" * 100_000),
                     self.request("GET /" + "x/" * 40_000), self.request("GET /status", *[f"X-{i}: {i}" for i in range(20_000)]),
                     b"G" * 100_000, b"GET /status HTTP/1.1\r\n" + b" " * 100_000):
            answer = self.raw(data)
            self.assertIn(answer[:13].split(b" ")[-1][:3] or b"no", (b"400", b"404", b"413", b"414", b"431", b"501", b"no"), answer[:200])

    def test_what_could_be_read_in_two_ways_is_read_in_none(self):
        # Whoever stands in front would see another request than we.
        victim = self.request("POST /workers/A/kill?signal=KILL")
        before = self.host.workers()["A"]["pid"]
        head = f"POST /workers/A/pause HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n".encode()
        for name, data in {
                "two lengths": head + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + victim,
                "a list of lengths": head + b"Content-Length: 0, 5\r\n\r\n" + victim,
                "a signed length": head + b"Content-Length: +0\r\n\r\n" + victim,
                "a negative length": head + b"Content-Length: -1\r\n\r\n" + victim,
                "a hexadecimal length": head + b"Content-Length: 0x0\r\n\r\n" + victim,
                "an unknown coding": head + b"Transfer-Encoding: xchunked\r\n\r\n" + victim,
                "a space before the colon": head + b"Content-Length : 5\r\n\r\n" + victim,
                "a bad chunk": head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + victim,
                "a negative chunk": head + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + victim,
                "an endless chunk": head + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + victim,
                "a chunk without its end": head + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab" + victim,
                "both": head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + victim}.items():
            with self.subTest(name):
                answer = self.raw(data)
                self.assertLessEqual(answer.count(b"HTTP/1.1 200"), 1, answer)
                self.assertEqual(self.host.workers()["A"]["pid"], before)
        self.host.post("/workers/A/resume")

    def test_malformed_requests_are_refused(self):
        port = self.port
        for data in (b"\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /status\r\n\r\n", b"GET  /status  HTTP/1.1\r\n\r\n", b"GET /status HTTP/9.9\r\n\r\n",
                     b"GET /status HTTP/1.1\r\n\r\n", b"GET /sta\x00tus HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /status HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                     b"GET /status HTTP/1.1\nHost: evil.example\n\n", f"GET /status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode(),
                     b": : :\r\n\r\n", b"GET /status HTTP/1.1\r\n: no name\r\nHost: localhost\r\n\r\n"):
            connection = self.connect()
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = self.read(connection)
            self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0], data)

    def test_paths_are_taken_as_they_are(self):
        for path in ("/status%00", "/status%00/x", "/consumers/A%00B/reset", "/page/..%2f..%2fetc%2fpasswd", "/page/%2e%2e/status", "/page/../status", "//status", "/status/",
                     "/%73tatus%2f", "/assets/..%5c..%5cx", "/page/%ff%fe", "/consumers//acknowledge", "http://127.0.0.1/nowhere", "*", "/status;x=1"):
            status, _ = self.send(f"GET {path}")
            self.assertIn(status, (400, 404, 405), path)
        for query in "worker=A%00B", "worker=%ff", "worker=%0d%0aX:%201", "worker=A&worker=B", "nothing=1", "=", "worker=" + "x" * 5000, "worker=%zz":
            self.assertIn(self.send(f"GET /status?{query}")[0], (400, 404), query)
        for name in "%ff", "%c3", "a%0ab", "%f0%9f%92%a9", "x" * 3000, "%22%5c", "%25s%25n":
            self.assertIn(self.refused_somehow(f"POST /consumers/{name}/reset"), (400, 404))
            self.assertIn(self.refused_somehow(f"POST /workers/{name}/restart"), (400, 404))

    def test_a_target_may_say_for_whom_it_is(self):
        """RFC 9112, 3.2.2: then Host says nothing."""
        self.passes(f"GET http://127.0.0.1:{self.port}/status")
        self.assertEqual(json.loads(self.passes(f"GET HTTP://localhost:{self.port}?"))["status"], "ok")
        self.passes(f"GET http://127.0.0.1:{self.port}/workers/A/logs?lines=1", host="evil.example")
        self.refused(421, "GET http://evil.example/status")
        self.refused(421, f"GET http://127.0.0.1:{self.port}@evil.example/status")
        self.refused(421, "GET http:///status")
        self.refused(404, "GET ftp://127.0.0.1/status")

    def refused_somehow(self, line):
        status, problem = self.send(line)
        self.assertIsInstance(problem, dict, line)
        return status

    def test_methods_that_a_path_does_not_have_are_told_which_it_has(self):
        for line, allowed in (("DELETE /status", "GET, HEAD"), ("POST /status", "GET, HEAD"), ("GET /workers/A/restart", "POST"), ("BREW /produce", "POST"),
                              ("OPTIONS /", "GET, HEAD"), ("PUT /", "GET, HEAD"), ("GET /clients/C", "POST, DELETE")):
            answer = self.raw(self.request(line))
            self.assertIn(b" 405 ", answer.split(b"\r\n")[0])
            self.assertIn(f"Allow: {allowed}\r\n".encode(), answer)
        self.refused(404, "DELETE /nowhere")

    def test_a_head_of_everything_has_no_body(self):
        paths = json.loads(self.passes("GET /openapi.json"))["paths"]
        for path, verbs in paths.items():
            if "get" in verbs:
                for name, value in {"{name}": "A", "{topic}": self.host.topic_name, "{partition}": "0", "{offset}": "0", "{file}": "style.css"}.items():
                    path = path.replace(name, value)
                answer = self.raw(self.request(f"HEAD {path}"))
                head, end, body = answer.partition(b"\r\n\r\n")
                self.assertEqual((end, body), (b"\r\n\r\n", b""), path)
                self.assertIn(int(head.split()[1]), (200, 404, 409), head)

    def test_pipelined_requests_are_answered_in_their_order(self):
        one = f"GET /workers HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        two = f"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        post = f"POST /produce HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n".encode() + b'{"content":"p"}'
        answer = self.raw(one + two + post + one * 20 + self.request("GET /nowhere"))
        statuses = [int(found) for found in re.findall(rb"HTTP/1.1 (\d+) ", answer)]
        self.assertEqual(statuses, [200, 404, 200] + [200] * 20 + [404])

    def test_who_has_said_all_and_listens_is_answered(self):
        connection = self.connect()
        connection.sendall(self.request("GET /workers"))
        connection.shutdown(socket.SHUT_WR)
        self.assertIn(b" 200 ", self.read(connection).split(b"\r\n")[0])

    def test_who_goes_while_it_is_answered_harms_nobody(self):
        for line in ["GET /workers", "GET /events", "GET /status", "GET /metrics", f"GET /topics/{self.host.topic_name}/0/0"] * 10:
            connection = self.connect()
            connection.sendall(self.request(line))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.close()

    def test_bodies_that_are_no_record_are_refused(self):
        for body in b"", b"{", b"[]", b"null", b'"x"', b"{}x", b'{"a":1,"a":2}', b"\xff\xfe", b'{"content":"\xff"}', b'{"content":"\\ud800"}', b"[" * 10000, \
                b'{"content":' + b"[" * 8000, b'{"content":"\\u0000"}', b'{"content": 1e999}', b'{"\\u0000": 1}', b'{"content": {}}':
            status, problem = self.send("POST /produce", "Content-Type: application/json", f"Content-Length: {len(body)}", body=body)
            self.assertIn(status, (400, 409, 413), (body[:50], problem))
            self.assertIsInstance(problem, dict)
        for kind in "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "X: y", "Content-Type: application/jsonx":
            self.refused(415, "POST /produce", kind, "Content-Length: 15", body=b'{"content":"p"}')
        self.passes("POST /produce", "Content-Type: application/json; charset=utf-8", "Content-Length: 15", body=b'{"content":"p"}')


@unittest.skipIf("address" in harness.BUILD.name or "thread" in harness.BUILD.name, "a sanitizer's memory is not the program's")
class Memory(Safety):
    def test_a_reader_of_events_that_reads_nothing_costs_nothing_more(self):
        for _ in range(50):
            connection = self.connect()
            connection.sendall(self.request("GET /events"))
        reader = Events(self.port)
        self.addCleanup(reader.close)
        for _ in range(4):
            reader.until(lambda event, _: event == "snapshot")
        before = memory_kb(self.pid)
        for _ in range(16):
            reader.until(lambda event, _: event == "snapshot")
        self.assertLess(memory_kb(self.pid) - before, 2048)

    def test_many_requests_leave_no_descriptor_and_no_memory(self):
        def many():
            for _ in range(150):
                for line in "GET /", "GET /status", "GET /nowhere", "POST /consumers/A/acknowledge?message_offset=99999", "GET /workers", "GET /consumers/status":
                    self.send(line)
        many()
        before, files = memory_kb(self.pid), len(os.listdir(f"/proc/{self.pid}/fd"))
        many()
        self.assertLess(memory_kb(self.pid) - before, 1024)
        wait_until(lambda: len(os.listdir(f"/proc/{self.pid}/fd")) <= files, 15, "the descriptors' end")


class HowMuch(Safety):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))

    def dropped(self, connection, feed=None):
        """How long it takes until the server has ended the connection; feed() is sent each second."""
        began = time.monotonic()
        connection.settimeout(1)
        while time.monotonic() - began < (ARRIVAL_S + 15) * harness.PATIENCE:
            try:
                if connection.recv(65536) == b"":
                    return time.monotonic() - began
            except TimeoutError:
                pass
            except (ConnectionResetError, BrokenPipeError):
                return time.monotonic() - began
            if feed is not None:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(feed)
        return self.fail("it was not dropped")

    def test_who_is_slow_is_dropped(self):
        head = f"POST /produce HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n".encode()
        cases = {"says nothing": (b"", None), "half a line": (b"GET /sta", None), "a byte a second": (b"G", b"E"), "header after header": (head, b"X: y\r\n"),
                 "half a body": (head + b"Content-Length: 100\r\n\r\n{", None), "a body byte after byte": (head + b"Content-Length: 10000\r\n\r\n{", b" "),
                 "chunk after chunk": (head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), "nothing more": (f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode(), None)}
        took = {}

        def one(name, begin, feed):
            connection = socket.create_connection(("127.0.0.1", self.port), 20)
            connection.sendall(begin)
            took[name] = self.dropped(connection, feed)
            connection.close()

        threads = [threading.Thread(target=one, args=(name, *case)) for name, case in cases.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(took), set(cases))

    def test_a_thousand_connections_at_once_and_a_request_is_answered(self):
        crowd = [self.connect() for _ in range(1000)]
        self.assertEqual(ask(self.port, "GET", "/workers").status, 200)
        for i, connection in enumerate(crowd):
            connection.sendall(b"GET /sta" if i % 2 else self.request("GET /"))
        self.assertEqual(ask(self.port, "GET", "/workers").status, 200)
        for connection in crowd[::2]:
            self.assertIn(b" 200 ", self.read(connection)[:20])

    def test_a_reader_whose_window_stays_shut_is_dropped(self):
        files = f"/proc/{self.pid}/fd"
        wait_until(lambda: len(os.listdir(files)) < 40, 20, "the end of others' connections")
        idle = []
        for _ in range(40):
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.connect(("127.0.0.1", self.port))
            connection.sendall(self.request("GET /events"))
            idle.append(connection)
        wait_until(lambda: len(os.listdir(files)) >= 40, 10, "the readers")
        wait_until(lambda: len(os.listdir(files)) < 40, 60, "their end")

    def test_more_readers_than_there_may_be_are_told_so(self):
        readers = [Events(self.port) for _ in range(STREAMS_MAX + 44)]
        for reader in readers:
            self.addCleanup(reader.close)
        statuses = [reader.status for reader in readers]
        self.assertEqual((statuses.count(200), statuses.count(503)), (STREAMS_MAX, 44))
        readers[-1].close()
        for reader in readers[:10]:
            reader.close()
        wait_until(lambda: self.one_more(), 10, "a place")
        readers[100].until(lambda event, _: event == "snapshot")

    def one_more(self):
        reader = Events(self.port)
        reader.close()
        return reader.status == 200


class WithoutSupervisor(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.fleet(("A",))

    def test_one_that_is_stopped_is_waited_for_so_long_and_no_longer(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        self.addCleanup(lambda: alive(self.process.pid) and os.kill(self.process.pid, signal.SIGCONT))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.ask("POST", "/workers/A/pause", seconds=60).status)) for _ in range(CALLS_MAX + 5)]
        for thread in threads:
            thread.start()
        wait_until(lambda: answers.count(503) >= 5, 20, "those that are too many")
        self.assertEqual(self.get("/status")["supervisor"]["stopped"], True)
        self.assertEqual(self.ask("GET", "/consumers/status").status, 200)
        for thread in threads:
            thread.join()
        self.assertEqual((answers.count(504), answers.count(503)), (CALLS_MAX, 5))
        os.kill(self.process.pid, signal.SIGCONT)
        self.post("/workers/A/resume")

    def test_without_one_it_says_so_and_lives(self):
        port = free_port()
        web = self.start("kweb", "-i", self.instance, "--http", port)
        web.wait_line("open http")
        reader = Events(port)
        self.addCleanup(reader.close)
        reader.until(lambda event, _: event == "snapshot")
        self.assertEqual(self.process.interrupt(), 0)
        reader.until(lambda event, data: event == "snapshot" and not (data["supervisor"] or {}).get("alive"))
        self.port = port
        self.assertEqual(self.ask("GET", "/").status, 503)
        for line in "POST /workers/all/restart", "POST /produce", "POST /consumers/reset", "POST /shutdown", "GET /workers":
            method, path = line.split()
            self.refused(method, path, 503, "{}" if path == "/produce" else None, JSON if path == "/produce" else None)
        self.fleet_again()
        seen = reader.until(lambda event, data: event == "snapshot" and (data["supervisor"] or {}).get("alive") and data["workers"])
        if not any(data.get("kind") == "ready" and data.get("worker") == "A" for _, _, data in seen):  # of the new ring
            reader.until(lambda event, data: event == "event" and data["kind"] == "ready" and data["worker"] == "A")
        web.send(signal.SIGTERM)
        self.assertEqual(web.wait(10), 0)

    def fleet_again(self):
        self.process = self.supervise("--config", self.folder / "fleet.ini")
        self.process.wait_line("ready:", 30)


if __name__ == "__main__":
    main()
