"""kctl reset, on a real Kafka: by the members that run, of a client that is stopped, in the database too."""

import json
import sqlite3

import kafka_protocol
from harness import SystemTest, main, wait_until


class Reset(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic()
        self.group = self.name("g")
        self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", "300", "--quiet")
        self.ends = kafka_protocol.end_offsets(self.kafka.bootstrap, self.topic_name)

    def fleet(self, *more, clients="bravo"):
        fleet = self.supervise("--clients", clients, "--no-producer", "--topic", self.topic_name, "--group", self.group, "--quiet", *more)
        fleet.wait_line("ready:", 30)
        return fleet

    def committed(self):
        found = kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}
        return {p: o for (t, p), o in found.items() if t == self.topic_name}

    def all_read(self):
        return self.committed() == self.ends

    def reset(self, *words):
        return self.run_program("kctl", "-i", self.instance, "reset", "bravo", *words)

    def processed(self):
        return self.worker("bravo")["counters"]["processed"]

    def test_a_running_client_reads_again_from_where_it_is_told(self):
        fleet = self.fleet()
        wait_until(self.all_read, 20, "everything read")
        pid = self.worker("bravo")["pid"]
        done = self.reset("--to", "earliest")
        self.assertEqual(done.status, 0, done.text())
        for partition, end in self.ends.items():
            self.assertIn(f"{self.topic_name} [{partition}] {end} → 0", done.text("out"))
        wait_until(lambda: self.processed() == 600, 20, "everything read again")
        wait_until(self.all_read, 20, "and committed")
        self.assertEqual(self.worker("bravo")["pid"], pid)
        self.assertEqual(fleet.interrupt(), 0)

    def test_every_way_to_say_where(self):
        self.fleet()
        wait_until(self.all_read, 20, "everything read")
        self.run_ok("kctl", "-i", self.instance, "pause", "bravo")
        end = self.ends[0]
        for words, offset in ((("earliest",), 0), (("latest",), end), (("offset", "7"), 7), (("shift", "-3"), 4), (("shift", "+2"), 6),
                              (("offset", "99999999"), end), (("timestamp", "2020-01-01T00:00:00Z"), 0), (("timestamp", "2100-01-01T00:00:00.000+0100"), end), (("timestamp", "1ms"), 0)):
            done = self.reset("--partition", "0", "--to", *words)
            self.assertEqual(done.status, 0, done.text())
            self.assertIn(f"→ {offset}", done.text("out"))
            self.assertEqual(self.committed(), {**self.ends, 0: offset})

    def test_a_number_without_a_unit_is_no_timestamp(self):
        done = self.reset("--to", "timestamp", "1772099540500")
        self.assertEqual(done.status, 2)
        self.assertIn("timestamp '1772099540500' has no unit: 1772099540500ms counts milliseconds since the epoch as Kafka does", done.text())

    def test_a_dry_run_changes_nothing(self):
        self.fleet()
        wait_until(self.all_read, 20, "everything read")
        done = self.reset("--to", "earliest", "--dry-run")
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual(done.text("out").count("(dry run)"), 3)
        self.assertEqual(self.committed(), self.ends)
        self.assertEqual(self.processed(), 300)

    def test_a_stopped_client_is_reset_too_and_stays_stopped(self):
        self.fleet()
        wait_until(self.all_read, 20, "everything read")
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
        done = self.reset("--to", "offset", "5")
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual(self.committed(), {0: 5, 1: 5, 2: 5})
        self.assertEqual(self.worker("bravo")["state"], "down")
        self.run_ok("kctl", "-i", self.instance, "start", "bravo")
        wait_until(self.all_read, 20, "everything read again")
        self.assertEqual(self.processed(), 600 - 15)

    def test_a_client_whose_workers_died_is_reset_though_their_sessions_go_on(self):
        self.fleet("--max-deaths", "1", clients="bravo,zulu")
        wait_until(self.all_read, 20, "everything read")
        self.run_ok("kctl", "-i", self.instance, "kill", "zulu", "KILL")
        wait_until(lambda: self.worker("zulu")["state"] == "held", 10, "zulu to be held")
        done = self.reset("--to", "offset", "7")
        self.assertEqual(done.status, 1, done.text())
        self.assertRegex(done.text(), r"no worker of bravo owns partition \d now; done: bravo \[\d\] \d+ → 7", "a session of 45 s")
        self.run_ok("kctl", "-i", self.instance, "kill", "bravo", "KILL")
        wait_until(lambda: self.worker("bravo")["state"] == "held", 10, "bravo to be held")
        done = self.reset("--to", "offset", "5")
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual(self.committed(), {0: 5, 1: 5, 2: 5})

    def test_members_outside_this_supervisor_are_named_and_nothing_changes(self):
        self.fleet()
        wait_until(self.all_read, 20, "everything read")
        self.start("kconsume", "--publish=no", "--client", "stranger", "--topic", self.topic_name, "--group", self.group)
        wait_until(lambda: self.worker("bravo") and 0 < sum(p["assigned"] for p in self.worker("bravo")["partitions"]) < 3, 30, "the stranger's partitions")
        done = self.reset("--to", "earliest")
        self.assertEqual(done.status, 1, done.text())
        self.assertIn("members outside this supervisor own partitions", done.text())
        self.assertIn("stranger", done.text())
        self.assertEqual(self.committed(), self.ends)
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
        done = self.reset("--to", "earliest")
        self.assertEqual(done.status, 1, done.text())
        self.assertIn("stranger", done.text())
        self.assertEqual(self.committed(), self.ends)

    def test_all_workers_of_the_group_set_what_they_own(self):
        self.fleet(clients="bravo,zulu")
        wait_until(self.all_read, 20, "everything read")
        done = self.reset("--to", "earliest", "--dry-run")
        self.assertEqual(done.text("out").count("(dry run)"), 3, done.text())

    def test_a_database_follows(self):
        file = self.folder / "records.db"
        self.fleet("--pipeline", f"sqlite:{file}")
        wait_until(self.all_read, 20, "everything read")

        def rows():
            with sqlite3.connect(file) as db:
                return db.execute(f'SELECT count(*), count(DISTINCT kafka_partition || "/" || kafka_offset) FROM "{self.topic_name}"').fetchone()

        self.assertEqual(rows(), (300, 300))
        done = self.reset("--to", "shift", "-10")
        self.assertEqual(done.status, 0, done.text())
        wait_until(lambda: rows() == (330, 300), 20, "ten of each partition again, as was asked for")
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
        done = self.reset("--to", "shift", "-5")
        self.assertEqual(done.status, 0, done.text())
        self.run_ok("kctl", "-i", self.instance, "start", "bravo")
        wait_until(lambda: rows() == (345, 300), 20, "five of each again")
        done = self.reset("--to", "earliest", "--delete-rows")
        self.assertEqual(done.status, 0, done.text())
        wait_until(lambda: rows() == (300, 300), 20, "each record once again")

    def test_what_makes_no_sense_is_told(self):
        self.fleet()
        for words, why in ((("--to", "nowhere"), "is not a reset target"), ((), "reset: where?"), (("--to", "offset", "x"), "is not a reset target"),
                           (("--to", "earliest", "--partition", "x"), "is not one of partition=P")):
            done = self.reset(*words)
            self.assertEqual(done.status, 2, done.text())
            self.assertIn(why, done.text())


class OnTheEmbeddedBroker(SystemTest):
    def test_reset_works_there_too(self):
        self.environment.pop("KAFKA_BOOTSTRAP")
        fleet = self.supervise("--clients", "bravo", "--rate", "200", "--count", "100", "--quiet")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: (worker := self.worker("bravo")) and worker["counters"]["processed"] == 100, 30, "everything read")
        done = self.run_program("kctl", "-i", self.instance, "reset", "bravo", "--to", "earliest")
        self.assertEqual(done.status, 0, done.text())
        wait_until(lambda: self.worker("bravo")["counters"]["processed"] == 200, 30, "everything read again")
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
        done = self.run_program("kctl", "-i", self.instance, "reset", "bravo", "--to", "latest")
        self.assertEqual(done.status, 0, done.text())
        self.run_ok("kctl", "-i", self.instance, "reset", "bravo", "--to", "earliest")
        self.run_ok("kctl", "-i", self.instance, "start", "bravo")
        wait_until(lambda: self.worker("bravo")["counters"]["processed"] == 300, 30, "everything read a third time")
        self.assertEqual(fleet.interrupt(), 0)


if __name__ == "__main__":
    main()
