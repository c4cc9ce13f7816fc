"""kproduce --ledger on a real Kafka."""

import os
import pathlib
import signal

from harness import SystemTest, Timeout, main, wait_until
from kafka_protocol import end_offsets


class Ledger(SystemTest):
    def read(self, path):
        """(runs, {seq: (partition, offset, outcome)})"""
        lines = path.read_text().split("\n")
        self.assertEqual(lines[0], "ksupervise-ledger 1")
        self.assertEqual(lines[-1], "", "the last line is whole")
        runs, notes = [], {}
        for line in lines[1:-1]:
            words = line.split(" ")
            if words[0] == "run":
                runs.append((int(words[2]), words[3], words[4]))
            else:
                seq, partition, offset, outcome = words
                self.assertNotIn(int(seq), notes, "one line for each message")
                notes[int(seq)] = (partition, offset, outcome)
        return runs, notes

    def producer_beyond(self, generation, acknowledged):
        """The producer in kstat, once it is younger than that generation and has so many acknowledged."""
        worker = self.worker("producer")
        return worker if worker and worker["generation"] > generation and (worker["counters"]["acknowledged"] or 0) > acknowledged else None

    def test_every_acknowledged_message_stands_with_its_offset(self):
        topic, path = self.topic(), self.folder / "ledger"
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", "5000", "--quiet", "--publish=no", "--ledger", path, "--name", "till")
        runs, notes = self.read(path)
        self.assertEqual(runs, [(1, topic, "till")])
        self.assertEqual(sorted(notes), list(range(1, 5001)))
        self.assertEqual({outcome for _, _, outcome in notes.values()}, {"acknowledged"})
        ends = end_offsets(self.kafka.bootstrap, topic)
        self.assertEqual({(int(p), int(o)) for p, o, _ in notes.values()}, {(p, o) for p, end in ends.items() for o in range(end)})

    def test_the_supervisors_producer_keeps_one_across_a_kill(self):
        topic, path = self.topic(), self.folder / "ledger"
        (self.folder / "fleet.ini").write_text(f"[ksupervise]\ntopic = {topic}\n[producer]\nrate = 500\nledger = {path}\n[client bravo]\ngroup = {self.name('g')}\n")
        fleet = self.supervise("--config", "fleet.ini", "--quiet")
        fleet.wait_line("ready:", 30)
        first = wait_until(lambda: self.producer_beyond(0, 300), 20, "some are acknowledged")
        os.kill(first["pid"], signal.SIGKILL)
        wait_until(lambda: self.producer_beyond(first["generation"], first["counters"]["acknowledged"] + 300), 20, "the next generation goes on")
        self.assertEqual(fleet.interrupt(), 0)
        runs, notes = self.read(path)
        self.assertEqual(len(runs), 2)
        self.assertGreater(runs[1][0], runs[0][0])
        stored = {(p, o) for p, end in end_offsets(self.kafka.bootstrap, topic).items() for o in range(end)}
        self.assertLessEqual({(int(p), int(o)) for p, o, outcome in notes.values() if outcome == "acknowledged"}, stored)
        self.assertGreater(len(notes), 400)  # what the killed one had acknowledged last may be without a line

    def test_an_outage_after_the_last_record_was_made_loses_none(self):
        self.own_kafka()
        topic, path = self.topic(), self.folder / "ledger"
        producer = self.start("kproduce", "--topic", topic, "--rate", "200", "--count", 400, "--quiet", "--publish=no", "--ledger", path, "--drain-timeout", "100ms")
        wait_until(lambda: path.exists() and "acknowledged" in path.read_text(), 20, "some are acknowledged")
        self.kafka.broker("pause", 1)
        with self.assertRaises(Timeout):  # beyond --drain-timeout, which is for those who are asked to end
            producer.wait(5)
        self.kafka.broker("resume", 1)
        self.assertEqual(producer.wait(60), 0)
        self.assertEqual(sum(end_offsets(self.kafka.bootstrap, topic).values()), 400)

    def test_what_was_sent_and_never_answered_is_unknown(self):
        self.own_kafka()
        topic, path = self.topic(), self.folder / "ledger"
        producer = self.start("kproduce", "--topic", topic, "--rate", "200", "--quiet", "--publish=no", "--ledger", path, "--drain-timeout", "1s")
        wait_until(lambda: path.exists() and path.read_text().count("acknowledged") > 100, 20, "some are acknowledged")
        self.kafka.broker("pause", 1)
        sizes = [0, 0, 0]  # of the ledger, 0.1 s apart: 200 records a second are sent, and none is answered any more

        def stands_still():
            sizes.append(path.stat().st_size)
            return sizes[-1] == sizes[-2] == sizes[-3]

        wait_until(stands_still, 10, "no answer comes", every=0.1)
        producer.send(signal.SIGINT)
        self.assertEqual(producer.wait(30), 86)
        self.kafka.broker("resume", 1)
        _, notes = self.read(path)
        outcomes = [outcome for _, _, outcome in notes.values()]
        self.assertGreater(outcomes.count("acknowledged"), 100)
        self.assertGreater(outcomes.count("unknown"), 0)
        self.assertEqual(sorted(notes), list(range(1, len(notes) + 1)), "every message has its line")

    def test_a_ledger_that_cannot_be_written_stops_it_with_a_code_of_its_own(self):
        refused = self.run_program("kproduce", "--publish=no", "--topic", self.topic(), "--ledger", self.folder / "no" / "such" / "folder")
        self.assertEqual(refused.status, 78)
        self.assertRegex(refused.text("err"), r"--ledger: cannot open .*No such file")
        other = pathlib.Path(self.folder / "other")
        other.write_text("something else\n")
        self.assertEqual(self.run_program("kproduce", "--publish=no", "--topic", self.topic(), "--ledger", other).status, 78)

    def test_a_full_disk_stops_it_with_a_code_of_its_own(self):
        """A limit on the size of files stands for the disk that is full: the write fails in the same place."""
        path = self.folder / "ledger"
        process = self.start("/bin/bash", "-c", f"trap '' XFSZ; ulimit -f 64; exec {self.program('kproduce')} --topic {self.topic()} --rate 0 --quiet --publish=no --ledger {path}")
        self.assertEqual(process.wait(30), 87)
        self.assertRegex(process.text("err"), rf"error: --ledger: cannot write {path}: File too large")
        self.assertEqual(path.stat().st_size, 64 * 1024)


if __name__ == "__main__":
    main()
