"""web.py: what the tests of kweb stand on: an HTTP client and a reader of server-sent events over a plain socket, and a fleet that serves one. It shares
no code with kweb."""

import contextlib
import http.client
import json
import pathlib
import socket
import time

import harness
from harness import SystemTest, wait_until

JSON = {"Content-Type": "application/json"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/exe").resolve().name


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


def ask(port, method, path, body=None, headers=None, seconds=40):
    """One request on a connection of its own. A dict as body goes as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds * harness.PATIENCE)
    if isinstance(body, dict):
        body, headers = json.dumps(body), {**JSON, **(headers or {})}
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class Events:
    """A reader of /events; the connection is closed by close(). Each is (event, number or None, data)."""

    def __init__(self, port, since=None, header=None):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.buffer = b""
        query = f"?since={since}" if since is not None else ""
        extra = f"Last-Event-ID: {header}\r\n" if header is not None else ""
        self.socket.sendall(f"GET /events{query} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{extra}\r\n".encode())
        head = self._until(b"\r\n\r\n", time.monotonic() + 10)
        self.status = int(head.split()[1])

    def _until(self, end, deadline):
        while end not in self.buffer:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                raise harness.Timeout(f"no more events; so far {self.buffer[-300:]!r}") from None
            if piece == b"":
                raise EOFError("the stream is over")
            self.buffer += piece
        taken, _, self.buffer = self.buffer.partition(end)
        return taken

    def next(self, deadline):
        while True:
            fields = {}
            for line in self._until(b"\n\n", deadline).decode().splitlines():
                name, _, value = line.partition(": ")
                fields[name] = value
            if "event" in fields:
                return fields["event"], int(fields["id"].partition(".")[0]) if "id" in fields else None, json.loads(fields["data"])

    def until(self, wanted, seconds=20):
        """Everything up to the first for which wanted(event, data) is true."""
        deadline = time.monotonic() + seconds * harness.PATIENCE
        seen = []
        while not seen or not wanted(seen[-1][0], seen[-1][2]):
            seen.append(self.next(deadline))
        return seen

    def close(self):
        self.socket.close()


class WebTest(SystemTest):
    """A fleet of consumers that acknowledge one by one, each with a group and a file of what it was given, and kweb in front of it."""

    produces = False  # a producer that makes records of its own

    def write_config(self, clients, more="", **settings):
        """Each client is a name, or a name with a topic of its own: {"bravo": "payments"}."""
        topics = clients if isinstance(clients, dict) else dict.fromkeys(clients, self.topic_name)
        lines = ["[ksupervise]", "workload = messages", f"bootstrap = {self.kafka.bootstrap}", "quiet = yes",
                 "restart-delay = 1ms", f"http = {self.port}", f"topic = {self.topic_name}", "rate = 1" if self.produces else "no-producer = yes", more]
        for client, topic in topics.items():
            lines += [f"[client {client}]", f"topic = {topic}", f"group = {self.name(client)}", f"pipeline = ndjson:{self.folder / client}"]
            lines += [f"{key.replace('_', '-')} = {value}" for key, value in {"commit": "manual", **settings}.items()]
        path = self.folder / "fleet.ini"
        path.write_text("\n".join(lines) + "\n")
        return path

    def fleet(self, clients=("A", "B"), *arguments, more="", **settings):
        self.port = free_port()
        self.process = self.supervise("--config", self.write_config(clients, more, **settings), *arguments)
        self.process.wait_line("ready:", 30)
        self.web_pid()
        return self.process

    def end(self):
        self.assertEqual(self.process.interrupt(), 0)
        self.assert_nothing_left()
        self.assert_no_token()

    def assert_no_token(self):
        left = [path.name for path in pathlib.Path(self.runtime).rglob("*") if path.is_file() or path.is_socket()]
        self.assertEqual([name for name in left if not name.endswith(".lock")], [])

    def ask(self, method, path, body=None, headers=None, **more):
        return ask(self.port, method, path, body, headers, **more)

    def get(self, path):
        answer = self.ask("GET", path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def post(self, path, body=None):
        answer = self.ask("POST", path, body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def refused(self, method, path, status, body=None, headers=None):
        """The problem that the answer is."""
        answer = self.ask(method, path, body, headers)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual((problem["type"], problem["status"]), ("about:blank", status))
        self.assertTrue(problem["title"] and problem["detail"])
        return problem

    def produce(self, *contents):
        return [self.post("/produce", {"content": content, "key": f"key {content}"}) for content in contents]

    def consumers(self):
        return self.get("/consumers/status")["consumers"]

    def workers(self):
        return {worker["name"]: worker for worker in self.get("/workers")["workers"]}

    def until_status(self, wanted, what, seconds=20):
        return wait_until(lambda: (now := self.consumers()) and wanted(now) and now, seconds, what)

    def given(self, client):
        """[(partition, offset)] in the order in which the client got them."""
        path = self.folder / client
        whole = path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []
        return [(line["partition"], line["offset"]) for line in map(json.loads, whole)]

    def until_given(self, client, count):
        wait_until(lambda: len(self.given(client)) >= count, 20, f"{count} records at {client}")
        return self.given(client)

    def web_pid(self):
        """Of the kweb that answers now."""
        def look():
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/").status == 200:
                    return next((pid for pid in harness.processes_marked(self.token) if program_of(pid) == "kweb"), None)
        return wait_until(look, 20, "kweb")

    def token_path(self):
        return pathlib.Path(self.runtime) / "ksupervise" / f"{self.instance}.token"
