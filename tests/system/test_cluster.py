"""Two supervisors of different instances, as on two machines, that share a group on three brokers."""

import json
import shutil
import signal

import kafka_protocol
from harness import SystemTest, main, wait_until


class Cluster(SystemTest):
    def setUp(self):
        super().setUp()
        self.own_kafka(3)
        self.topic_name, self.group = self.name(), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 6, "--replication-factor", 3, self.topic_name)

    def fleet(self, instance, *arguments, machine=()):
        words = ["--instance", instance, "--clients", "bravo,zulu", "--group", self.group, "--topic", self.topic_name, "--quiet", "--keep", *arguments]
        fleet = self.start(machine[0], *machine[1:], self.program("ksupervise"), *words) if machine else self.start("ksupervise", *words)
        fleet.wait_line("ready:", 90)
        return fleet

    def consumers(self, instance):
        process = self.run_program("kstat", "-i", instance, "--json=1")
        self.processes.remove(process)
        return [w for w in json.loads(process.text("out"))["workers"] if w["kind"] == "consumer"] if process.status == 0 else []

    def processed(self, instance):
        return sum(w["counters"]["processed"] for w in self.consumers(instance))

    def owned(self, instance):
        return [sum(p["assigned"] for p in w["partitions"]) for w in self.consumers(instance)]

    def produce(self, count):
        self.run_ok("kproduce", "--publish=no", "--topic", self.topic_name, "--rate", "0", "--count", count, "--quiet", seconds=90)

    def wait_committed(self, seconds=60):
        def reached():
            try:
                ends = kafka_protocol.end_offsets(self.kafka.bootstrap, self.topic_name)
                committed = kafka_protocol.committed(self.kafka.bootstrap, self.group)
            except (OSError, RuntimeError):  # its broker is not there, or not its leader any more
                return None
            same = len(ends) == 6 and committed and all(committed.get((self.topic_name, p), 0) == end for p, end in ends.items())
            return sum(ends.values()) if same else None

        return wait_until(reached, seconds, "everything committed", every=0.2)

    def drop(self, instance):
        """--keep left the statistics."""
        for path in self.shared_memory_of(instance):
            path.unlink()

    def shared_memory_of(self, instance):
        return [path for path in self.shared_memory() if f".{instance}" in path.name]


class Machines(Cluster):
    def machine(self, name):
        """A host name of its own, where we may; else the instances alone tell the two apart."""
        command = [shutil.which("unshare") or "", "--uts", "sh", "-c", f'hostname {name}; exec "$@"', "sh"]
        return command if command[0] and self.run_program(*command, "true").status == 0 else []

    def test_two_supervisors_share_a_group_and_the_one_takes_over_from_the_other(self):
        one, two = f"{self.instance}-1", f"{self.instance}-2"
        first = self.fleet(one, "--rate", "300", "--session-timeout", "6s", machine=self.machine("one"))
        second = self.fleet(two, "--no-producer", "--session-timeout", "6s", machine=self.machine("two"))
        wait_until(lambda: sorted(self.owned(one) + self.owned(two)) == [1, 1, 2, 2], 30, "six partitions among four")
        producing = self.start("kproduce", "--topic", self.topic_name, "--rate", "300", "--quiet", "--publish=no")
        first.send(signal.SIGKILL)
        first.wait()
        wait_until(lambda: self.owned(two) == [3, 3], 30, "all partitions, after the session")
        before = self.processed(two)
        wait_until(lambda: self.processed(two) > before + 300, 30, "records")
        self.assertEqual(producing.interrupt(), 0)
        self.wait_committed()
        self.assertNotIn("fenced", first.text() + second.text())
        self.assertEqual([w["generation"] for w in self.consumers(two)], [1, 1])
        self.assertEqual(second.interrupt(), 0)
        self.drop(one)
        self.drop(two)
        self.assert_nothing_left()


class Outage(Cluster):
    def test_brokers_that_are_lost_one_after_the_other_are_told_by_every_worker_and_nothing_is_missing(self):
        self.produce(3000)
        fleet = self.fleet(self.instance, "--no-producer")
        self.wait_committed()
        self.kafka.broker("kill", 2)
        self.produce(3000)
        self.wait_committed()
        for number in (1, 3):
            self.kafka.broker("kill", number)
        for client in ("BRAVO", "ZULU"):
            fleet.wait_line(rf"{client}\].*no broker answers", 60)
        self.kafka.start()
        for client in ("BRAVO", "ZULU"):
            fleet.wait_line(rf"{client}\].*a broker answers again, after", 60)
        self.produce(3000)
        self.assertEqual(self.wait_committed(), 9000)
        self.assertEqual([w["generation"] for w in self.consumers(self.instance)], [1, 1])
        self.assertGreaterEqual(self.processed(self.instance), 9000)
        self.assertEqual(fleet.interrupt(60), 0)
        self.drop(self.instance)


if __name__ == "__main__":
    main()
