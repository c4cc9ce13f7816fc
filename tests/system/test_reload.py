"""The configuration is read again while the fleet runs: only what changed is touched. On a real Kafka."""

import fcntl
import json
import os
import pty
import re
import signal
import termios

from harness import SystemTest, main, wait_until
from kafka_protocol import committed


class Reload(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic()
        self.bravo, self.zulu, self.yank = (f"{stem}-{self.token}" for stem in "bzy")
        self.path = self.folder / "fleet.ini"

    def write(self, clients, more="", rate=100):
        sections = "".join(f"[client {name}]\n{settings}\n" for name, settings in clients.items())
        self.path.write_text(f"[ksupervise]\ninstance = {self.instance}\ntopic = {self.topic_name}\nquiet = yes\n{more}\n[producer]\nrate = {rate}\n{sections}")

    def fleet(self, clients, **popen):
        self.write(clients)
        fleet = self.start("ksupervise", "--config", self.path, **popen)
        fleet.wait_line("ready:", 30)
        wait_until(lambda: self.worker("producer")["state"] == "ready", 15, "the producer")
        return fleet

    def kctl(self, *words, status=0):
        done = self.run_program("kctl", "-i", self.instance, *words)
        self.assertEqual(done.status, status, done.text())
        return done.text()

    def running(self):
        return {w["name"]: (w["pid"], w["generation"]) for w in self.kstat()["workers"] if w["alive"]}

    def end(self, fleet):
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_nothing_left()

    def test_only_what_changed_is_touched(self):
        fleet = self.fleet({self.bravo: "", self.zulu: "batch-size = 50"})
        before = self.running()
        self.write({self.bravo: "batch-size = 70\nlibrdkafka.fetch.min.bytes = 2", self.zulu: "batch-size = 50\nstop-timeout = 7s", self.yank: ""})
        answer = json.loads(self.kctl("--json", "reload"))
        changes = {change["worker"]: change for change in answer["changes"]}
        self.assertEqual({name: change["change"] for name, change in changes.items()}, {self.bravo: "restarted", self.zulu: "adjusted", self.yank: "added"})
        self.assertEqual(changes[self.bravo]["settings"], [{"name": "batch-size", "from": "500", "to": "70"}, {"name": "fetch.min.bytes", "from": "", "to": ""}])
        after = self.running()
        self.assertEqual({name: after[name] for name in (self.zulu, "producer")}, {name: before[name] for name in (self.zulu, "producer")})
        self.assertEqual(after[self.bravo][1], 2)
        self.assertEqual(after[self.yank][1], 1)
        self.assertEqual(self.worker(self.bravo)["state"], "ready")
        # A group and a rate of their own; one client less.
        self.write({self.bravo: f"batch-size = 70\nlibrdkafka.fetch.min.bytes = 2\ngroup = {self.name('group')}", self.yank: ""}, rate=200)
        self.assertIn(f"{self.zulu}: removed\n", self.kctl("reload"))
        last = self.running()
        self.assertEqual(last[self.yank], after[self.yank])
        self.assertNotIn(self.zulu, last)
        self.assertEqual((last[self.bravo][1], last["producer"][1]), (3, 2))
        self.assertEqual(self.worker(self.bravo)["group"], self.name("group"))
        wait_until(lambda: sum(committed(self.kafka.bootstrap, self.name("group")).values()) > 100, 20, "commits in the new group")
        self.assertIn("nothing has changed", self.kctl("reload"))
        self.assertEqual(self.running(), last)
        # A client that went can come again, and goes on with its generations.
        self.write({self.bravo: f"batch-size = 70\nlibrdkafka.fetch.min.bytes = 2\ngroup = {self.name('group')}", self.yank: "", self.zulu: ""}, rate=200)
        self.assertIn(f"{self.zulu}: added", self.kctl("reload"))
        self.assertEqual(self.running()[self.zulu][1], 2)
        self.end(fleet)

    def test_a_removed_client_leaves_its_group_at_once(self):
        group = self.name("group")
        fleet = self.fleet({self.bravo: f"group = {group}", self.zulu: f"group = {group}"})
        owned = lambda client: len([p for p in self.worker(client)["partitions"] if p["assigned"]])
        wait_until(lambda: owned(self.bravo) in (1, 2) and owned(self.zulu) in (1, 2), 20, "a split group")
        self.write({self.bravo: f"group = {group}"})
        self.kctl("reload")
        wait_until(lambda: owned(self.bravo) == 3, 5, "all partitions: the session timeout is 45 s, so it was told")
        self.assertIn(f"there is no client '{self.zulu}'", self.kctl("scale", self.zulu, "1", status=1))
        self.assertNotIn(self.zulu, self.running())
        self.end(fleet)

    def test_a_client_that_reads_another_topic_leaves_its_group_first(self):
        """A static member that came back subscribed to another topic was given its old assignment: r3's records became r4's, and 600 of r4 were missed."""
        former, later = self.topic(stem="r3"), self.topic(stem="r4")
        for topic, count in ((former, 500), (later, 700)):
            self.run_ok("kproduce", "--publish=no", "--topic", topic, "--rate", "0", "--count", count, "--quiet", seconds=60)
        group = self.name("group")
        fleet = self.fleet({self.bravo: f"group = {group}\nfrom = earliest\ntopic = {former}"})
        processed = lambda: self.worker(self.bravo)["counters"]["processed"]
        stored = lambda topic: sum(offset for (of, _), offset in committed(self.kafka.bootstrap, group).items() if of == topic)
        wait_until(lambda: processed() == 500, 20, "the former topic's records")
        wait_until(lambda: stored(former) == 500, 10, "their commit")
        self.write({self.bravo: f"group = {group}\nfrom = earliest\ntopic = {later}"})
        self.assertIn(f"{self.bravo}: restarted", self.kctl("reload"))
        wait_until(lambda: processed() >= 1200, 20, "the later topic's records, and at once: the session timeout is 45 s")
        wait_until(lambda: stored(later) == 700, 10, "their commit")
        self.assertEqual(processed(), 1200)
        self.assertEqual(stored(former), 500)
        self.end(fleet)

    def test_a_new_client_s_topic_is_made_first(self):
        fleet = self.fleet({self.bravo: ""})
        topic = self.name("new")
        self.write({self.bravo: "", self.zulu: f"workload = orders\ntopic = {topic}"})
        self.assertIn(f"{self.zulu}: added", self.kctl("reload"))
        self.assertEqual(len([p for p in self.worker(self.zulu)["partitions"] if p["assigned"]]), 3)
        self.end(fleet)

    def test_the_topics_are_made_on_another_kafka(self):
        fleet = self.fleet({self.bravo: ""})
        other = self.own_kafka()
        self.write({self.bravo: ""}, more=f"bootstrap = {other.bootstrap}")
        self.assertIn(f"{self.bravo}: restarted", self.kctl("reload"))
        wait_until(lambda: sum(committed(other.bootstrap, f"test_group_{self.bravo}").values()) > 100, 20, "commits there")
        self.end(fleet)

    def test_what_a_reload_that_stopped_did_not_come_to_is_the_next_ones(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        self.write({self.bravo: f"pipeline = ndjson:{self.folder}/none/lines", self.zulu: "", self.yank: ""}, more="batch-size = 70")
        self.assertIn("died before it was ready", self.kctl("reload", status=1))
        self.assertEqual(self.running()[self.zulu][1], 1)
        self.write({self.bravo: "", self.zulu: "", self.yank: ""}, more="batch-size = 70")
        answer = self.kctl("reload")
        self.assertIn(f"{self.zulu}: restarted", answer)
        self.assertIn(f"{self.yank}: added", answer)
        self.assertIn("nothing has changed", self.kctl("reload"))
        self.end(fleet)

    def test_a_bad_file_changes_nothing_and_names_its_line(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        before = self.running()
        self.write({self.bravo: "batch-sise = 5", self.zulu: "batch-size = 5"})
        self.assertIn(f"{self.path}:9: unknown name 'batch-sise' in [client {self.bravo}]; did you mean 'batch-size'?", self.kctl("reload", status=1))
        self.write({self.bravo: ""}, more="log-dir = logs")
        self.assertIn("log-dir cannot change while the instance runs (not set → logs)", self.kctl("reload", status=1))
        self.path.unlink()
        self.assertIn(str(self.path), self.kctl("reload", status=1))
        self.assertEqual(self.running(), before)
        self.assertNotIn("generation 2", fleet.text())
        self.write({self.bravo: "", self.zulu: ""})
        self.assertIn("nothing has changed", self.kctl("reload"))
        self.end(fleet)

    def test_what_only_a_worker_understands_is_looked_at_before_anything_changes(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        before = self.running()
        self.write({self.bravo: "pipeline = validate, sqlite:rows.db", self.zulu: "pipeline = validate, filter:amount > 5 and usr ~ 'x'"})
        reason = f"{self.path}:11: pipeline: filter: column 16: there is no field 'usr' in payments; did you mean user?"
        self.assertEqual(self.kctl("reload", status=1).splitlines()[:3], [f"kctl: {reason}", "  amount > 5 and usr ~ 'x'", "                 ^"])
        fleet.wait_line(f"reload: nothing was changed: {re.escape(reason)}", 5)
        mark = fleet.mark()
        fleet.send(signal.SIGHUP)
        fleet.wait_line(f"reload: nothing was changed: {re.escape(reason)}", 10, after=mark)
        mark = fleet.mark()
        self.assertIn("the configuration is being read; the outcome is in the supervisor's log", self.kctl("--no-wait", "reload"))
        fleet.wait_line(f"reload: nothing was changed: {re.escape(reason)}", 10, after=mark)
        self.assertFalse((self.folder / "rows.db").exists())
        self.assertEqual(self.running(), before)
        self.assertNotIn("generation 2", fleet.text())
        self.write({self.bravo: "", self.zulu: "pipeline = validate, filter:amount > 5 and user ~ 'x'"})
        self.assertIn(f"{self.zulu}: restarted", self.kctl("reload"))
        self.end(fleet)

    def test_what_changes_waits_for_the_look_and_the_fleet_does_not(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        # A look that takes long: a property's file that is a pipe, which nobody writes to yet.
        pipe = self.folder / "secret"
        os.mkfifo(pipe)
        self.write({self.bravo: f"librdkafka.ssl.key.password = @{pipe}", self.zulu: ""})
        reload = self.start("kctl", "-i", self.instance, "reload")
        writer = wait_until(lambda: self.open_for_writing(pipe), 10, "the look")
        self.assertIn("a reload is under way", self.kctl("reload", status=1))
        self.assertIn("a reload is under way", self.kctl("rolling-restart", "all", status=1))
        os.kill(self.running()[self.zulu][0], signal.SIGKILL)
        wait_until(lambda: (w := self.worker(self.zulu)) and w["generation"] == 2 and w["state"] == "ready", 10, "a restart meanwhile")
        self.assertIsNone(reload.popen.poll())
        self.assertEqual(self.running()[self.bravo][1], 1)
        os.close(writer)  # an empty secret
        self.assertEqual(reload.wait(10), 1)
        self.assertIn(f"{self.path}:9: librdkafka.ssl.key.password: {pipe} is empty", reload.text())
        self.assertEqual(self.running()[self.bravo][1], 1)
        # The end does not wait for a look either.
        reload = self.start("kctl", "-i", self.instance, "reload")
        writer = wait_until(lambda: self.open_for_writing(pipe), 10, "the second look")
        self.end(fleet)
        self.assertEqual(reload.wait(10), 1)
        os.close(writer)

    @staticmethod
    def open_for_writing(pipe):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it
            return None

    def test_the_first_failure_ends_it_with_the_reason(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        zulu = self.running()[self.zulu]
        bad = "pipeline = ndjson:/dev/null"
        self.write({self.bravo: bad, self.zulu: bad})
        self.assertIn(f"{self.bravo} is held: exit code 78", self.kctl("reload", status=1))
        self.assertEqual(self.running()[self.zulu], zulu)
        self.write({self.bravo: "", self.zulu: ""})
        self.kctl("reload")
        self.assertEqual(self.worker(self.bravo)["state"], "ready")
        self.end(fleet)

    def test_sighup_reloads_where_there_is_no_terminal(self):
        fleet = self.fleet({self.bravo: "", self.zulu: ""})
        before = self.running()
        self.write({self.bravo: "batch-size = 70", self.zulu: ""})
        fleet.send(signal.SIGHUP)
        fleet.wait_line(rf"reload: {self.bravo}: restarted, pid \d+, generation 2 \(batch-size: 500 → 70\)", 20)
        self.assertEqual(self.running()[self.zulu], before[self.zulu])
        self.write({self.bravo: "batch-size = none"})
        fleet.send(signal.SIGHUP)
        fleet.wait_line(rf"nothing was changed: {self.path}:9: batch-size: 'none' is not a whole number", 10)
        self.end(fleet)

    def test_sighup_stops_where_the_terminal_is_gone(self):
        master, slave = pty.openpty()
        fleet = self.fleet({self.bravo: ""}, stdin=slave, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        os.close(master)  # the kernel hangs up
        fleet.wait_line("SIGHUP: stopping in order", 15)
        self.assertEqual(fleet.wait(30), 0)
        self.assert_nothing_left()

    def test_under_nohup_a_terminal_that_goes_stops_nobody(self):
        master, slave = pty.openpty()

        def detach():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        fleet = self.fleet({self.bravo: ""}, stdin=slave, preexec_fn=detach)
        os.close(slave)
        os.close(master)
        before = self.worker(self.bravo)["heartbeat_us"]
        wait_until(lambda: self.worker(self.bravo)["heartbeat_us"] > before + 1_500_000, 10, "time to stop, were it to")
        self.end(fleet)
        self.assertNotIn("SIGHUP", fleet.text())

    def test_without_a_file_there_is_nothing_to_read(self):
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic_name, "--no-producer")
        fleet.wait_line("ready:", 30)
        self.assertIn("there is no file to read again: the instance was started without --config", self.kctl("reload", status=1))
        self.end(fleet)


if __name__ == "__main__":
    main()
