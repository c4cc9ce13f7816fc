"""Lag in time, on a real Kafka: each figure is compared with what a client of this test's own sees at the broker (kafka_protocol.py)."""

import os
import shlex
import signal
import subprocess
import time

import kafka_protocol
from harness import ROOT, SystemTest, main, wait_until


def now_us():
    return time.time_ns() // 1000


class LagSeconds(SystemTest):
    def setUp(self):
        super().setUp()
        self.t = self.topic(1)
        self.group = self.name("g")

    def fleet(self, *more):
        fleet = self.supervise("--clients", "bravo", "--group", self.group, "--topic", self.t, "--quiet", "--dead-letters", "off", *more)
        fleet.wait_line("ready:", 30)
        return fleet

    def kctl(self, *words):
        self.run_ok("kctl", "-i", self.instance, *words)

    def row(self, name="bravo"):
        """Its one partition, with the time of the view and whether the worker lives."""
        view = self.kstat()
        worker = next((w for w in view["workers"] if w["name"] == name), {"partitions": [], "alive": False})
        found = next((p for p in worker["partitions"] if p["assigned"]), None)
        return found and {**found, "now": view["time_us"], "alive": worker["alive"]}

    def end(self):
        return kafka_protocol.end_offsets(self.kafka.bootstrap, self.t)[0]

    def committed(self):
        return (kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).get((self.t, 0))

    def passes(self, count=5):
        """Produces, and returns between which times the high watermark passed what was the end."""
        end, before = self.end(), now_us()
        self.run_ok("kproduce", "--publish=no", "--topic", self.t, "--rate", "0", "--count", count, "--quiet", seconds=60)
        wait_until(lambda: self.end() == end + count, 20, "the witness sees the records")
        return before, now_us()

    def seen(self, high=None):
        """The row, once it knows this end."""
        wait_until(lambda: (r := self.row()) and r["high"] == (self.end() if high is None else high), 20, "the consumer sees the end")
        return self.row()

    def caught_up(self):
        wait_until(lambda: (r := self.row()) and r["lag"] == 0 and r["high"] == self.end() and not r["lag_at_least"], 30, "it has caught up")
        row = self.row()
        self.assertEqual((row["behind_us"], row["behind_us_at_least"], row["lag_at_least"], row["behind_since_us"]), (0, False, False, None), row)
        self.assertEqual(row["committed"], self.committed())

    def is_since(self, row, before, exact=True):
        """It is behind since then; never since earlier than the records came."""
        self.assertGreaterEqual(row["behind_since_us"], before, row)
        self.assertLessEqual(row["behind_since_us"], row["now"], row)
        self.assertEqual(row["behind_us"], row["now"] - row["behind_since_us"], row)
        self.assertEqual(row["behind_us_at_least"], not exact, row)


class WhilePaused(LagSeconds):
    def stays_behind(self, *more):
        self.fleet("--no-producer", *more)
        self.passes()
        self.caught_up()
        self.kctl("pause", "bravo")
        before, _ = self.passes()
        first = self.seen()
        self.is_since(first, before)
        self.passes()
        second = self.seen()
        self.assertEqual(second["behind_since_us"], first["behind_since_us"], "later records change nothing")
        self.assertGreater(second["behind_us"], first["behind_us"])
        self.assertEqual(second["lag"], self.end() - self.committed())
        self.kctl("resume", "bravo")
        self.caught_up()

    def test_commit_batch(self):
        self.stays_behind()

    def test_commit_auto(self):
        self.stays_behind("--commit", "auto", "-X", "auto.commit.interval.ms=100")

    def test_a_database(self):
        self.stays_behind("--pipeline", "validate, sqlite:rows.db")


class Manual(LagSeconds):
    def test_it_is_behind_since_the_first_record_that_nobody_acknowledged(self):
        self.fleet("--no-producer", "--commit", "manual")
        self.seen(0)
        before, _ = self.passes()
        first = self.seen()
        self.is_since(first, before)
        then, _ = self.passes()
        second = self.seen()
        self.assertEqual(second["behind_since_us"], first["behind_since_us"])
        self.kctl("ack", "bravo", "0:0-3")
        self.is_since(self.row(), before)
        self.kctl("ack", "bravo", "0:4")
        third = self.row()
        self.assertEqual(third["committed"], self.committed())
        self.is_since(third, then)
        self.assertLessEqual(third["behind_since_us"], second["now"])
        self.kctl("ack", "bravo", "all")
        self.caught_up()

    def test_a_restart_does_not_make_it_younger(self):
        self.fleet("--no-producer", "--commit", "manual")
        self.seen(0)
        self.passes()
        first, pid = self.seen(), self.worker("bravo")["pid"]
        self.assertFalse(first["behind_us_at_least"])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: (w := self.worker("bravo")) and w["pid"] not in (pid, None) and self.row() and self.row()["high"] == self.end(), 30, "its successor")
        self.assertEqual(self.row()["behind_since_us"], first["behind_since_us"])
        self.passes()
        self.assertEqual(self.seen()["behind_since_us"], first["behind_since_us"])

    def test_one_that_starts_behind_is_so_at_least_since_it_saw_it(self):
        self.passes()
        began = now_us()
        self.fleet("--no-producer", "--commit", "manual")
        self.is_since(self.seen(), began, exact=False)


class AfterDeath(LagSeconds):
    def setUp(self):
        super().setUp()
        self.stopped = None

    def _clean(self):
        if self.stopped is not None:  # or it could not be ended
            self.stopped.send(signal.SIGCONT)
        super()._clean()

    def kill_for_good(self, fleet):
        """The supervisor stands still, so that nobody takes the place."""
        pid = self.worker("bravo")["pid"]
        self.stopped = fleet
        fleet.send(signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.row()["alive"], 10, "its death")

    def test_it_goes_on_growing_and_what_the_producer_adds_is_known(self):
        fleet = self.fleet("--rate", "50")
        self.kctl("pause", "bravo")
        wait_until(lambda: (self.row()["lag"] or 0) > 20 and self.row()["behind_since_us"], 20, "it is behind")
        self.kill_for_good(fleet)
        last = self.row()
        wait_until(lambda: self.row()["lag"] > last["lag"] + 50, 20, "the producer's records are seen in the dead consumer's lag")
        later = self.row()
        self.assertLessEqual(later["lag"], self.end() - later["committed"], "never more than there is")
        self.assertEqual((later["behind_since_us"], later["high"]), (last["behind_since_us"], last["high"]), "the dead write nothing")
        self.assertEqual(later["behind_us"], later["now"] - later["behind_since_us"])
        self.assertGreater(later["behind_us"], last["behind_us"])
        self.assertTrue(later["lag_at_least"])
        self.assertRegex(self.run_ok("kstat", "-i", self.instance), r"≥ \d+")

    def test_one_that_was_caught_up_is_not_so_for_ever(self):
        fleet = self.fleet("--rate", "50")
        wait_until(lambda: (self.row()["committed"] or 0) > 0, 20, "it consumes")
        self.kill_for_good(fleet)
        wait_until(lambda: (self.row()["lag"] or 0) > 50, 20, "the producer's records are seen in the dead consumer's lag")
        row = self.row()
        self.assertTrue(row["lag_at_least"])
        self.assertGreater(row["behind_us"] + row["behind_us_at_least"], 0, "a lag in time, or at least 0")
        self.assertLessEqual(row["lag"], self.end() - row["committed"], "never more than there is")


class OpenTransactions(LagSeconds):
    def test_what_one_holds_back_is_told_apart_from_lag_that_can_be_worked_off(self):
        program = self.folder / "transactions"
        source = ROOT / "tests" / "system" / "transactions.c"
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=gnu11", "-o", program, source, "-lrdkafka"], check=True)
        self.fleet("--no-producer")
        self.seen(0)
        writer = self.start(str(program), self.kafka.bootstrap, self.t, 0, "commit:3", "open:5")
        writer.wait_line("done", 30)
        first = self.end() - 5
        wait_until(lambda: (r := self.row())["last_stable"] == first and r["committed"] == first, 30, "it has come to the open transaction")
        row = self.row()
        self.assertEqual((row["high"], row["lag"], row["held_back"]), (self.end(), 5, 5), row)
        self.assertIsNotNone(row["behind_since_us"])
        self.assertIn(f"bravo: an open transaction holds back 5 of 5 records of lag in {self.t} [0], from offset {first} on", self.run_ok("kstat", "-i", self.instance))


if __name__ == "__main__":
    main()
