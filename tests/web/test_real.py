"""The page on a real kweb, a real fleet and a real Kafka: the demonstration as a learner does it, and a kweb that dies under the page."""

import os
import pathlib
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

import harness
from browser import Browser, main

FLEET = """[ksupervise]
workload = messages
topic = {topic}
partitions = 1
commit = manual
no-producer = yes
quiet = yes
[client A]
group = {topic}-A
[client B]
group = {topic}-B
"""


def free_port():
    """A kweb that comes back listens where it did: so the number is chosen here."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Fleet(Browser, harness.SystemTest):
    """A fleet of a test's own, with the page open."""

    def begin(self, *arguments, ready):
        self.supervisor = self.supervise("--http", free_port(), *arguments)
        self.address = self.supervisor.wait_line(r"open (http://\S+)", 30).group(1)
        self.supervisor.wait_line(ready, 60)
        self.size(1440)
        self.open()

    def tearDown(self):
        self.run_js("localStorage.clear()")
        super().tearDown()
        self.supervisor.interrupt()
        self.assert_nothing_left()

    def until_step(self, lesson, step):
        self.until(lambda: self.steps_done(lesson) >= step, f"step {step} of {lesson}", 60)

    def steps_done(self, lesson):
        return self.run_js(f"return document.querySelectorAll('[data-lesson={lesson}] li.done').length")


class Demonstration(Fleet):
    """What make demo-ack starts."""

    def setUp(self):
        super().setUp()
        self.topic_name = self.name("demo")
        (self.folder / "fleet.ini").write_text(FLEET.format(topic=self.topic_name))
        self.begin("--config", "fleet.ini", ready=r"ready: A \(1 partition\), B \(1 partition\)")

    def produce(self, offset):
        self.press("Produce")
        self.until_text("results", f"Produced: {self.topic_name} [0] @ {offset}", 30)

    def acknowledge(self, offset):
        self.fill(self.part("ack-from"), str(offset))
        self.press("Acknowledge")

    def lane(self, name):
        return next(label for label in self.lane_labels() if label.startswith(f"{self.topic_name}-{name}:"))

    def until_lane(self, name, wanted):
        """The lanes have to be on the screen."""
        self.run_js("scrollTo(0, 0)")
        self.until(lambda: wanted in self.lane(name), f"the lane of {name} has '{wanted}'", 20)

    def kweb_pid(self):
        children = pathlib.Path(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children").read_text().split()
        return next(int(pid) for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "kweb")

    def test_records_are_acknowledged_one_by_one_and_a_kill_brings_back_the_others(self):
        for offset in range(4):
            self.produce(offset)
        self.until(lambda: self.is_done("fan-out"), "the lesson fan-out", 20)
        self.acknowledge(0)
        self.acknowledge(2)
        self.until_lane("A", "committed 1, position 4, end 4, lag 3")
        self.until_lane("B", "committed 0, position 4, end 4, lag 4")
        self.target("A")
        self.press("kill -9 …")
        self.until_text("kill-said", "At most 2 redelivered")
        self.press("Kill it", "#kill-dialog")
        self.until_text("results", "A resumed at 1 (committed 1)", 60)
        self.until(lambda: self.steps_done("acknowledgement") == 4, "what it is about has happened", 20)
        self.until(lambda: len(self.all(".timeline .gap")) == 1, "the gap is drawn")
        self.until(lambda: self.part("ack-all").is_enabled() and self.text("ack-partition") == "0", "it has its partition again", 20)
        self.press("All its records")
        self.until(lambda: self.is_done("acknowledgement") and self.is_done("resume"), "both lessons", 20)
        self.until_lane("A", "committed 4, position 4, end 4, lag 0")
        self.press("Look")
        self.until_text("record-text", '"content": "hello"', 20)
        self.press("Close", "#record-dialog")

    def test_a_reset_is_drawn_first_and_a_pause_makes_lag(self):
        self.produce(0)
        self.until_lane("B", "position 1, end 1, lag 1")
        self.choose("reset-client", "B")
        self.choose("reset-to", "latest")
        self.press("Dry run")
        self.until_lane("B", "a reset would set it to 1")
        self.press("Reset")
        self.until_lane("B", "committed 1, position 1, end 1, lag 0")
        self.target("B")
        self.press("Pause", ".verbs")
        self.until(lambda: self.steps_done("lag") == 1, "it is paused", 20)
        self.produce(1)
        self.until(lambda: self.steps_done("lag") == 2, "its lag grows", 30)
        self.press("Resume", ".verbs")
        self.until_lane("B", "committed 1, position 2, end 2, lag 1")

    def test_kweb_dies_and_the_page_comes_back_with_all_that_happened(self):
        self.expected_in_console = "ERR_"
        self.click(next(s for s in self.all("summary") if s.text.startswith("Events")))
        os.kill(self.kweb_pid(), signal.SIGKILL)
        self.run_ok("kctl", "-i", self.instance, "pause", "A")
        self.run_ok("kctl", "-i", self.instance, "resume", "A")
        self.until(lambda: {"paused", "unpaused"} <= set(self.texts('[data-is="event-rows"] td:nth-child(4)')), "what happened meanwhile", 30)
        self.until_text("connection", "connected, live", 30)
        numbers = [int(text) for text in self.texts('[data-is="event-rows"] td:nth-child(2)')]
        self.assertEqual(numbers, list(range(numbers[0], 0, -1)))


class Lessons(Fleet):
    """Those that need another fleet than the demonstration's, each with the one that its command starts."""

    def test_work_sharing(self):
        topic = self.name("sharing")
        self.begin("--clients", "alpha,beta", "--group", topic, "--topic", topic, "--partitions", 6, "--rate", 20, "--quiet", ready="ready: alpha.*beta")
        self.until_step("work-sharing", 1)
        self.target("alpha")
        self.press("Scale", ".verbs")
        self.until_step("work-sharing", 2)
        self.target("beta")
        self.press("Stop", ".verbs")
        self.until_step("work-sharing", 4)

    def test_fan_out_where_a_group_joins(self):
        topic = self.name("fan")
        self.begin("--clients", "bravo", "--topic", topic, "--group", topic, "--rate", 20, "--quiet", ready="ready: bravo")
        self.target("bravo")
        self.press("Join another group …", ".verbs")
        self.fill(self.part("join-name"), "yank")
        self.press("Join it", "#join-dialog")
        self.until_text("results", "yank: added", 30)
        self.until(lambda: self.is_done("fan-out"), "the lesson", 30)
        self.target("bravo")
        self.press("Join this group", ".verbs")
        self.until(lambda: any("bravo.2" in text for text in self.texts("#workers tbody th")), "one more of bravo", 30)
        self.target("yank")
        self.press("Remove an added client", ".verbs")
        self.until_text("results", "yank: removed", 30)

    def test_batching(self):
        topic = self.name("batching")
        self.begin("--clients", "bravo", "--group", topic, "--topic", topic, "--rate", 5, "--batch-size", 50, "--batch-wait", "400ms", "--count", 10000, "--quiet",
                   ready="ready: bravo")
        self.until_step("batching", 1)
        self.target("producer")
        self.fill(self.one('.verb input[aria-label^="Set rate"]'), "1000")
        self.press("Set rate", ".verbs")
        self.until_step("batching", 2)

    def test_dead_letters(self):
        topic = self.name("letters")
        self.begin("--clients", "bravo", "--group", topic, "--topic", topic, "--rate", 5, "--quiet", "--pipeline", "validate, reject:user == 'mallory'", ready="ready: bravo")
        self.choose("schema", "payment")
        self.fill(self.one("input[name=user]"), "mallory")
        self.press("Produce")
        self.until_text("letters-said", "Its consumers have sent 1 dead letter", 30)
        self.until_step("dead-letters", 2)
        self.press("Show them", "#letters")
        self.until_text("letter-rows", "reject: user == 'mallory'", 30)
        self.assertIn(f"dead-letters {topic} replay", self.text("letter-verbs"))

    def test_exactly_once(self):
        topic = self.name("once")
        self.begin("--clients", "bravo", "--group", topic, "--topic", topic, "--rate", 100, "--quiet", "--pipeline", "validate, sqlite:rows.db", ready="ready: bravo")
        for step in (2, 4):
            self.kill("bravo")
            self.until_step("exactly-once", step)


if __name__ == "__main__":
    main()
