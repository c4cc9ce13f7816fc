"""kbroker, the embedded broker."""

import signal

from harness import SystemTest, main


class EmbeddedBroker(SystemTest):
    def embedded(self, *arguments):
        broker = self.start("kbroker", *arguments)
        address = broker.wait_line(r"^embedded broker at (\S+)$").group(1)
        return broker, address

    def test_says_what_it_is_not(self):
        broker, _ = self.embedded()
        broker.wait_line("in memory only, 5 MiB per partition, .*, no retention, no transactions, a new cluster at each start")

    def test_has_the_workloads_topics_and_those_that_are_named(self):
        broker, address = self.embedded("--partitions", "2", "--topic", "audit:5")
        broker.wait_line(r"payments \(2\), orders \(2\), transactions \(2\), demo-topic \(2\), audit \(5\)$")
        listed = self.run_ok("ktopic", "list", "--bootstrap", address)
        self.assertRegex(listed, r"(?m)^audit +5 ")
        self.assertRegex(listed, r"(?m)^payments +2 ")

    def test_provisioning_it_is_nothing_to_do(self):
        _, address = self.embedded()
        self.assertIn("payments: is there with 3 partitions", self.run_ok("ktopic", "provision", "--bootstrap", address))

    def test_has_as_many_brokers_as_asked_for(self):
        _, address = self.embedded("--brokers", "3")
        self.assertEqual(len(address.split(",")), 3)

    def test_other_processes_produce_to_it_and_read_from_it(self):
        _, address = self.embedded()
        value = self.folder / "value"
        value.write_bytes(b"hello")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", address, "-t", "payments", "-p", "1", value)
        read = self.run_ok("ktopic", "read", "--bootstrap", address, "payments", "--from-beginning")
        self.assertIn("partition 1 offset 0 cannot be decoded", read)

    def test_a_replay_says_that_it_will_not_be_remembered(self):
        _, address = self.embedded()
        self.run_ok("kproduce", "--publish=no", "--bootstrap", address, "--rate", "0", "--count", 5, "--quiet")
        self.run_ok("kconsume", "--publish=no", "--bootstrap", address, "--pipeline", "reject:amount > 0", "--count", 5, "--quiet")
        replay = self.run_program("ktopic", "dlq", "replay", "payments", "--bootstrap", address)
        self.assertEqual(replay.status, 0)
        self.assertIn("5 letters sent back", replay.text("out"))
        self.assertIn("does not remember that: another replay sends them again", replay.text("err"))

    def test_sigterm_and_ctrl_c_end_it_with_status_0(self):
        for ending in (signal.SIGTERM, signal.SIGINT):
            broker, _ = self.embedded()
            broker.send(ending)
            self.assertEqual(broker.wait(5), 0)

    def test_a_topic_that_kafka_would_refuse_is_a_usage_error(self):
        for word in ("a b", "x:0", "x:many"):
            broker = self.run_program("kbroker", "--topic", word)
            self.assertEqual(broker.status, 2)
            self.assertIn(f"--topic {word}", broker.text("err"))


if __name__ == "__main__":
    main()
