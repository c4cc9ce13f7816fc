"""A worker that is not ready in time is killed and started again, unless no broker answers: that is not its fault. On a real Kafka."""

import signal

from harness import SystemTest, main, wait_until


class StartDeadline(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"

    def test_a_worker_that_is_not_ready_in_time_is_killed_with_what_it_was_doing_and_started_again(self):
        topic, group = self.topic(), self.name("group")
        member = self.start("kconsume", "--publish=no", "--topic", topic, "--group", group, "--session-timeout", "8s")
        member.wait_line("assigned 3 partition", 30)
        member.send(signal.SIGSTOP)  # the group waits for its session to end, and nobody can join meanwhile
        fleet = self.supervise("--clients", self.bravo, "--topic", topic, "--group", group, "--no-producer", "--start-timeout", "2s", "--restart-delay", "10ms", "--restart-delay-max", "10ms")
        fleet.wait_line(rf"{self.bravo}: start deadline: not ready after 2\.\d s, while joining: killed", 15)
        fleet.wait_line(rf"{self.bravo} \(pid \d+, generation 1\) was killed by SIGKILL while joining.*; restarting at once")
        fleet.wait_line("ready:", 30)
        ready = self.worker(self.bravo)
        self.assertGreater(ready["generation"], 1)
        self.assertNotIn("start deadline", self.run_ok("kctl", "-i", self.instance, "status"))
        self.assertEqual(fleet.interrupt(), 0)

    def test_while_no_broker_answers_the_time_stands_still(self):
        kafka = self.own_kafka()
        topic = self.topic()
        kafka.broker("stop", 1)
        fleet = self.supervise("--clients", self.bravo, "--topic", topic, "--rate", "100", "--quiet", "--start-timeout", "5s")
        for name in (self.bravo, "producer"):
            fleet.wait_line(f"{name} is not ready, because no broker answers: its start deadline is suspended", 20)
        self.assertRegex(self.run_ok("kctl", "-i", self.instance, "status"), rf"{self.bravo}: joining, .*, no broker answers")
        mark = wait_until(lambda: self.worker(self.bravo)["heartbeat_us"], 5, "a heartbeat")
        wait_until(lambda: self.worker(self.bravo)["heartbeat_us"] > mark + 7_000_000, 20, "more than the deadline")
        kafka.broker("start", 1)
        fleet.wait_line("ready:", 60)
        wait_until(lambda: self.worker("producer")["state"] == "ready", 20, "the producer")
        self.assertNotIn("no broker answers", self.run_ok("kctl", "-i", self.instance, "status"))
        self.assertEqual({self.worker(name)["generation"] for name in (self.bravo, "producer")}, {1})
        self.assertNotIn("start deadline:", fleet.text())
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_broker_that_came_back_starts_the_time_anew(self):
        kafka = self.own_kafka()
        topic, group = self.topic(), self.name("group")
        member = self.start("kconsume", "--publish=no", "--topic", topic, "--group", group, "--session-timeout", "40s")
        member.wait_line("assigned 3 partition", 30)
        member.send(signal.SIGSTOP)
        kafka.broker("stop", 1)
        fleet = self.supervise("--clients", self.bravo, "--topic", topic, "--group", group, "--no-producer", "--start-timeout", "4s")
        fleet.wait_line("its start deadline is suspended", 20)
        kafka.broker("start", 1)
        fleet.wait_line("a broker answers again", 30)
        fleet.wait_line(rf"{self.bravo}: start deadline: not ready after \d+\.\d s, while joining: killed", 15)
        self.assertEqual(fleet.interrupt(), 0)


if __name__ == "__main__":
    main()
