"""--commit auto and manual, on a real Kafka: what each promises, seen by what happens at a kill."""

import json
import os
import signal

import kafka_protocol
from harness import SystemTest, main, wait_until


class Modes(SystemTest):
    def produce(self, topic, count):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--quiet")

    def committed(self, client, topic):
        found = kafka_protocol.committed(self.kafka.bootstrap, self.name(client)) or {}
        return {p: o for (t, p), o in found.items() if t == topic}

    def config(self, topic, clients, **settings):
        """A file in which each client has a group of its own, and a file that says what it was given."""
        lines = ["[ksupervise]", f"topic = {topic}", "no-producer = yes", "quiet = yes", f"bootstrap = {self.kafka.bootstrap}",
                 "restart-delay = 1ms"]
        for client in clients:
            lines += [f"[client {client}]", f"group = {self.name(client)}", f"pipeline = ndjson:{self.folder / client}"]
            lines += [f"{key.replace('_', '-')} = {value}" for key, value in settings.items()]
        path = self.folder / "fleet.ini"
        path.write_text("\n".join(lines) + "\n")
        return path

    def fleet(self, topic, clients=("bravo",), **settings):
        fleet = self.supervise("--config", self.config(topic, clients, **settings))
        fleet.wait_line("ready:", 30)
        return fleet

    def given(self, client="bravo"):
        """[(partition, offset)] in the order in which the client got them."""
        path = self.folder / client
        if not path.exists():
            return []
        whole = path.read_text().rpartition("\n")[0].splitlines()
        return [(line["partition"], line["offset"]) for line in map(json.loads, whole)]

    def ack(self, client, what):
        return self.run_program("kctl", "-i", self.instance, "ack", client, what)

    def acked(self, client, what):
        done = self.ack(client, what)
        self.assertEqual(done.status, 0, done.text())
        return done.text("out")

    def row(self, client="bravo", partition=0):
        return next(p for p in self.worker(client)["partitions"] if p["partition"] == partition)

    def kill(self, client="bravo"):
        worker = self.worker(client)
        os.kill(worker["pid"], signal.SIGKILL)
        wait_until(lambda: (now := self.worker(client)) and now["generation"] > worker["generation"] and now["state"] == "ready", 30, "its successor")


class Manual(Modes):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.produce(self.topic_name, 20)

    def start_all(self, *clients, **settings):
        fleet = self.fleet(self.topic_name, clients or ("bravo",), commit="manual", **settings)
        for client in clients or ("bravo",):
            wait_until(lambda: len(self.given(client)) == 20, 20, f"all records at {client}")
        return fleet

    def test_both_groups_receive_every_record(self):
        self.start_all("bravo", "zulu")
        self.assertEqual(self.given("bravo"), self.given("zulu"))
        self.assertEqual(self.given("bravo"), [(0, offset) for offset in range(20)])

    def test_acknowledging_in_one_group_never_changes_another(self):
        self.start_all("bravo", "zulu")
        self.acked("bravo", "all")
        self.assertEqual(self.committed("bravo", self.topic_name), {0: 20})
        self.assertEqual(self.committed("zulu", self.topic_name), {0: 0})
        self.kill("zulu")
        wait_until(lambda: len(self.given("zulu")) == 40, 20, "all of them again at zulu")
        self.kill("bravo")
        self.assertEqual(len(self.given("bravo")), 20)

    def test_several_records_acknowledged_independently(self):
        self.start_all()
        self.assertIn("acknowledged before 0, and 3 beyond; 17 not", self.acked("bravo", "0:5,0:7-8"))
        row = self.row()
        self.assertEqual((row["committed"], row["acknowledged_ahead"], row["unacknowledged"]), (0, 3, 17))
        self.assertIn("[0]: 17 not acknowledged, 3 acknowledged beyond", self.run_ok("kstat", "-i", self.instance, "bravo"))
        self.assertIn("acknowledged before 6, and 2 beyond", self.acked("bravo", "0:0-4"))
        self.assertEqual(self.committed("bravo", self.topic_name), {0: 6})
        self.assertIn("acknowledged before 20", self.acked("bravo", "all"))

    def test_a_kill_redelivers_the_unacknowledged_ones_and_no_other(self):
        self.start_all()
        self.acked("bravo", "0:0-2,0:5,0:9-11,0:19")
        self.kill()
        wanted = [offset for offset in range(20) if offset not in (0, 1, 2, 5, 9, 10, 11, 19)]
        wait_until(lambda: len(self.given()) >= 20 + len(wanted), 20, "the unacknowledged ones again")
        self.run_ok("kctl", "-i", self.instance, "restart", "bravo")
        wait_until(lambda: len(self.given()) >= 20 + 2 * len(wanted), 20, "and once more")
        again = [offset for _, offset in self.given()[20:]]
        self.assertEqual(again, wanted * 2)
        self.acked("bravo", "all")
        self.kill()
        self.produce(self.topic_name, 1)
        wait_until(lambda: self.given()[-1] == (0, 20), 20, "the new record")
        self.assertEqual(len(self.given()), 20 + 2 * len(wanted) + 1)

    def test_resetting_one_leaves_the_other(self):
        self.start_all("bravo", "zulu")
        self.acked("bravo", "all")
        self.acked("zulu", "0:3,0:0-1")
        self.run_ok("kctl", "-i", self.instance, "reset", "bravo", "--to", "earliest")
        wait_until(lambda: len(self.given("bravo")) == 40, 20, "everything again at bravo")
        self.assertEqual(self.committed("bravo", self.topic_name), {0: 0})
        self.assertEqual(self.committed("zulu", self.topic_name), {0: 2})
        self.kill("zulu")
        wait_until(lambda: len(self.given("zulu")) == 37, 20, "the unacknowledged ones at zulu")

    def test_a_partition_waits_at_its_bound_and_goes_on_with_the_acknowledgements(self):
        fleet = self.fleet(self.topic_name, commit="manual", batch_size=2, max_unacknowledged=6)
        fleet.wait_line(r"waits: 6 records are not acknowledged", 20)
        self.assertEqual(len(self.given()), 6)
        self.acked("bravo", "0:4")
        wait_until(lambda: len(self.given()) >= 7, 20, "more")
        while self.committed("bravo", self.topic_name) != {0: 20}:
            self.acked("bravo", "all")
        self.assertEqual(self.given(), [(0, offset) for offset in range(20)])

    def test_what_cannot_be_acknowledged_is_refused_with_the_reason(self):
        self.start_all()
        for what, why in (("0:20", "was not delivered yet"), ("7:0", "no worker of bravo owns partition 7 now"), ("0", "is not PARTITION:OFFSET"),
                          ("", "ack: what?")):
            done = self.ack("bravo", what)
            self.assertEqual(done.status, 1, done.text())
            self.assertIn(why, done.text())
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
        self.assertIn("does not run", self.ack("bravo", "all").text())



class Requests(Modes):
    """What is asked of workers belongs to whoever asked."""

    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.produce(self.topic_name, 20)
        self.fleet_of = self.fleet(self.topic_name, ("bravo", "zulu"), commit="manual")
        for client in ("bravo", "zulu"):
            wait_until(lambda: len(self.given(client)) == 20, 20, f"all records at {client}")
        self.stopped = None

    def stop(self, client):
        self.stopped = self.worker(client)["pid"]
        os.kill(self.stopped, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.stopped, signal.SIGCONT)

    def asked(self, *words):
        return self.start("kctl", "-i", self.instance, *words)

    def test_another_answer_does_not_answer_the_first(self):
        self.stop("bravo")
        first = self.asked("ack", "bravo", "0:3")
        self.assertIn("acknowledged before 1,", self.acked("zulu", "0:0"))
        self.assertIsNone(first.popen.poll(), first.text())
        self.go_on()
        self.assertEqual(first.wait(15), 0, first.text())
        self.assertIn("acknowledged before 0, and 1 beyond", first.text("out"))

    def test_a_late_answer_is_not_that_of_the_next_request(self):
        self.stop("bravo")
        late = self.run_program("kctl", "-i", self.instance, "--timeout", "300ms", "ack", "bravo", "0:3")
        self.assertIn("it continues in the background (bravo has not answered)", late.text())
        next_one = self.asked("ack", "BRAVO", "0:0")
        early = self.run_program("kctl", "-i", self.instance, "--timeout", "300ms", "ack", "all", "0:9")
        self.assertIn("timed out before it began: it waits for 'ack bravo'", early.text())
        self.assertIsNone(next_one.popen.poll(), next_one.text())
        self.go_on()
        self.assertEqual(next_one.wait(15), 0, next_one.text())
        self.assertEqual(next_one.text("out").splitlines(), [f"{self.topic_name} [0] acknowledged before 1, and 1 beyond; 18 not"])

    def test_one_whose_caller_has_gone_still_comes_first(self):
        self.stop("bravo")
        gone = self.asked("ack", "bravo", "0:3")
        wait_until(lambda: "before it began" in self.run_program("kctl", "-i", self.instance, "--timeout", "50ms", "ack", "bravo", "0:4").text(), 10, "the first under way")
        gone.kill()
        next_one = self.asked("ack", "bravo", "0:0")
        self.go_on()
        self.assertEqual(next_one.wait(15), 0, next_one.text())
        self.assertIn("acknowledged before 1, and 1 beyond", next_one.text("out"))

    def test_all_means_every_group_and_what_failed_is_told_beside_what_is_done(self):
        done = self.ack("all", "0:0-4")
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual(done.text("out").count("acknowledged before 5, and 0 beyond"), 2)
        self.run_ok("kctl", "-i", self.instance, "stop", "zulu")
        done = self.run_program("kctl", "-i", self.instance, "reset", "all", "--to", "offset", "2")
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual((self.committed("bravo", self.topic_name), self.committed("zulu", self.topic_name)), ({0: 2}, {0: 2}))
        self.assertEqual(self.worker("zulu")["state"], "down")
        wait_until(lambda: len(self.given("bravo")) == 38, 20, "the records from 2 on, again")
        done = self.ack("all", "0:2-3")
        self.assertEqual(done.status, 1)
        self.assertIn("zulu: it does not run", done.text())
        self.assertIn("done: bravo [0] 2 → 4", done.text())
        self.assertEqual((self.committed("bravo", self.topic_name), self.committed("zulu", self.topic_name)), ({0: 4}, {0: 2}))

    def test_a_long_list_is_carried_and_one_that_is_too_long_is_told_the_bound(self):
        words = ",".join(f"0:{n % 20}" for n in range(700))
        self.assertGreater(len(words), 3000)
        self.assertEqual(self.acked("bravo", words).count("acknowledged before"), 700)
        self.assertEqual(self.committed("bravo", self.topic_name), {0: 20})
        done = self.ack("zulu", ",".join(["0:1000"] * 700))
        self.assertEqual(done.status, 2)
        self.assertIn("ack: 4899 bytes, and one request carries at most 4095: split it", done.text())

    def test_the_results_are_numbers_too(self):
        out = json.loads(self.run_ok("kctl", "-i", self.instance, "--json", "ack", "bravo", "0:0-4"))
        self.assertEqual(out["partitions"], [{"worker": "bravo", "partition": 0, "from": 0, "to": 5}])
        out = json.loads(self.run_ok("kctl", "-i", self.instance, "--json", "reset", "bravo", "--to", "latest"))
        self.assertEqual(out["partitions"], [{"worker": "bravo", "partition": 0, "from": 5, "to": 20}])


class WhatAKillShows(Modes):
    """The same kill, in the middle of a batch, under two modes."""

    def lost_after_a_kill(self, mode):
        topic = self.topic(1)
        self.produce(topic, 60)
        path = self.folder / "seen"
        self.supervise("--clients", "bravo", "--no-producer", "--topic", topic, "--group", self.name(mode), "--commit", mode, "--quiet",
                       "--pipeline", f"delay:50, ndjson:{path}", "--batch-size", "60", "-X", "auto.commit.interval.ms=50")
        wait_until(lambda: (worker := self.worker("bravo")) and worker["phase"] == "processing", 30, "a batch in flight")
        if mode == "auto":
            wait_until(lambda: kafka_protocol.committed(self.kafka.bootstrap, self.name(mode)).get((topic, 0), 0) > 1, 10, "the timer's commit")
        os.kill(self.worker("bravo")["pid"], signal.SIGKILL)
        wait_until(lambda: kafka_protocol.committed(self.kafka.bootstrap, self.name(mode)).get((topic, 0), 0) == 60, 40, "all committed")
        self.run_ok("kctl", "-i", self.instance, "shutdown")
        seen = {json.loads(line)["offset"] for line in path.read_text().splitlines()}
        return 60 - len(seen)

    def test_auto_commit_loses_what_it_had_handed_out(self):
        self.assertGreater(self.lost_after_a_kill("auto"), 0)

    def test_a_commit_after_the_batch_loses_nothing(self):
        self.assertEqual(self.lost_after_a_kill("batch"), 0)


if __name__ == "__main__":
    main()
