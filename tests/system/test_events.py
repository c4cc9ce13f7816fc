"""The story of an instance as its events tell it: what happened to the fleet, in order, with the figures that Kafka and kstat show."""

import json
import pathlib
import re
import signal
import socket

import kafka_protocol
from harness import SystemTest, alive, main, wait_until
from message_pack import pack, unpack

KEPT = 4096


class Events(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(3)

    def fleet(self, *more, ready=True):
        fleet = self.supervise("--topic", self.topic_name, "--rate", "200", "--quiet", "--restart-delay", "10ms", "--session-timeout", "6s", *more)
        if ready:
            fleet.wait_line("ready:", 30)
        return fleet

    def kctl(self, *words):
        return self.run_ok("kctl", "-i", self.instance, *words)

    def events(self, *words):
        return [json.loads(line) for line in self.kctl("events", "--json", *words).splitlines()]

    def after(self, sequence, *kinds):
        """Those of these kinds that came after the event with that number."""
        return [e for e in self.events("--since", sequence) if e["kind"] in kinds]

    def newest(self):
        return self.events()[-1]["sequence"]

    def await_event(self, sequence, kind, worker=None, seconds=30):
        def found():
            return next((e for e in self.after(sequence, kind) if worker in (None, e["worker"])), None)

        return wait_until(found, seconds, f"{worker or 'the instance'}: {kind}")

    def assert_story(self, events, *wanted):
        """These, in this order; others may stand between them."""
        told = [f"{e['worker'] or '-'} {e['kind']}" for e in events]
        rest = iter(told)
        for one in wanted:
            self.assertTrue(any(one == next_one for next_one in rest), f"{one} is not told in its place: {told}")

    def settled(self, name):
        return wait_until(lambda: (w := self.worker(name)) and w["state"].startswith("ready") and w, 30, name)


class Story(Events):
    def test_a_start_a_kill_and_the_end(self):
        fleet = self.fleet("--clients", "bravo")
        follower = self.start("kctl", "-i", self.instance, "events", "-f")
        before = self.newest()
        first = self.worker("bravo")
        wait_until(lambda: self.worker("bravo")["counters"]["commits"] > 3, 20, "some commits")
        self.kctl("kill", "bravo", "KILL")
        resumed = self.await_event(before, "resumed", "bravo")
        second = self.settled("bravo")
        died = self.after(before, "died")[0]
        self.assertEqual((died["pid"], died["generation"], died["worker"]), (first["pid"], 1, "bravo"))
        self.assertIn("was killed by SIGKILL", died["text"])
        self.assertLessEqual(died["from"], died["to"])
        self.assertEqual((resumed["pid"], resumed["generation"]), (second["pid"], 2))
        line = next(line for line in fleet.text().splitlines() if "resumed at" in line)
        resumed_at, committed, redelivering = (int(n) for n in re.search(r"resumed at (\d+) \(committed (\d+)\), redelivering at most (\d+)", line).groups())
        self.assertEqual((resumed["to"], resumed["from"], resumed["count"]), (resumed_at, committed, redelivering))
        self.assertGreaterEqual(resumed["from"], died["from"])
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(follower.wait(10), 0, "following ends when the instance has ended in order")
        told = follower.text("out")
        self.assertRegex(told, r" 1  - +supervisor-started +fresh; workers: 3\n")
        self.assertRegex(told, r"bravo +signalled +SIGKILL; an operator's kill; signal 9\n")
        self.assertRegex(told, rf"bravo +died +was killed by SIGKILL .*; committed {died['from']}, processed up to {died['to']} \(pid {first['pid']}, generation 1\)\n")
        self.assertRegex(told, r"supervisor-stopping +SIGINT\n")
        self.assertRegex(told.splitlines()[-1], r"supervisor-stopped +exit code 0$")
        order = ["supervisor-started", "started", "assigned", "ready", "signalled", "died", "restarting", "started", "assigned", "ready", "resumed", "supervisor-stopping", "stopping", "stopped", "supervisor-stopped"]
        kinds = iter(line.split()[3] for line in told.splitlines())
        for kind in order:
            self.assertIn(kind, kinds, f"{kind} is not told in its place:\n{told}")
        self.assertNotIn("missed", told)
        self.assert_nothing_left()

    def test_an_operators_verbs(self):
        fleet = self.fleet("--clients", "bravo", "--group", self.name("g"))
        before = self.newest()
        self.kctl("pause", "bravo")
        self.kctl("resume", "bravo")
        self.kctl("rate", "50/s")
        self.kctl("reset", "bravo", "--to", "earliest", "--dry-run")
        self.kctl("reset", "bravo", "--to", "earliest", "--partition", "1")
        self.kctl("scale", "bravo", "2")
        self.kctl("restart", "bravo")
        self.kctl("stop", "bravo.2")
        told = self.events("--since", before)
        self.assert_story(told, "bravo paused", "bravo unpaused", "producer rate", "bravo reset", "bravo scaled", "bravo.2 started", "bravo.2 ready", "bravo stopping", "bravo stopped", "bravo started",
                          "bravo.2 stopping", "bravo.2 stopped")
        by = {e["kind"]: e for e in reversed(told)}
        for kind, verb in (("paused", "pause"), ("unpaused", "resume"), ("rate", "rate"), ("reset", "reset"), ("scaled", "scale")):
            self.assertIn(f"an operator's {verb}", by[kind]["text"])
        self.assertEqual([e["text"] for e in told if e["kind"] == "stopping"], ["an operator's restart"] * 2 + ["an operator's stop"], "bravo is a client of two workers")
        self.assertEqual([(e["partition"], e["to"]) for e in told if e["kind"] == "reset"], [(1, 0)])
        self.assertEqual((by["scaled"]["from"], by["scaled"]["to"], by["rate"]["count"]), (1, 2, 50))
        # three partitions in all, whoever has them
        self.assertEqual(self.await_event(before, "assigned", "bravo.2")["count"], 1)
        revoked = [e["count"] for e in told if (e["worker"], e["kind"]) == ("bravo", "revoked")]
        self.assertEqual(revoked[0], 3)
        self.kctl("shutdown")
        self.assertEqual(fleet.wait(15), 0)
        self.assert_nothing_left()

    def test_acknowledgements(self):
        fleet = self.fleet("--clients", "bravo", "--commit", "manual", "--group", self.name("g"))
        before = self.newest()
        wait_until(lambda: self.worker("bravo")["counters"]["processed"] > 10, 20, "some records")
        self.kctl("ack", "bravo", "all")
        told = self.after(before, "acknowledged")
        self.assertEqual(sorted(e["partition"] for e in told), [0, 1, 2])
        committed = kafka_protocol.committed(self.kafka.bootstrap, self.name("g"))
        for event in told:
            self.assertEqual(event["text"], "an operator's ack")
            self.assertEqual(event["to"], committed[(self.topic_name, event["partition"])], event)
        self.assertEqual(fleet.interrupt(), 0)

    def test_records_that_retention_took_before_they_were_read(self):
        def produce():
            self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", 300, "--quiet")

        group = self.name("g")
        produce()
        fleet = self.fleet("--clients", "bravo", "--no-producer", "--on-offset-loss", "earliest", "--group", group)
        wait_until(lambda: sum((kafka_protocol.committed(self.kafka.bootstrap, group) or {}).values()) == 300, 20, "all of it committed")
        self.kctl("stop", "bravo")
        produce()
        at = kafka_protocol.committed(self.kafka.bootstrap, group)[self.topic_name, 1]
        kafka_protocol.delete_records(self.kafka.bootstrap, self.topic_name, 1, at + 7)
        before = self.newest()
        self.kctl("start", "bravo")
        gap = self.await_event(before, "committed-gap", "bravo")
        self.assertEqual((gap["partition"], gap["from"], gap["to"], gap["count"]), (1, at, at + 7, 7))
        self.assertEqual(self.after(before, "started")[0]["text"], "an operator's start")
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_reload(self):
        config = pathlib.Path(self.folder / "fleet.ini")
        text = f"[ksupervise]\ntopic = {self.topic_name}\nrate = 100\nquiet = yes\n[client bravo]\nbatch-size = {{}}\n[client zulu]\n"
        config.write_text(text.format(500))
        fleet = self.supervise("--config", config)
        fleet.wait_line("ready:", 30)
        before = self.newest()
        config.write_text(text.format(100))
        self.kctl("reload")
        told = self.events("--since", before)
        self.assert_story(told, "- config", "bravo stopping", "bravo stopped", "bravo started", "bravo ready")
        self.assertNotIn("zulu", [e["worker"] for e in told if e["kind"] in ("stopping", "started")])
        event = next(e for e in told if e["kind"] == "config")
        self.assertEqual(event["count"], 1)
        self.assertIn("bravo: to be restarted (batch-size: 500 → 100)", event["text"])
        self.assertIn("an operator's reload", event["text"])
        self.assertEqual(next(e["text"] for e in told if e["kind"] == "stopping"), "reload")
        self.assertEqual(fleet.interrupt(), 0)


class Outage(Events):
    def setUp(self):
        SystemTest.setUp(self)
        self.own_kafka()
        self.topic_name = self.topic(3)

    def test_a_broker_that_dies_and_returns_is_told_once(self):
        fleet = self.fleet("--clients", "bravo,zulu")
        before = self.newest()
        self.kafka.broker("kill", 1)
        self.await_event(before, "broker-away")
        self.kafka.broker("start", 1)
        back = self.await_event(before, "broker-back", seconds=60)
        told = self.after(before, "broker-away", "broker-back")
        self.assertEqual([e["kind"] for e in told], ["broker-away", "broker-back"])
        # in milliseconds, from the one to the other
        self.assertLess(abs(back["count"] - (told[1]["time_us"] - told[0]["time_us"]) / 1000), 50)
        self.assertEqual(fleet.interrupt(60), 0)


class Supervisors(Events):
    def test_the_events_of_one_that_was_killed_can_be_read_and_its_successor_goes_on_with_the_numbers(self):
        first = self.fleet("--clients", "bravo")
        follower = self.start("kctl", "-i", self.instance, "events", "-f", "--json")
        pids = [w["pid"] for w in self.kstat()["workers"]]
        first.kill()
        wait_until(lambda: not any(alive(pid) for pid in pids), 5, "the workers' end")
        before = self.events()
        self.assertEqual(before[-1]["kind"], "ready")
        self.assertEqual([json.loads(line) for line in self.run_ok("kstat", "-i", self.instance, "--events", "--json").splitlines()], before)
        second = self.fleet("--clients", "bravo", ready=False)
        second.wait_line("ready:", 60)
        told = self.events()
        self.assertEqual(told[: len(before)], before)
        self.assertEqual([e["sequence"] for e in told], list(range(1, len(told) + 1)))
        started = told[len(before)]
        self.assertEqual((started["kind"], started["pid"]), ("supervisor-started", second.pid))
        self.assertEqual(started["text"], f"took over from pid {first.pid}, which died")
        self.assertEqual(second.interrupt(), 0)
        self.assertEqual(follower.wait(10), 0)
        lines = [json.loads(line) for line in follower.text("out").splitlines()]
        self.assertEqual(lines[: len(told)], told)
        self.assertEqual(lines[-1]["kind"], "supervisor-stopped")
        self.assert_nothing_left()

    def test_a_follower_that_was_asleep_is_told_what_it_missed(self):
        fleet = self.fleet("--clients", "bravo", "--no-producer")
        follower = self.start("kctl", "-i", self.instance, "events", "-f", "--json")
        wait_until(lambda: '"ready"' in follower.text("out"), 10, "the follower")
        follower.send(signal.SIGSTOP)
        seen = self.newest()
        # each verb changes something, and is an event
        while self.newest() < seen + KEPT + 20:
            self.flood()
        follower.send(signal.SIGCONT)
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(follower.wait(20), 0)
        after, missed = 0, 0
        for line in map(json.loads, follower.text("out").splitlines()):
            if "missed" in line:
                missed += line["missed"]
                after += line["missed"]
                continue
            after += 1
            self.assertEqual(line["sequence"], after)
        self.assertGreater(missed, 0)

    def flood(self):
        """Many verbs on one connection: a process each would take long."""
        path = next(pathlib.Path(self.runtime).rglob(f"{self.instance}.sock"))
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(path))
            for i in range(200):
                control.sendall(pack([0, i, "pause" if i % 2 == 0 else "resume", ["bravo", "", 10000, False]]))
                self.assertIsNone(unpack(control.recv(65536))[2])


if __name__ == "__main__":
    main()
