"""A consumer that stood still for longer than its session (SIGSTOP), and goes on: its partitions are another's by then. And a broker that stands still."""

import collections
import json
import re
import signal

import kafka_protocol
from harness import SystemTest, main, wait_until


class StandingStill(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name, self.group = self.topic(3), self.name("g")
        self.run_ok("kproduce", "--topic", self.topic_name, "--rate", "0", "--count", 1500, "--quiet")

    def consume(self, name, delay, *more):
        return self.start("kconsume", "--publish=no", "--client", name, "--group", self.group, "--topic", self.topic_name, "--session-timeout", "6s", "--batch-size", "50",
                          "--pipeline", f"validate, delay:{delay}, ndjson:{self.folder / name}", *more)

    def committed(self):
        return sum((kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).values())

    def doubled(self):
        lines = [json.loads(line) for name in ("first", "second") for line in (self.folder / name).read_text().splitlines()]
        counts = collections.Counter((line["partition"], line["offset"]) for line in lines)
        self.assertEqual(len(counts), 1500)
        return sum(count > 1 for count in counts.values())

    def stand_still(self, assignor):
        """Stops the first for as long as a second one takes to do all the rest."""
        more = ("-X", f"partition.assignment.strategy={assignor}", "-v")
        first = self.consume("first", 5, *more)
        wait_until(lambda: self.committed() > 100, 30, "some of it committed")
        first.send(signal.SIGSTOP)
        second = self.consume("second", 1, *more)
        wait_until(lambda: self.committed() == 1500, 40, "all of it committed by the second")
        first.send(signal.SIGCONT)
        first.wait_line("lost 3 partitions", 20)
        for process in (first, second):
            self.assertEqual(process.interrupt(), 0, process.text())
        return first

    def check(self, first):
        told = sum(int(n) for n in re.findall(r"was lost: (\d+) records", first.text("err")))
        self.assertLessEqual(self.doubled(), told)
        self.assertLessEqual(told, 100, "the slice that it was in, and the one whose commit was not answered")
        self.assertEqual(f"; {told} of them lost their partition before they were committed" in first.text(), told > 0, first.text())

    def test_with_range_what_it_did_for_nothing_is_told_and_is_no_more_than_it_had_begun(self):
        self.check(self.stand_still("range"))

    def test_the_same_with_cooperative_sticky(self):
        self.check(self.stand_still("cooperative-sticky"))


class BrokerStandsStill(SystemTest):
    """Its sockets stay open, and nothing is answered: librdkafka itself would wait for a minute and longer."""

    def leave(self, *more):
        kafka = self.own_kafka()
        topic, group = self.topic(3), self.name("g")
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", 1500, "--quiet")
        consumer = self.start("kconsume", "--publish=no", "--client", "bravo", "--group", group, "--topic", topic, "--batch-size", "50", "--pipeline", "validate, delay:5", *more)
        wait_until(lambda: sum((kafka_protocol.committed(kafka.bootstrap, group) or {}).values()) > 100, 30, "some of it committed")
        kafka.broker("pause", 1)
        try:
            self.assertEqual(consumer.interrupt(20), 1, consumer.text())
        finally:
            kafka.broker("resume", 1)
        self.assertIn("the last commit failed: some of them will be delivered again", consumer.text())
        self.assertIn("the group does not answer: it may keep this member until its session expires", consumer.text("err"))

    def test_a_consumer_is_stopped_all_the_same_and_says_what_is_not_committed(self):
        self.leave()

    def test_a_static_one_too(self):
        self.leave("--instance-id", self.name("i"))


if __name__ == "__main__":
    main()
