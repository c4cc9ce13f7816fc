"""A worker in which nothing moves is found and replaced; one that is only slow, idle, paused or cut off is not. On a real Kafka."""

import os
import signal

from harness import SystemTest, main, wait_until
from kafka_protocol import committed


class Hangs(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"

    def fleet(self, *arguments):
        self.topic_name = self.topic()
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic_name, "--quiet", "--hang-after", "2s", *arguments)
        fleet.wait_line("ready:", 30)
        return fleet

    def processed(self):
        return self.worker(self.bravo)["counters"]["processed"]

    def test_a_stopped_consumer_is_found_and_replaced(self):
        fleet = self.fleet("--rate", "200", "--keep")
        wait_until(lambda: self.processed() > 100, 20, "records")
        old = self.worker(self.bravo)["pid"]
        os.kill(old, signal.SIGSTOP)
        fleet.wait_line(rf"{self.bravo} hangs: nothing has moved for \d+\.\d s while (polling|processing)", 10)
        fleet.wait_line(rf"{self.bravo} resumed at \d+", 15)
        before = self.processed()
        wait_until(lambda: self.processed() > before, 15, "the successor at work")
        self.assertFalse(os.path.exists(f"/proc/{old}"))
        self.assertEqual(fleet.interrupt(), 0)
        kept = {p["partition"]: p["position"] for p in self.worker(self.bravo)["partitions"]}
        held = committed(self.kafka.bootstrap, f"test_group_{self.bravo}")
        self.assertEqual({partition: offset for (_, partition), offset in held.items()}, kept)

    def test_an_idle_topic_and_a_paused_client_are_no_hangs(self):
        fleet = self.fleet("--no-producer")
        self.run_ok("kctl", "-i", self.instance, "pause", self.bravo)
        mark = self.worker(self.bravo)["heartbeat_us"]
        wait_until(lambda: self.worker(self.bravo)["heartbeat_us"] > mark + 5_000_000, 15, "five seconds of heartbeats")
        self.run_ok("kctl", "-i", self.instance, "resume", self.bravo)
        mark = self.worker(self.bravo)["heartbeat_us"]
        wait_until(lambda: self.worker(self.bravo)["heartbeat_us"] > mark + 5_000_000, 15, "five more")
        self.assertEqual(self.worker(self.bravo)["generation"], 1)
        self.assertNotIn("hangs", fleet.text())
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_broker_that_is_away_is_no_hang(self):
        kafka = self.own_kafka()
        fleet = self.fleet("--rate", "100")
        wait_until(lambda: self.processed() > 50, 20, "records")
        kafka.broker("kill", 1)
        mark = self.worker(self.bravo)["heartbeat_us"]
        wait_until(lambda: self.worker(self.bravo)["heartbeat_us"] > mark + 6_000_000, 20, "six seconds without a broker")
        self.assertNotIn("hangs", fleet.text())
        kafka.broker("start", 1)
        before = self.processed()
        wait_until(lambda: self.processed() > before, 40, "records again")
        self.assertEqual(self.worker(self.bravo)["generation"], 1)
        self.assertEqual(fleet.interrupt(60), 0)


if __name__ == "__main__":
    main()
