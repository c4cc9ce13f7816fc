#!/usr/bin/env python3
"""standin.py [--port N] [--fleet demo|payments|large]: a stand-in for kweb, with an invented but living fleet behind it. It serves the page and the API that the page
calls, under the real one's content security policy. For developing the page, and for its tests; nothing but Python's standard library.

    demo      clients A and B, a group each, one partition, acknowledged one by one (as make demo-ack)
    payments  bravo and zulu in groups of their own, three partitions, a producer at 5 records a second
    large     50 workers of 12 partitions each
"""

import argparse
import http.server
import json
import mimetypes
import pathlib
import re
import threading
import time
import urllib.parse

from fleet import TICK_S, Fleet, Refused
from snapshot import history, snapshot

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE, ASSETS = ROOT / "tools" / "kweb" / "page", ROOT / "build" / "web"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'"
HEARTBEAT_S = 1.0


def demo():
    return Fleet({"demo-topic": 1}, [("A", "demo-topic", 1, "demo-A"), ("B", "demo-topic", 1, "demo-B")], manual=True)


def payments():
    return Fleet({"payments": 3}, [("bravo", "payments", 1, "test_group_bravo"), ("zulu", "payments", 1, "test_group_zulu")], manual=False, rate=5.0)


def large():
    clients = [(f"client{i:02}", f"topic-{i:02}", 5, f"group-{i:02}") for i in range(10)]
    fleet = Fleet({f"topic-{i:02}": 60 for i in range(10)}, clients, manual=False, rate=200.0, consume_rate=40.0)
    for logs in fleet.logs.values():
        for log in logs:
            log.extend([{"content": "old", "key": "k"}] * fleet.random.randint(500, 3000))
    return fleet


FLEETS = {"demo": demo, "payments": payments, "large": large}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    # --- answers ---------------------------------------------------------------------------------------------------------

    def answer(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def problem(self, status, detail):
        self.answer(status, {"type": "about:blank", "title": http.server.BaseHTTPRequestHandler.responses[status][0], "status": status, "detail": detail}, "application/problem+json")

    def file(self, folder, name):
        path = (folder / name).resolve()
        if folder not in path.parents or not path.is_file():
            return self.problem(404, f"there is no {name}")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return self.answer(200, path.read_bytes(), kind + ("; charset=utf-8" if kind.startswith("text/") else ""))

    # --- routes ----------------------------------------------------------------------------------------------------------

    def do_HEAD(self):
        self.route("GET")

    def do_GET(self):
        self.route("GET")

    def do_POST(self):
        self.route("POST")

    def do_DELETE(self):
        self.route("DELETE")

    def route(self, method):
        url = urllib.parse.urlsplit(self.path)
        arguments = dict(urllib.parse.parse_qsl(url.query))
        try:
            for wanted, pattern, act in ROUTES:
                found = re.fullmatch(pattern, url.path)
                if wanted == method and found:
                    return act(self, arguments, *map(urllib.parse.unquote, found.groups()))
            self.problem(404, f"there is no {url.path}")
        except Refused as refused:
            self.problem(refused.status, refused.detail)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            return json.loads(data)
        except ValueError:
            raise Refused(400, "the body is not JSON") from None

    def root(self, _):
        if "text/html" in self.headers.get("Accept", ""):
            return self.file(PAGE, "index.html")
        return self.answer(200, {"status": "ok", "instance": "demo", "assets": sorted(p.name for p in ASSETS.glob("uPlot*")) if self.server.with_assets else []})

    def produce(self, _):
        self.answer(200, self.server.fleet.produce(self.body()))

    def acknowledge(self, arguments, name):
        if not arguments.get("message_offset", "").isdigit():
            raise Refused(400, "message_offset: a whole number")
        partition = arguments.get("partition")
        self.answer(200, self.server.fleet.acknowledge(name, int(arguments["message_offset"]), int(partition) if partition else None))

    def reset(self, arguments, name="all"):
        self.answer(200, self.server.fleet.reset(name, arguments.get("to", "earliest"), arguments.get("dry_run") == "true"))

    def verb(self, arguments, name, verb):
        self.answer(200, self.server.fleet.verb(verb, name, arguments))

    def add_client(self, arguments, name):
        self.answer(200, self.server.fleet.add_client(name, arguments.get("group"), arguments.get("like")))

    def remove_client(self, _, name):
        self.answer(200, self.server.fleet.remove_client(name))

    def logs(self, arguments, name):
        self.answer(200, {"lines": [f"[client {name}] line {i} of its log" for i in range(int(arguments.get("lines", "20")))]})

    def record(self, _, topic, partition, offset):
        self.answer(200, {"lines": [json.dumps(self.server.fleet.record(topic, int(partition), int(offset)))]})

    def letters(self, _, topic):
        self.answer(200, self.server.fleet.letters.list(topic))

    def letter_records(self, arguments, topic):
        self.answer(200, self.server.fleet.letters.records(topic, int(arguments.get("limit", "50"))))

    def replay(self, arguments, topic):
        fleet = self.server.fleet
        with fleet.changed:
            self.answer(200, fleet.letters.replay(topic, arguments.get("dry_run") == "true", fleet.logs[topic]))

    def page(self, _, name):
        self.file(PAGE, name)

    def asset(self, _, name):
        self.file(ASSETS if self.server.with_assets else ASSETS / "none", name)

    # --- server-sent events ----------------------------------------------------------------------------------------------

    def send_event(self, kind, data, number=None):
        head = f"id: {number}\n" if number else ""
        self.wfile.write(f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def stream(self, _):
        fleet, last = self.server.fleet, int(self.headers.get("Last-Event-ID") or 0)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        last = 0 if last > fleet.sequence else last  # it is of a ring that is gone
        oldest = fleet.events[0]["sequence"] if fleet.events else 1
        if 0 < last < oldest - 1:
            self.send_event("missed", {"missed": oldest - 1 - last})
        due = 0.0
        while not self.server.ended.is_set() and not self.server.cut.is_set():
            with fleet.changed:
                fresh = [e for e in fleet.events if e["sequence"] > last]
            for event in fresh:
                self.send_event("event", event, event["sequence"])
                last = event["sequence"]
            if time.monotonic() >= due:
                self.send_event("snapshot", snapshot(fleet))
                due = time.monotonic() + self.server.snapshot_s
            with fleet.changed:
                fleet.changed.wait(min(HEARTBEAT_S, self.server.snapshot_s))


ROUTES = [("GET", "/", Handler.root), ("GET", "/events", Handler.stream), ("GET", "/page/([A-Za-z0-9._-]+)", Handler.page),
          ("GET", "/assets/([A-Za-z0-9._-]+)", Handler.asset), ("POST", "/reload", lambda self, _: self.answer(200, {"lines": ["nothing has changed"]})),
          ("GET", "/status", lambda self, _: self.answer(200, snapshot(self.server.fleet))),
          ("GET", "/history", lambda self, _: self.answer(200, history(self.server.fleet, self.server.history_s))), ("POST", "/produce", Handler.produce),
          ("POST", "/consumers/reset", Handler.reset), ("POST", "/consumers/([^/]+)/acknowledge", Handler.acknowledge),
          ("POST", "/consumers/([^/]+)/reset", Handler.reset), ("GET", "/workers/([^/]+)/logs", Handler.logs), ("POST", "/workers/([^/]+)/([a-z-]+)", Handler.verb),
          ("POST", "/clients/([^/]+)", Handler.add_client), ("DELETE", "/clients/([^/]+)", Handler.remove_client),
          ("GET", "/topics/([^/]+)/([0-9]+)/([0-9]+)", Handler.record), ("GET", "/topics/([^/]+)/dead-letters", Handler.letters),
          ("GET", "/topics/([^/]+)/dead-letters/records", Handler.letter_records), ("POST", "/topics/([^/]+)/dead-letters/replay", Handler.replay)]


class StandIn(http.server.ThreadingHTTPServer):
    """Listens on loopback; port 0 is any. `with` starts and ends it. The fleet may be handed in, so that it outlives the server."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, fleet, port=0, with_assets=True, snapshot_s=0.25, history_s=120):
        super().__init__(("127.0.0.1", port), Handler)
        self.fleet, self.with_assets, self.snapshot_s, self.history_s = fleet, with_assets, snapshot_s, history_s
        self.ended, self.cut = threading.Event(), threading.Event()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        threading.Thread(target=self.live, daemon=True).start()
        return self

    def live(self):
        while not self.ended.wait(TICK_S):
            self.fleet.tick()

    def __exit__(self, *_):
        self.ended.set()
        self.shutdown()
        self.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fleet", choices=FLEETS, default="demo")
    parser.add_argument("--no-assets", action="store_true", help="as if make web-assets had never run")
    options = parser.parse_args()
    with StandIn(FLEETS[options.fleet](), options.port, not options.no_assets, 1.0) as server:
        print(server.address, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
