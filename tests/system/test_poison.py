"""Records that kill their consumer, on a real Kafka: found by evidence, quarantined, and the work goes on."""

import json
import os
import signal

import kafka_protocol
from harness import SystemTest, main, wait_until


class Poison(SystemTest):
    def produce(self, topic, count, *more):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--quiet", *more)

    def produce_one(self, topic, user):
        """Returns (partition, offset)."""
        said = self.run_ok("kproduce", "--topic", topic, "--user", user, "--amount", "6.66", "--currency", "PLN", "--method", "blik")
        words = said.split()
        return int(words[words.index("partition") + 1]), int(words[-1])

    def supervise_one(self, topic, pipeline, *more):
        return self.supervise("--clients", "bravo", "--no-producer", "--topic", topic, "--group", self.name("g"), "--pipeline", pipeline,
                              "--restart-delay", "1ms", "--restart-delay-max", "5ms", "--quiet", *more)

    def all_committed(self, topic):
        committed = kafka_protocol.committed(self.kafka.bootstrap, self.name("g"))
        ends = kafka_protocol.end_offsets(self.kafka.bootstrap, topic)
        return committed is not None and all(committed.get((topic, p), 0) == end for p, end in ends.items())

    def letters(self, topic):
        text = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", f"{topic}.dlq", "-o", "beginning", "-e", "-q", "-f", "%h\\n")
        return [dict(word.split("=", 1) for word in line.split(",") if "=" in word) for line in text.splitlines()]

    def check_found(self, fleet, topic, where, cause):
        partition, offset = where
        fleet.wait_line(f"may have caused {cause}: {topic} ", 30)
        fleet.wait_line(rf"{topic} \[{partition}\] offset {offset} killed bravo twice \({cause} in generation \d+, {cause} in generation \d+\)", 30)
        fleet.wait_line("bravo came through the poison candidates", 30)
        wait_until(lambda: self.all_committed(topic), 30, "everything committed")
        [letter] = self.letters(topic)
        self.assertEqual((letter["dlq.partition"], letter["dlq.offset"], letter["dlq.stage"]), (str(partition), str(offset), "quarantine"))
        worker = self.worker("bravo")
        self.assertEqual((worker["state"], worker["restarts"]), ("ready", 2))

    def test_a_record_that_crashes_its_consumer_is_narrowed_down_and_quarantined(self):
        topic = self.topic()
        self.produce(topic, 300)
        where = self.produce_one(topic, "poison")
        self.produce(topic, 300)
        fleet = self.supervise_one(topic, "validate, crash:user == 'poison'")
        self.check_found(fleet, topic, where, "SIGSEGV")
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_nothing_left()

    def test_two_such_records_in_one_batch_are_both_found(self):
        topic = self.topic(1)
        self.produce(topic, 20)
        wanted = [self.produce_one(topic, "poison")]
        self.produce(topic, 20)
        wanted.append(self.produce_one(topic, "poison"))
        self.produce(topic, 20)
        fleet = self.supervise_one(topic, "crash:user == 'poison'")
        wait_until(lambda: self.all_committed(topic), 40, "everything committed")
        self.assertEqual(sorted(int(letter["dlq.offset"]) for letter in self.letters(topic)), [offset for _, offset in wanted])
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_record_that_makes_its_consumer_hang_is_found_too(self):
        topic = self.topic()
        self.produce(topic, 60)
        where = self.produce_one(topic, "poison")
        self.produce(topic, 60)
        fleet = self.supervise_one(topic, "hang:user == 'poison'", "--hang-after", "1s")
        self.check_found(fleet, topic, where, "a hang")
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_consumer_that_spins_is_found_and_an_endless_loop_is_no_progress(self):
        topic = self.topic(1)
        self.produce(topic, 30)
        where = self.produce_one(topic, "poison")
        fleet = self.supervise_one(topic, "spin:user == 'poison'", "--hang-after", "1s")
        self.check_found(fleet, topic, where, "a hang")
        self.assertEqual(fleet.interrupt(), 0)

    def test_another_topic_s_record_at_the_same_place_is_none(self):
        topics = self.topic(1), self.topic(1, "other")
        for topic in topics:
            self.produce(topic, 20)
        where = self.produce_one(topics[0], "poison")
        self.assertEqual(self.produce_one(topics[1], "innocent"), where)
        path = self.folder / "fleet.ini"
        path.write_text("\n".join(["[ksupervise]", "no-producer = yes", "quiet = yes", "restart-delay = 1ms", "restart-delay-max = 5ms", f"group = {self.name('g')}",
                                   "[client bravo]", f"topic = {topics[0]}", "pipeline = crash:user == 'poison'",
                                   "[client zulu]", f"topic = {topics[1]}", f"pipeline = ndjson:{self.folder / 'zulu'}"]) + "\n")
        fleet = self.supervise("--config", path)
        fleet.wait_line("killed bravo twice", 40)
        self.run_ok("kctl", "-i", self.instance, "restart", "zulu")
        self.run_ok("kctl", "-i", self.instance, "reset", "zulu", "--to", "earliest")
        wait_until(lambda: (self.folder / "zulu").read_text().count("innocent") >= 1 and self.all_committed(topics[1]), 30, "zulu's records")
        self.assertEqual(self.letters(topics[0])[0]["dlq.offset"], str(where[1]))
        self.assertNotIn(f"{topics[1]}.dlq", self.run_ok("ktopic", "list"))
        self.assertEqual(fleet.interrupt(), 0)

    def test_what_is_known_of_a_record_outlives_the_supervisor(self):
        topic = self.topic(1)
        self.produce(topic, 20)
        where = self.produce_one(topic, "poison")
        self.produce(topic, 20)
        arguments = topic, "crash:user == 'poison'", "--session-timeout", "6s"  # a member that is killed while it joins is waited for so long
        first = self.supervise_one(*arguments, "--max-deaths", "1")
        first.wait_line("may have caused SIGSEGV", 30)
        first.wait_line("bravo is held", 30)
        first.kill()
        second = self.supervise_one(*arguments)
        second.wait_line("inherited from the previous supervisor: 1 range of poison candidates and 0 quarantined ones", 20)
        second.wait_line(rf"offset {where[1]} killed bravo twice \(SIGSEGV in generation 1, SIGSEGV in generation 2\)", 40)
        second.kill()
        third = self.supervise_one(*arguments)
        wait_until(lambda: self.all_committed(topic), 40, "everything committed")
        self.assertNotIn("was killed by", third.text())
        self.assertEqual([letter["dlq.offset"] for letter in self.letters(topic)], [str(where[1])])
        self.assertEqual(third.interrupt(), 0)
        self.assert_nothing_left()

    def test_an_operators_kill_is_no_evidence(self):
        topic = self.topic(1)
        self.produce(topic, 400)
        fleet = self.supervise_one(topic, "delay:5", "--batch-size", "400")
        fleet.wait_line("ready", 30)
        for kill in (lambda: self.run_ok("kctl", "-i", self.instance, "kill", "bravo", "SEGV"), lambda: os.kill(self.worker("bravo")["pid"], signal.SIGKILL)):
            wait_until(lambda: (worker := self.worker("bravo")) and worker["phase"] == "processing", 20, "a batch in flight")
            mark = fleet.mark()
            kill()
            fleet.wait_line("bravo .*was killed by", 20, after=mark)
            fleet.wait_line("bravo resumed at", 20, after=mark)
        self.assertNotIn("may have caused", fleet.text())
        self.assertEqual(fleet.interrupt(), 0)


if __name__ == "__main__":
    main()
