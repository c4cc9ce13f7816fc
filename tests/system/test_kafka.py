"""tools/kafka: the real Kafka on loopback that everything else is tested on."""

import os
import signal
import subprocess

from harness import ROOT, Kafka, SystemTest, alive, clean_environment, main, wait_until
from kafka_protocol import end_offsets, leaders


def pid_of(kafka, number=1):
    return int((kafka.folder / f"broker-{number}" / "pid").read_text().split()[0])


def sockets_of(pid):
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


class OneBroker(SystemTest):
    def test_is_ready_when_start_returns(self):
        topic = self.topic(partitions=1)
        self.assertEqual(end_offsets(self.kafka.bootstrap, topic), {0: 0})

    def test_listens_on_loopback_only(self):
        self.assertRegex(self.kafka.bootstrap, r"^127\.0\.0\.1:\d+$")
        addresses = set()
        sockets = sockets_of(pid_of(self.kafka))
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for row in open(table).read().splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    addresses.add(fields[1].split(":")[0])
        self.assertEqual(addresses, {"0100007F"}, "a listening socket that is not on 127.0.0.1")

    def test_start_again_says_where_it_runs(self):
        self.assertEqual(self.kafka.start(), f"Kafka is already running at {self.kafka.bootstrap}\n")

    def test_a_port_that_is_taken_is_one_clear_line(self):
        other = self.folder / "other"
        port = self.kafka.bootstrap.rsplit(":", 1)[1]
        environment = {**clean_environment(), "KAFKA_DIR": str(other), "KAFKA_PORT": port}
        done = subprocess.run([ROOT / "tools/kafka/start"], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"kafka: port {port} is in use (KAFKA_PORT={port}): name another one, or none for a free one\n")


class Lifecycle(SystemTest):
    def test_records_outlive_a_stop_and_a_kill_on_the_same_port(self):
        kafka = self.own_kafka()
        address = kafka.bootstrap
        topic = self.topic(partitions=1)
        for ending in (kafka.stop, lambda: kafka.broker("kill", 1)):
            ending()
            kafka.start()
            self.assertEqual(kafka.bootstrap, address)
            self.assertEqual(set(leaders(address, topic)), {0})

    def test_stop_ends_its_broker_and_no_other(self):
        kafka = self.own_kafka()
        pid, other = pid_of(kafka), pid_of(type(self).kafka)
        kafka.stop()
        self.assertFalse(alive(pid))
        self.assertTrue(alive(other))
        self.assertFalse((kafka.folder / "bootstrap").exists())
        self.assertIn("no Kafka is running", kafka.stop())

    def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(self):
        kafka = self.own_kafka()
        kafka.broker("kill", 1)
        bystander = self.start("/bin/sleep", "60")
        (kafka.folder / "broker-1" / "pid").write_text(f"{bystander.pid} 1\n")
        kafka.stop()
        self.assertTrue(alive(bystander.pid))

    def test_a_broker_that_died_by_itself_is_started_again(self):
        kafka = self.own_kafka()
        os.kill(pid_of(kafka), signal.SIGKILL)
        wait_until(lambda: not alive(pid_of(kafka)), 5, "the broker's death")
        self.assertIn("is ready at", kafka.start())


class ThreeBrokers(SystemTest):
    def test_one_may_die_and_come_back(self):
        kafka = self.own_kafka(brokers=3)
        topic = self.topic(partitions=3)
        self.assertEqual(len(set(leaders(kafka.bootstrap, topic).values())), 3, "three leaders")
        kafka.broker("kill", 2)
        wait_until(lambda: len(set(leaders(kafka.bootstrap, topic).values())) == 2, 15, "new leaders")
        kafka.broker("start", 2)
        self.assertTrue(alive(pid_of(kafka, 2)))

    def test_another_number_of_brokers_is_refused_for_a_cluster_that_is_there(self):
        kafka = self.own_kafka(brokers=1)
        with self.assertRaisesRegex(RuntimeError, "holds a cluster of 1"):
            Kafka(kafka.folder, brokers=3).start()


if __name__ == "__main__":
    main()
