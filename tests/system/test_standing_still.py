"""A consumer that stood still for longer than its session (SIGSTOP), and goes on: its partitions are another's by then."""

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
        self.assertEqual(f"; {told} of them went with partitions before they were committed" in first.text(), told > 0, first.text())

    def test_with_range_what_it_did_for_nothing_is_told_and_is_no_more_than_it_had_begun(self):
        self.check(self.stand_still("range"))

    def test_the_same_with_cooperative_sticky(self):
        self.check(self.stand_still("cooperative-sticky"))


if __name__ == "__main__":
    main()
