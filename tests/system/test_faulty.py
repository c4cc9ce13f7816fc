"""Kills between every two steps of a batch's way, and planted bugs, on a real Kafka. A build of its own (FAULTS=1) has the points and the
bugs of consumer/faults.h; kaudit, which shares no code with the consumer, is the judge."""

import json
import os
import re
import signal
import subprocess

import kafka_protocol
from harness import ROOT, SystemTest, main, wait_until

RECORDS = 200


def table(name):
    """The rows of an X table in faults.h."""
    text = (ROOT / "consumer" / "faults.h").read_text()
    body = re.search(rf"#define {name}\(X\)(.*?)\n\n", text, re.S).group(1)
    return re.findall(r"X\((\w+)\)", body)


class Faulty(SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kconsume = ROOT / "build" / "faults" / "bin" / "kconsume"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        made = subprocess.run(["make", "-C", ROOT, "FAULTS=1", "B=build/faults", "build/faults/bin/kconsume"], capture_output=True, text=True,
                              env=environment, timeout=600)
        if made.returncode != 0:
            raise RuntimeError(f"the build with faults failed:\n{made.stdout}{made.stderr}")

    def setUp(self):
        super().setUp()
        self.topic_name, self.group = self.topic(1), self.name("g")
        for _ in range(2):
            self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", RECORDS // 2, "--quiet")
            path = self.folder / "poison"
            path.write_bytes(b"no MessagePack")
            self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", self.topic_name, "-p", 0, "-k", "marek", path)
        self.end = kafka_protocol.end_offsets(self.kafka.bootstrap, self.topic_name)[0]

    def consume(self, *more, client="bravo", **faults):
        environment = {f"KSUPERVISE_{name.upper()}": value for name, value in faults.items()}
        return self.start(self.kconsume, "--client", client, "--group", self.group, "--topic", self.topic_name, "--instance-id", f"{self.name()}-{client}",
                          "--session-timeout", "6s", "--batch-size", "20", "--publish=no", *more, env=environment)

    def all_committed(self):
        return (kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).get((self.topic_name, 0)) == self.end

    def finish(self, *more, **faults):
        """A process to its end: everything is committed, and its letters are out."""
        process = self.consume(*more, **faults)
        process.wait_line("assigned 1 partition", 30)
        wait_until(self.all_committed, 30, "everything committed")
        self.assertEqual(process.interrupt(), 0, process.text())

    def killed_at(self, point, *more, **faults):
        process = self.consume(*more, crash_at=point, **faults)
        wait_until(lambda: process.popen.poll() is not None or self.all_committed(), 30, f"the point {point}")
        if process.popen.poll() is None:
            process.send(signal.SIGINT)  # the points of an ending
        self.assertEqual(process.wait(20), -signal.SIGKILL, f"{point} was not passed: {process.text()}")
        self.assertIn(f"killed at the point {point.split(':')[0]}", process.text())

    def audit(self, *sink):
        """What kaudit finds: {finding: how many}, and its exit status."""
        done = self.run_program("kaudit", self.topic_name, "--group", self.group, "--dlq", "--json", *sink)
        self.assertIn(done.status, (0, 1), done.text())
        self.assertTrue(done.text("out"), f"kaudit has found nothing to say: {done.text('err')}")
        [partition] = json.loads(done.text("out"))["partitions"]
        self.found = partition
        return partition["missing"], partition["doubled"], done.status


SQLITE_ONLY = {"taken_over", "transaction_open", "offsets_set", "rows_written", "outbox_written", "transaction_done", "outbox_sent", "outbox_emptied"}
BATCH_ONLY = {"letter_sent"}
NOT_OF_A_TOPIC = BATCH_ONLY | {"taken_over", "outbox_emptied", "commit_asked", "commit_answered"}  # its transaction is the commit


class EveryPoint(Faulty):
    def test_there_is_a_point_for_every_step_and_all_are_in_a_test(self):
        points = set(table("FAULT_POINTS"))
        self.assertGreaterEqual(points, SQLITE_ONLY | BATCH_ONLY)
        self.assertGreaterEqual(len(points), 15)

    def test_sqlite_is_exact_after_a_kill_at_each_of_them(self):
        file = self.folder / "records.db"
        pipeline = ("--pipeline", f"validate, sqlite:{file}")
        for point in [p for p in table("FAULT_POINTS") if p not in BATCH_ONLY]:
            with self.subTest(point):
                self.group = f"{self.name('g')}-{point}"
                file.unlink(missing_ok=True)
                for rest in ("-wal", "-shm"):
                    (self.folder / f"records.db{rest}").unlink(missing_ok=True)
                self.killed_at(point, *pipeline)
                self.finish(*pipeline)
                self.assertEqual(self.audit("--sqlite", file), (0, 0, 0))

    def test_another_topic_is_exact_after_a_kill_at_each_of_them(self):
        for point in [p for p in table("FAULT_POINTS") if p not in NOT_OF_A_TOPIC]:
            with self.subTest(point):
                self.group = f"{self.name('g')}-{point}"
                pipeline = ("--pipeline", f"validate, kafka:{self.group}")
                self.killed_at(point, *pipeline)
                self.finish(*pipeline)
                self.assertEqual(self.audit("--kafka", self.group), (0, 0, 0))

    def test_a_letter_that_a_kill_left_in_the_outbox_is_counted_there_until_it_is_sent(self):
        file = self.folder / "records.db"
        pipeline = ("--pipeline", f"validate, sqlite:{file}")

        def counted():
            found = json.loads(self.run_program("kaudit", self.topic_name, "--group", self.group, "--dlq", "--json", "--sqlite", file).text("out"))
            return [tuple(p[name] for name in ("dead", "outbox", "missing", "doubled")) for p in found["partitions"]]

        # The first batch has a letter: its transaction is done, and the letter not sent.
        self.topic_name = self.topic(1, "poison")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", self.topic_name, "-p", 0, "-k", "marek", self.folder / "poison")
        self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", RECORDS, "--quiet")
        self.end = RECORDS + 1
        self.killed_at("transaction_done", *pipeline)
        self.assertEqual(counted(), [(0, 1, 0, 0)])
        self.finish(*pipeline)
        self.assertEqual(counted(), [(1, 0, 0, 0)])

    def test_a_batch_misses_nothing_after_a_kill_at_each_of_them(self):
        for point in [p for p in table("FAULT_POINTS") if p not in SQLITE_ONLY]:
            with self.subTest(point):
                self.group = f"{self.name('g')}-{point}"
                file = self.folder / point
                pipeline = ("--pipeline", f"validate, ndjson:{file}")
                self.killed_at(point, *pipeline)
                self.finish(*pipeline)
                missing, doubled, _ = self.audit("--ndjson", file)
                self.assertEqual(missing, 0)
                self.assertLess(doubled, RECORDS)  # what was processed and not committed yet comes again: some batches, never all


class PlantedBugs(Faulty):
    """Bug → caught by. Each first without the bug, under the same kill: so it is the bug that is caught."""

    def both(self, run):
        """run(plant) → (missing, doubled); returns what the bug does."""
        self.group = self.name("good")
        self.assertEqual(run({}), (0, 0))
        self.group = self.name("bad")
        return run({"plant": self.bug})

    def ndjson_after_a_kill_at(self, point, *more):
        def run(plant):
            file = self.folder / self.group
            pipeline = ("--pipeline", f"validate, delay:2, ndjson:{file}", *more)  # so slow that commits keep up with the batches
            self.killed_at(point, *pipeline, **plant)
            self.finish("--pipeline", f"validate, ndjson:{file}")
            missing, _, _ = self.audit("--ndjson", file)
            return missing, 0

        return run

    def sqlite_after_a_kill_at(self, point):
        def run(plant):
            file = self.folder / self.group
            pipeline = ("--pipeline", f"validate, sqlite:{file}")
            self.killed_at(point, *pipeline, **plant)
            self.finish(*pipeline)
            return self.audit("--sqlite", file)[:2]

        return run

    def test_every_planted_bug_has_a_test(self):
        tests = {name.removeprefix("test_") for name in dir(self)}
        self.assertEqual([bug for bug in table("PLANTED_BUGS") if bug not in tests], [])

    def test_commit_early(self):
        self.bug = "commit_early"
        self.assertGreater(self.both(self.ndjson_after_a_kill_at("in_flight:2"))[0], 0)

    def test_skip_letter_wait(self):
        self.bug = "skip_letter_wait"  # the letter lingers; the batch with it is committed meanwhile
        self.assertGreater(self.both(self.ndjson_after_a_kill_at("position_moved:11", "-X", "linger.ms=60000"))[0], 0)

    def test_skip_on_retry(self):
        self.bug = "skip_on_retry"

        def run(plant):
            file = self.folder / self.group
            self.finish("--pipeline", f"validate, fail:offset = 30, ndjson:{file}", "--retries", "1", "--retry-delay", "10ms", **plant)
            return self.audit("--ndjson", file)[:2]

        self.assertGreater(self.both(run)[0], 0)

    def test_forget_guards(self):
        self.bug = "forget_guards"

        def run(plant):
            file = self.folder / self.group
            stopped = self.consume("--pipeline", f"delay:100, sqlite:{file}", client="stopped", **plant)
            wait_until(lambda: (kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).get((self.topic_name, 0), 0) > 0, 20, "its first commit")
            stopped.send(signal.SIGSTOP)  # in the middle of its second slice
            second = self.consume("--pipeline", f"sqlite:{file}", client="second")
            wait_until(self.all_committed, 40, "everything committed by the second")
            stopped.send(signal.SIGCONT)
            stopped.send(signal.SIGINT)  # what its slice did is committed, or is not, before it ends
            stopped.wait(20)
            second.interrupt()  # its letters are out
            return self.audit("--sqlite", file)[:2]

        self.assertGreater(self.both(run)[1], 0)

    def test_forget_guards_of_a_topic(self):
        self.bug = "forget_guards"

        def run(plant):
            stopped = self.consume("--pipeline", f"delay:100, kafka:{self.group}", client="stopped", **plant)
            wait_until(lambda: (kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).get((self.topic_name, 0), 0) > 0, 20, "its first commit")
            stopped.send(signal.SIGSTOP)  # in the middle of its second slice
            second = self.consume("--pipeline", f"kafka:{self.group}", client="second")
            wait_until(self.all_committed, 40, "everything committed by the second")
            stopped.send(signal.SIGCONT)
            stopped.send(signal.SIGINT)
            stopped.wait(20)
            second.interrupt()
            return self.audit("--kafka", self.group)[:2]

        self.assertGreater(self.both(run)[1], 0)

    def test_two_transactions_of_a_topic(self):
        self.bug = "two_transactions"

        def run(plant):
            pipeline = ("--pipeline", f"validate, kafka:{self.group}")
            self.killed_at("rows_written:2", *pipeline, **plant)
            self.finish(*pipeline)
            return self.audit("--kafka", self.group)[:2]

        self.assertGreater(self.both(run)[0], 0)

    def test_two_transactions(self):
        self.bug = "two_transactions"
        self.assertGreater(self.both(self.sqlite_after_a_kill_at("rows_written:2"))[0], 0)

    def test_forget_outbox(self):
        self.bug = "forget_outbox"  # the seventh slice has the first poison record: of 1, 8, 3 records, then of whole batches
        self.assertGreater(self.both(self.sqlite_after_a_kill_at("transaction_done:7"))[0], 0)

    def test_garble_rows(self):
        self.bug = "garble_rows"

        def run(plant):
            file = self.folder / self.group
            self.finish("--pipeline", f"validate, sqlite:{file}", **plant)
            return self.audit("--sqlite", file)[:2], self.found["different"], self.found["examples"].get("different", [])[:2]

        self.group = self.name("good")
        self.assertEqual(run({}), ((0, 0), 0, []))
        self.group = self.name("bad")
        self.assertEqual(run({"plant": self.bug}), ((0, 0), RECORDS, [0, 1]))

    def test_forget_witness(self):
        self.bug = "forget_witness"

        def run(plant):
            pipeline = ("--pipeline", f"validate, sqlite:{self.folder / self.group}", "--on-offset-loss", "earliest")
            for self.end in (50, 100):
                self.topic_anew(self.topic_name, 1)
                self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", self.end, "--quiet")
                self.finish(*pipeline, **plant)
            return self.audit("--sqlite", self.folder / self.group)[:2]

        self.assertEqual(self.both(run), (50, 0))


if __name__ == "__main__":
    main()
