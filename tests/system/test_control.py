"""kctl drives a running ksupervise, on a real Kafka: every verb answers when what it asks for is true."""

import json
import os
import signal
import socket

from harness import SystemTest, main, wait_until
from kafka_protocol import committed, end_offsets


class Control(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic()
        self.bravo, self.zulu = f"b-{self.token}", f"z-{self.token}"

    def fleet(self, *arguments):
        fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--topic", self.topic_name, "--rate", "100", "--quiet", *arguments)
        fleet.wait_line("ready:", 30)
        return fleet

    def kctl(self, *words, status=0):
        done = self.run_program("kctl", "-i", self.instance, *words)
        self.assertEqual(done.status, status, done.text())
        return done.text()

    def end(self, fleet):
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_nothing_left()


class Connections(Control):
    def connected(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.path.join(self.runtime, "ksupervise", f"{self.instance}.sock"))
        self.addCleanup(connection.close)
        return connection

    def closed(self, connection):
        connection.settimeout(0.01)
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False

    def test_idle_connections_shut_nobody_out_the_oldest_goes_first(self):
        fleet = self.fleet()
        idle = [self.connected() for _ in range(32)]
        self.kctl("status")  # twice: one of them was for the first
        self.kctl("status")
        wait_until(lambda: self.closed(idle[0]), 5, "the end of the oldest")
        self.assertFalse(any(self.closed(connection) for connection in idle[1:]))
        self.end(fleet)

    def test_where_all_wait_for_an_answer_the_newcomer_is_told_so(self):
        fleet = self.fleet()
        os.kill(self.worker(self.bravo)["pid"], signal.SIGSTOP)
        full = "the supervisor has too many requests open"

        def one_more():
            return self.start("kctl", "-i", self.instance, "--timeout", "120s", "pause", self.bravo)

        def is_full():
            for i, one in enumerate(waiting):
                if one.popen.poll() is not None:  # the status had the last place just then
                    self.assertIn(full, one.text())
                    waiting[i] = one_more()
            return full in self.run_program("kctl", "-i", self.instance, "status").text()

        waiting = [one_more() for _ in range(32)]
        wait_until(is_full, 60, "a full house")
        self.assertFalse([w.text() for w in waiting if w.popen.poll() is not None])
        os.kill(self.worker(self.bravo)["pid"], signal.SIGCONT)
        for one in waiting:
            self.assertEqual(one.wait(20), 0, one.text())
        self.end(fleet)


class Verbs(Control):
    def test_restart_keeps_the_membership_so_the_others_do_not_rebalance(self):
        fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--group", self.name("group"), "--topic", self.topic_name, "--rate", "100", "--quiet")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: sorted(len([p for p in self.worker(c)["partitions"] if p["assigned"]]) for c in (self.bravo, self.zulu)) == [1, 2], 30, "a split group")
        before = self.worker(self.zulu)["counters"]["rebalances"]
        old = self.worker(self.bravo)
        self.kctl("restart", self.bravo)
        new = self.worker(self.bravo)
        self.assertEqual((new["generation"], new["state"]), (old["generation"] + 1, "ready"))
        self.assertNotEqual(new["pid"], old["pid"])
        self.assertEqual(self.worker(self.zulu)["counters"]["rebalances"], before)
        self.assertNotIn("was killed", fleet.text())
        self.end(fleet)

    def test_stop_leaves_the_group_and_the_others_own_the_partitions_at_once(self):
        group = self.name("group")
        fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--group", group, "--topic", self.topic_name, "--rate", "100", "--quiet")
        fleet.wait_line("ready:", 30)
        owned = lambda client: len([p for p in self.worker(client)["partitions"] if p["assigned"]])
        wait_until(lambda: owned(self.zulu) in (1, 2) and owned(self.bravo) in (1, 2), 30, "a split group")
        self.kctl("stop", self.bravo)
        self.assertEqual(self.worker(self.bravo)["state"], "down")
        wait_until(lambda: owned(self.zulu) == 3, 5, "zulu's partitions: the session timeout is 45 s, so it was told")
        self.kctl("start", self.bravo)
        self.assertEqual(self.worker(self.bravo)["state"], "ready")
        self.end(fleet)

    def test_a_producer_that_is_started_after_its_count_makes_as_many_again(self):
        fleet = self.fleet("--count", "50")
        stored = lambda: sum(end_offsets(self.kafka.bootstrap, self.topic_name).values())
        wait_until(lambda: self.worker("producer")["state"] == "done", 20, "the end of its count")
        for times in (2, 3):
            self.kctl("start" if times == 2 else "restart", "producer")
            wait_until(lambda: self.worker("producer")["state"] == "done", 20, "the end of its count")
            self.assertEqual(stored(), times * 50)
        self.kctl("produce", "user=marek", "amount=1", "currency=PLN", "method=blik")
        self.assertEqual(stored(), 151)
        self.kctl("start", "producer")
        wait_until(lambda: self.worker("producer")["state"] == "done", 20, "the end of its count")
        self.assertEqual(stored(), 201)
        self.end(fleet)

    def test_pause_keeps_the_partitions_and_resume_loses_and_doubles_nothing(self):
        fleet = self.fleet("--keep")
        for _ in range(3):
            self.kctl("pause", self.bravo)
            paused = self.worker(self.bravo)
            self.assertEqual(paused["phase"], "paused")
            other = self.worker(self.zulu)["counters"]["processed"]
            wait_until(lambda: self.worker(self.zulu)["counters"]["processed"] > other + 50, 15, "zulu at work")
            self.assertEqual(self.worker(self.bravo)["counters"]["processed"], paused["counters"]["processed"])
            self.kctl("resume", self.bravo)
            wait_until(lambda: self.worker(self.bravo)["counters"]["processed"] > paused["counters"]["processed"], 15, "bravo at work")
        self.assertEqual(self.worker(self.bravo)["generation"], 1)
        self.kctl("pause", "producer")
        self.kctl("stop", "producer")  # the answer to its last record may still have been on its way
        produced = self.worker("producer")["counters"]["acknowledged"]
        wait_until(lambda: self.worker(self.bravo)["counters"]["processed"] >= produced, 15, "bravo to catch up")
        self.assertEqual(self.worker(self.bravo)["counters"]["processed"], produced)
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(sum(committed(self.kafka.bootstrap, f"test_group_{self.bravo}").values()), produced)

    def test_a_paused_consumer_that_dies_comes_back_paused(self):
        fleet = self.fleet()
        self.kctl("pause", self.bravo)
        self.kctl("kill", self.bravo, "KILL")
        wait_until(lambda: (w := self.worker(self.bravo)) and w["generation"] == 2 and w["phase"] == "paused", 15, "paused again")
        self.end(fleet)

    def test_scale_of_a_paused_client_starts_paused_workers(self):
        fleet = self.fleet()
        self.kctl("pause", self.bravo)
        self.kctl("scale", self.bravo, "2")
        second = f"{self.bravo}.2"
        wait_until(lambda: [p for p in self.worker(second)["partitions"] if p["assigned"]], 20, "its partitions")
        wait_until(lambda: self.worker(second)["phase"] == "paused", 10, "paused")
        other = self.worker(self.zulu)["counters"]["processed"]
        wait_until(lambda: self.worker(self.zulu)["counters"]["processed"] > other + 100, 15, "zulu at work")
        self.assertEqual(self.worker(second)["counters"]["received"], 0)
        self.kctl("scale", self.bravo, "1")
        self.kctl("resume", self.bravo)
        self.kctl("scale", self.bravo, "2")
        wait_until(lambda: self.worker(second)["counters"]["processed"] > 0, 20, "who comes after the resume works")
        self.end(fleet)

    def test_scale_adds_workers_to_the_group_without_touching_the_first(self):
        fleet = self.fleet()
        first = self.worker(self.bravo)
        answer = self.kctl("scale", self.bravo, "4")
        self.assertRegex(answer, rf"{self.bravo}\.4: ready-idle, pid \d+, generation 1, idle: no partition assigned", "three partitions for four workers")
        self.assertEqual(self.worker(self.bravo)["pid"], first["pid"])
        wait_until(lambda: sum(len([p for p in self.worker(n)["partitions"] if p["assigned"]]) for n in (self.bravo, f"{self.bravo}.2", f"{self.bravo}.3")) == 3, 20,
                   "a partition each")
        self.kctl("scale", self.bravo, "1")
        self.assertEqual(self.worker(self.bravo)["pid"], first["pid"])
        wait_until(lambda: len([p for p in self.worker(self.bravo)["partitions"] if p["assigned"]]) == 3, 10, "all partitions again")
        self.kctl("stop", self.bravo)
        self.kctl("scale", self.bravo, "2")
        self.assertEqual({self.worker(name)["alive"] for name in (self.bravo, f"{self.bravo}.2")}, {True}, "two workers are two that run")
        self.end(fleet)

    def test_a_client_that_is_added_gets_every_record_and_leaves_its_group_when_it_is_removed(self):
        fleet = self.fleet()
        added, group = f"y-{self.token}", f"others-{self.token}"
        before = {name: self.worker(name)["pid"] for name in (self.bravo, self.zulu)}
        self.assertRegex(self.kctl("add-client", added, f"group={group}"), rf"{added}: added, pid \d+, generation 1")
        self.assertEqual(self.worker(added)["group"], group)
        wait_until(lambda: sum((committed(self.kafka.bootstrap, group) or {}).values()) > 0, 20, "its group commits")
        self.kctl("scale", added, "2")
        self.assertEqual(self.worker(f"{added}.2")["group"], group)
        self.assertIn("usage", self.kctl("add-client", "another", "group=G", "more", status=2))
        self.assertIn("already exists", self.kctl("add-client", added.upper(), status=1))
        self.assertIn("is in the configuration", self.kctl("remove-client", self.bravo, status=1))
        self.assertRegex(self.kctl("remove-client", added), rf"{added}: removed\n{added}\.2: removed")
        self.assertIn("there is no client", self.kctl("remove-client", added, status=1))
        self.assertRegex(self.kctl("add-client", added, f"like={self.bravo}"), "generation 2", "it goes on where it was")
        self.assertEqual(self.worker(added)["group"], f"test_group_{added}")
        self.assertEqual({name: self.worker(name)["pid"] for name in before}, before, "nobody else was touched")
        kinds = [line.split()[3] for line in self.run_ok("kctl", "-i", self.instance, "events", added).splitlines()]
        self.assertEqual(kinds.count("scaled"), 4, kinds)
        self.end(fleet)

    def test_rolling_restart_goes_one_at_a_time(self):
        fleet = self.fleet()
        self.kctl("rolling-restart", "all")
        for client in (self.bravo, self.zulu):
            self.assertEqual(self.worker(client)["generation"], 2)
        self.assertEqual(self.worker("producer")["generation"], 1)
        self.end(fleet)

    def test_a_rolling_restart_that_nobody_waits_for_does_not_start_who_was_stopped_meanwhile(self):
        fleet = self.fleet("--batch-size", "1", "--pipeline", "validate, exec:while read -r line; do sleep 1; echo ok; done")
        self.assertIn("timed out", self.kctl("--timeout", "0", "rolling-restart", "all", status=1))
        self.kctl("stop", self.zulu)
        fleet.wait_line(f"rolling restart: {self.zulu}: skipped, because it is stopped", 30)
        self.assertEqual({c: (w["state"], w["generation"]) for c in (self.bravo, self.zulu) if (w := self.worker(c))}, {self.bravo: ("ready", 2), self.zulu: ("down", 1)})
        self.end(fleet)

    def test_rate_changes_the_pace_of_the_running_producer_and_of_its_successors(self):
        fleet = self.fleet()
        acknowledged = lambda: self.worker("producer")["counters"]["acknowledged"]
        self.assertEqual(self.kctl("rate", "1000/s"), "producer: 1000 records a second")
        before = acknowledged()
        wait_until(lambda: acknowledged() > before + 1500, 6, "1500 records, for which 100 a second need 15 s")
        self.assertEqual(self.kctl("rate", "producer", "1h"), "producer: a record every 3600 s")
        wait_until(lambda: (w := self.worker("producer"))["counters"]["acknowledged"] == w["counters"]["produced"] and w["queue_depth"] == 0, 10, "all confirmed")
        still = self.worker("producer")
        beats = still["heartbeat_us"] + 1_500_000
        wait_until(lambda: self.worker("producer")["heartbeat_us"] > beats, 10, "some time")
        self.assertEqual(acknowledged(), still["counters"]["acknowledged"])
        self.assertEqual(still["generation"], 1)
        self.kctl("rate", "500")
        self.kctl("restart", "producer")
        before = acknowledged()
        wait_until(lambda: acknowledged() > before + 1000, 5, "1000 records of the next generation, for which 100 a second need 10 s")
        self.end(fleet)

    def test_a_rate_that_is_none_is_refused(self):
        fleet = self.fleet("--no-producer")
        self.assertIn("this instance has no producer", self.kctl("rate", "5/s", status=1))
        self.assertIn("'fast' is not a valid rate: records a second", self.kctl("rate", "fast", status=1))
        self.assertIn("'-5' is not a valid rate", self.kctl("rate", "producer", "--", "-5", status=1))
        self.assertIn(f"rate is for the producer, not for '{self.bravo}'", self.kctl("rate", self.bravo, "5", status=1))
        self.assertIn("rate: how fast?", self.kctl("rate", status=1))
        self.end(fleet)

    def test_release_lets_a_held_worker_start_again(self):
        fleet = self.fleet("--max-deaths", "1")
        self.kctl("kill", self.bravo, "KILL")
        fleet.wait_line(f"{self.bravo} is held")
        self.assertRegex(self.kctl("status"), rf"{self.bravo}: held, 1 deaths")
        self.kctl("release", self.bravo)
        self.assertEqual(self.worker(self.bravo)["state"], "ready")
        self.end(fleet)

    def test_logs_shows_the_last_lines_of_a_worker(self):
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic_name, "--rate", "5", "--print")
        fleet.wait_line("💳 Payment", 30)
        wait_until(lambda: "💳 Payment: " in self.kctl("logs", self.bravo), 10, "its lines")
        self.assertEqual(len(self.kctl("logs", self.bravo, "1").splitlines()), 1)
        self.assertIn("✅ Sent payment: ", self.kctl("logs", "producer"))
        self.end(fleet)

    def test_who_follows_logs_has_those_of_all_workers_and_of_the_next_supervisor(self):
        flags = ("--clients", self.bravo, "--topic", self.topic_name, "--rate", "100", "--batch-size", "5")
        fleet = self.supervise(*flags)
        fleet.wait_line("ready:", 30)
        wait_until(lambda: fleet.text().count("Received batch") > 20, 20, "more lines of the first than of the second")
        self.kctl("scale", self.bravo, "2")
        follower = self.start("kctl", "-i", self.instance, "logs", self.bravo, "-f")
        for name in (self.bravo, f"{self.bravo}.2"):
            follower.wait_line(rf"{name}: Received batch", 15, after=follower.mark())
        follower.send(signal.SIGSTOP)  # no look falls between the two supervisors
        seen = follower.mark()
        fleet.kill()
        self.kctl("status", status=3)
        fleet = self.supervise(*flags)
        fleet.wait_line("Received batch", 30)
        follower.send(signal.SIGCONT)
        follower.wait_line(rf"{self.bravo}: Received batch", 15, after=seen)
        follower.interrupt()
        self.end(fleet)

    def test_shutdown_answers_when_all_is_over(self):
        fleet = self.fleet()
        self.kctl("shutdown")
        self.assertEqual(fleet.wait(10), 0)
        self.assert_nothing_left()

    def test_what_is_under_way_or_waits_starts_nobody_in_an_instance_that_stops(self):
        group = self.name("group")
        fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--group", group, "--topic", self.topic_name, "--rate", "100", "--batch-size", "1",
                               "--pipeline", "validate, exec:while read -r line; do sleep 2; echo ok; done")
        fleet.wait_line("ready:", 30)
        fleet.wait_line("Received batch", 20)
        self.kctl("--no-wait", "restart", self.bravo)
        self.kctl("--no-wait", "stop", self.zulu)
        waits = self.start("kctl", "-i", self.instance, "start", self.zulu)
        self.kctl("shutdown")
        self.assertEqual(fleet.wait(20), 0)
        self.assertEqual(waits.wait(10), 1, waits.text())
        self.assertNotIn("generation 2", fleet.text())
        self.assertEqual(json.loads(self.run_ok("ktopic", "group", "--json", group))["members"], [], "the restart is taken back: it leaves the group, too")
        self.assert_nothing_left()


class Refusals(Control):
    def test_what_cannot_be_done_is_said(self):
        self.assertIn("is not running: start it with ksupervise", self.kctl("status", status=3))
        fleet = self.fleet()
        self.assertIn("there is no verb 'restrat'; is 'restart' meant?", self.kctl("restrat", self.bravo, status=1))
        self.assertIn("there is no client or worker 'nobody'", self.kctl("stop", "nobody", status=1))
        self.assertIn("'FOO' is not a signal", self.kctl("kill", self.bravo, "FOO", status=1))
        self.assertIn("timed out", self.kctl("--timeout", "0", "stop", self.zulu, status=1))
        wait_until(lambda: self.worker(self.zulu)["state"] == "down", 10, "zulu to stop all the same")
        self.kctl("--no-wait", "start", self.zulu)
        status = json.loads(self.kctl("--json", "status"))
        self.assertEqual({worker["name"] for worker in status["workers"]}, {self.bravo, self.zulu, "producer"})
        self.end(fleet)

    def test_a_hostile_or_slow_client_hurts_nobody(self):
        fleet = self.fleet()
        path = os.path.join(self.runtime, "ksupervise", f"{self.instance}.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        hostile = []
        for nonsense in (b"\xc1", os.urandom(4096), b"\x94\x00\x01", b"\xdd\xff\xff\xff\xff", b"\x91" * 9000, b"\x94\x00\x01\xa4stop\x91\xdb\xff\xff\xff\xff" + b"x" * 9000):
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            try:
                client.sendall(nonsense)
            except OSError:
                pass  # dropped while it was still sending: as it should be
            hostile.append(client)
        for _ in range(100):  # more than there are places: the rest are turned away
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(path)
            except OSError:
                pass
            hostile.append(client)
        pids = {name: self.worker(name)["pid"] for name in (self.bravo, self.zulu)}
        for client in hostile:
            client.close()
        wait_until(lambda: self.run_program("kctl", "-i", self.instance, "status").status == 0, 10, "an answer for a decent client")
        self.assertEqual({name: self.worker(name)["pid"] for name in (self.bravo, self.zulu)}, pids)
        self.end(fleet)


if __name__ == "__main__":
    main()
