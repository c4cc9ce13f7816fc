"""An invented but living fleet: what a page shows when there is no Kafka. Topics, groups, workers, and the verbs that change them, in the words of
tools/kweb/README.md. It keeps the rules that a reader of the page relies on (offsets, generations, events in order), and nothing else of Kafka."""

import random
import threading
import time

from letters import Letters

TICK_S = 0.05
EVENTS_KEPT = 4096


def now_us():
    return time.time_ns() // 1000


class Refused(Exception):
    """A verb that is not carried out: an HTTP status and the reason."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status, self.detail = status, detail


class Group:
    """What a group has of a topic: a committed offset, a position and acknowledgements beyond the committed one, by partition."""

    def __init__(self, name, topic, partitions, manual):
        self.name, self.topic, self.manual = name, topic, manual
        self.committed, self.position = [0] * partitions, [0] * partitions
        self.ahead = [set() for _ in range(partitions)]

    def acknowledge(self, partition, offset):
        self.ahead[partition].add(offset)
        while self.committed[partition] in self.ahead[partition]:
            self.ahead[partition].remove(self.committed[partition])
            self.committed[partition] += 1

    def set(self, partition, offset):
        self.committed[partition] = self.position[partition] = offset
        self.ahead[partition].clear()

    def unacknowledged(self, partition):
        return self.position[partition] - self.committed[partition] - len(self.ahead[partition])


class Worker:
    def __init__(self, name, client, kind, group=None):
        self.name, self.client, self.kind, self.group = name, client, kind, group
        self.state, self.since_us, self.phase, self.pid = "down", now_us(), None, None
        self.generation, self.restarts, self.paused, self.retired, self.reason = 0, 0, False, False, None
        self.assigned, self.per_second, self.p99_us = [], 0.0, 1200
        self.counters = {"received": 0, "processed": 0, "failed": 0, "dead_lettered": 0, "commits": 0, "batches_by_size": 0, "batches_by_time": 0, "rebalances": 0}
        if kind == "producer":
            self.counters = {"produced": 0, "acknowledged": 0, "failed": 0}

    def become(self, state, phase):
        self.state, self.phase, self.since_us = state, phase, now_us()


class Fleet:
    """One instance. Every method takes the lock; `changed` is notified at each event and each tick."""

    def __init__(self, topics, clients, manual, rate=0.0, workload="messages", consume_rate=200.0):
        """topics: {name: partitions}; clients: [(name, topic, workers, group)]."""
        self.changed = threading.Condition(threading.RLock())
        self.letters = Letters()
        self.logs = {topic: [[] for _ in range(count)] for topic, count in topics.items()}
        self.groups, self.workers, self.events, self.later = {}, [], [], []
        self.rate, self.owed, self.consume_rate, self.read_only = rate, 0.0, consume_rate, False
        self.workload, self.started_us, self.next_pid, self.sequence = workload, now_us(), 4711, 0
        self.topic = next(iter(topics))
        self.random, self.history = random.Random(7), []
        self.event("supervisor-started", None, count=len(clients) + 1, text="fresh")
        for name, topic, count, group in clients:
            self.groups.setdefault(group, Group(group, topic, topics[topic], manual))
            for i in range(count):
                self.workers.append(Worker(name if i == 0 else f"{name}.{i + 1}", name, "consumer", self.groups[group]))
        self.workers.append(Worker("producer", "producer", "producer"))
        for worker in self.workers:
            self.spawn(worker, 0.0)

    # --- events ---------------------------------------------------------------------------------------------------------

    def event(self, kind, of, **numbers):
        with self.changed:
            self.sequence += 1
            event = {"sequence": self.sequence, "time_us": now_us(), "kind": kind, "worker": of.name if of else None,
                     "generation": of.generation if of else None, "pid": of.pid if of else 4710, "partition": None, "from": None, "to": None,
                     "count": None, "text": ""}
            event.update({name.rstrip("_"): value for name, value in numbers.items()})
            self.events = (self.events + [event])[-EVENTS_KEPT:]
            self.changed.notify_all()

    def soon(self, seconds, action):
        self.later.append((time.monotonic() + seconds, action))

    # --- the life of a worker -------------------------------------------------------------------------------------------

    def spawn(self, worker, after_s=0.02, died_us=None):
        self.next_pid += self.random.randint(1, 9)
        worker.pid, worker.generation = self.next_pid, worker.generation + 1
        worker.become("starting", "starting")
        self.event("started", worker)
        self.soon(after_s, lambda: self.join(worker, died_us))

    def join(self, worker, died_us):
        if worker.pid is None:
            return
        worker.become("ready", "paused" if worker.paused else "polling" if worker.group else "producing")
        if worker.group:
            self.share(worker.group)
            self.event("ready", worker, count=len(worker.assigned))
            self.resume_at(worker, died_us)
        else:
            self.event("ready", worker)

    def resume_at(self, worker, died_us):
        group, again = worker.group, 0
        for partition in worker.assigned:
            again += group.unacknowledged(partition)
            group.position[partition] = group.committed[partition]
        committed = sum(group.committed[p] for p in worker.assigned)
        if died_us:
            self.event("resumed", worker, from_=committed, to=committed, count=again, text=f"{(now_us() - died_us) // 1000} ms after the death")

    def members(self, group):
        return [w for w in self.workers if w.group is group and w.state == "ready"]

    def share(self, group):
        """The range assignor, over those who are there."""
        members, partitions = self.members(group), list(range(len(group.committed)))
        for i, worker in enumerate(members):
            mine = partitions[i * len(partitions) // len(members):(i + 1) * len(partitions) // len(members)]
            lost, got = len(set(worker.assigned) - set(mine)), len(set(mine) - set(worker.assigned))
            worker.assigned = mine
            worker.counters["rebalances"] += bool(lost or got)
            if lost:
                self.event("revoked", worker, count=lost)
            if got:
                self.event("assigned", worker, count=got)

    def leave(self, worker):
        worker.assigned = []
        worker.pid = None
        self.share(worker.group) if worker.group else None

    def die(self, worker):
        group = worker.group
        sums = (sum(group.committed[p] for p in worker.assigned), sum(group.position[p] for p in worker.assigned)) if group else (None, None)
        self.event("died", worker, from_=sums[0], to=sums[1], text="was killed by SIGKILL while polling, 0.3 s after its last heartbeat")
        died_us, worker.restarts = now_us(), worker.restarts + 1
        self.event("restarting", worker, pid=None, count=0)
        worker.pid = None
        self.spawn(worker, 0.018, died_us)

    # --- the verbs ------------------------------------------------------------------------------------------------------

    def meant(self, target):
        found = [w for w in self.workers if not w.retired and target in ("all", w.name, w.client)]
        if not found:
            raise Refused(404, f"there is no client or worker '{target}'")
        return found

    def stop(self, target, _):
        for worker in self.meant(target):
            if worker.pid:
                self.event("stopping", worker, text="an operator's stop")
                worker.become("down", "stopped")
                self.leave(worker)
                self.event("stopped", worker)

    def start(self, target, _):
        for worker in self.meant(target):
            if not worker.pid:
                self.spawn(worker)

    def restart(self, target, _):
        for worker in self.meant(target):
            if worker.pid:
                self.event("stopping", worker, text="an operator's restart")
                self.event("stopped", worker)
            self.spawn(worker)

    def kill(self, target, arguments):
        victims = [w for w in self.meant(target) if w.pid]
        if not victims:
            raise Refused(409, f"{target} has no process: it is down")
        for worker in victims:
            self.event("signalled", worker, count=9, text="SIG" + arguments.get("signal", "TERM") + "; an operator's kill")
            self.die(worker)

    def pause(self, target, _):
        for worker in self.meant(target):
            worker.paused, worker.phase = True, "paused"
            self.event("paused", worker, text="an operator's pause")

    def resume(self, target, _):
        for worker in self.meant(target):
            worker.paused, worker.phase = False, "polling" if worker.group else "producing"
            self.event("unpaused", worker, text="an operator's resume")

    def scale(self, target, arguments):
        wanted = int(arguments.get("workers", "0"))
        if not 1 <= wanted <= 64:
            raise Refused(400, f"scale {target}: '{wanted}' is not between 1 and 64")
        first = self.meant(target)[0]
        there = [w for w in self.workers if w.client == first.client and not w.retired]
        self.event("scaled", None, worker=first.client, pid=None, from_=len(there), to=wanted, text="an operator's scale")
        for worker in there[wanted:]:
            worker.retired = True
            worker.become("down", "stopped")
            self.leave(worker)
            self.event("stopped", worker)
        for number in range(len(there) + 1, wanted + 1):
            former = [w for w in self.workers if w.name == f"{first.client}.{number}"]
            worker = former[0] if former else Worker(f"{first.client}.{number}", first.client, "consumer", first.group)
            worker.retired = False
            self.workers += [] if former else [worker]
            self.spawn(worker)

    def add_client(self, name, group, like):
        with self.changed:
            if any(w.client.lower() == name.lower() and not w.retired for w in self.workers):
                raise Refused(409, f"there is a client '{name}' already")
            model = self.meant(like)[0].group
            called = group or f"test_group_{name}"
            count = len(model.position)
            self.groups.setdefault(called, Group(called, model.topic, count, model.manual))
            worker = Worker(name, name, "consumer", self.groups[called])
            worker.added = True
            self.event("scaled", None, worker=name, pid=None, from_=0, to=1, text=f"a client was added, in group {called}; an operator's add-client")
            self.workers.append(worker)
            self.spawn(worker)
            return {"lines": [f"{name}: added"]}

    def remove_client(self, name):
        with self.changed:
            workers = self.meant(name)
            if not getattr(workers[0], "added", False):
                raise Refused(409, f"'{name}' is in the configuration and was not added: stop it, or remove it from the file and reload")
            for worker in workers:
                worker.retired = True
                worker.become("down", "stopped")
                self.leave(worker)
                self.event("stopped", worker)
            return {"lines": [f"{worker.name}: removed" for worker in workers]}

    def rate_verb(self, _, arguments):
        self.rate = float(arguments.get("records", "0"))
        self.event("rate", self.meant("producer")[0], count=int(self.rate))

    def verb(self, name, target, arguments):
        verbs = {"start": self.start, "stop": self.stop, "restart": self.restart, "rolling-restart": self.restart, "kill": self.kill, "pause": self.pause,
                 "resume": self.resume, "scale": self.scale, "rate": self.rate_verb, "release": self.start}
        if name not in verbs:
            raise Refused(404, f"there is no verb '{name}'")
        with self.changed:
            if self.read_only:
                raise Refused(403, "this page is read-only (--http-read-only)")
            verbs[name](target, arguments)
            named = [w for w in self.workers if target in ("all", w.name, w.client)]
            return {"lines": [f"{w.name}: {w.state}, pid {w.pid}, generation {w.generation}" if w.pid else f"{w.name}: {w.state}" for w in named]}

    # --- records and offsets --------------------------------------------------------------------------------------------

    def produce(self, record):
        if not record:
            raise Refused(400, "a record has at least one field")
        if "amount" in record and not str(record["amount"]).replace(".", "", 1).isdigit():
            raise Refused(422, f"amount: '{record['amount']}' is not a decimal number")
        with self.changed:
            partitions = self.logs[self.topic]
            partition = hash(str(record.get("key", record.get("user", "")))) % len(partitions)
            partitions[partition].append(record)
            producer = self.meant("producer")[0]
            producer.counters["produced"] += 1
            producer.counters["acknowledged"] += 1
            offset = len(partitions[partition]) - 1
            return {"topic": self.topic, "partition": partition, "offset": offset, "lines": [f"{self.topic} [{partition}] @ {offset}"]}

    def acknowledge(self, name, offset, partition):
        with self.changed:
            workers = [w for w in self.meant(name) if w.group]
            group = workers[0].group if workers else None
            if not group or not group.manual:
                raise Refused(409, f"{name} does not run with --commit manual")
            if partition is None:
                candidates = [p for p in range(len(group.position)) if group.committed[p] <= offset < group.position[p]]
                if len(candidates) != 1:
                    raise Refused(409, f"offset {offset} can be meant of {len(candidates)} partitions: say &partition=P")
                partition = candidates[0]
            if offset >= group.position[partition]:
                raise Refused(409, f"{name}: offset {offset} of partition {partition} was not received yet")
            before = group.committed[partition]
            if offset >= before:
                group.acknowledge(partition, offset)
            owner = next(w for w in workers if partition in w.assigned)
            self.event("acknowledged", owner, partition=partition, from_=before, to=group.committed[partition], text="an operator's ack")
            return {"lines": [f"{group.topic} [{partition}] acknowledged before {group.committed[partition]}, and {len(group.ahead[partition])} beyond; "
                              f"{group.unacknowledged(partition)} not"],
                    "partitions": [{"worker": owner.name, "partition": partition, "from": before, "to": group.committed[partition]}]}

    def place(self, group, partition, to):
        end = len(self.logs[group.topic][partition])
        word, _, number = to.partition(":")
        offsets = {"earliest": lambda: 0, "latest": lambda: end, "offset": lambda: int(number), "shift": lambda: group.committed[partition] + int(number),
                   "timestamp": lambda: end // 2}
        if word not in offsets:
            raise Refused(400, f"to: '{to}' is not earliest, latest, offset:N, timestamp:T or shift:N")
        return max(0, min(end, offsets[word]()))

    def reset(self, name, to, dry_run):
        with self.changed:
            groups = {w.group.name: (w.group, w) for w in self.meant(name) if w.group}
            lines, places = [], []
            for group, worker in groups.values():
                for partition in range(len(group.committed)):
                    before, after = group.committed[partition], self.place(group, partition, to)
                    lines.append(f"{group.topic} [{partition}] {before} → {after}{' (dry run)' if dry_run else ''}")
                    places.append({"worker": worker.name, "partition": partition, "from": before, "to": after})
                    if not dry_run:
                        group.set(partition, after)
                        self.event("reset", worker, partition=partition, from_=before, to=after, text="an operator's reset")
            return {"lines": lines, "partitions": places}

    def record(self, topic, partition, offset):
        log = self.logs.get(topic, [])
        if partition >= len(log) or offset >= len(log[partition]):
            raise Refused(404, f"topic {topic}: partition {partition} has no offset {offset}")
        record = log[partition][offset]
        return {"topic": topic, "partition": partition, "offset": offset, "timestamp": "2026-11-28T06:59:53.245000+00:00", "key": str(record.get("key", record.get("user"))),
                "headers": [["schema", "message/1"]], "value": record}

    # --- time -----------------------------------------------------------------------------------------------------------

    def tick(self):
        with self.changed:
            due = [action for at, action in self.later if at <= time.monotonic()]
            self.later = [(at, action) for at, action in self.later if at > time.monotonic()]
            for action in due:
                action()
            self.make_records()
            for worker in self.workers:
                self.work(worker)
            self.changed.notify_all()

    def make_records(self):
        producer = self.workers[0] if self.workers[0].kind == "producer" else next(w for w in self.workers if w.kind == "producer")
        self.owed += self.rate * TICK_S if producer.state == "ready" and not producer.paused else 0
        while self.owed >= 1:
            self.owed -= 1
            name = self.random.choice(["anna", "marek", "ola", "piotr", "zofia", "jan"])
            self.produce({"content": f"hello {producer.counters['produced']}", "key": name})

    def work(self, worker):
        worker.per_second *= 0.95
        if worker.kind != "consumer" or worker.state != "ready" or worker.paused:
            return
        group, budget = worker.group, max(1, int(self.consume_rate * TICK_S))
        for partition in worker.assigned:
            step = min(budget, len(self.logs[group.topic][partition]) - group.position[partition])
            if step > 0:
                self.take(worker, partition, step)

    def take(self, worker, partition, step):
        group = worker.group
        first = group.position[partition]
        dead = 0
        for offset, record in enumerate(self.logs[group.topic][partition][first:first + step], first):
            if record.get("user") == "mallory":
                dead += 1
                self.letters.add(group.topic, partition, offset, group.name, record)
        group.position[partition] += step
        worker.counters["received"] += step
        worker.counters["processed"] += step - dead
        worker.counters["dead_lettered"] += dead
        worker.counters["batches_by_size" if step > 5 else "batches_by_time"] += 1
        worker.per_second += step * 0.05 / TICK_S
        if not group.manual:
            group.committed[partition] = group.position[partition]
            worker.counters["commits"] += 1
