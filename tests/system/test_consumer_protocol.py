"""A newer librdkafka with group.protocol=consumer (KIP-848), under the binaries that were built with the system's: a killed consumer is back at
once, and a stopped one's partitions go to the others, though a broker keeps a static member's place until its session is over (45 s)."""

import os
import signal
import subprocess
import sys
import time
import zipfile

import kafka_protocol
from harness import BUILD, SystemTest, main, wait_until

WHEEL = "confluent-kafka==2.16.0"  # of its Python it is not the Python that we want, but the librdkafka 2.16
SESSION_S = 45                     # group.consumer.session.timeout.ms


def newer_librdkafka():
    """A folder with librdkafka.so.1 and what it needs, made once a build; None when it cannot be had."""
    folder = BUILD / "librdkafka-newer"
    if not (folder / "librdkafka.so.1").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, WHEEL], check=False, timeout=120)
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if ".libs/lib" in name:
                        (folder / os.path.basename(name)).write_bytes(archive.read(name))
        for library in folder.glob("librdkafka-*.so*"):
            (folder / "librdkafka.so.1").symlink_to(library.name)
    return folder if (folder / "librdkafka.so.1").exists() else None


class ConsumerProtocol(SystemTest):
    def setUp(self):
        super().setUp()
        folder = newer_librdkafka()
        if folder is None:
            self.skipTest(f"{WHEEL} cannot be downloaded (pip, network)")
        self.environment["LD_LIBRARY_PATH"] = str(folder)
        self.source, self.group = self.topic(), self.name("g")
        self.fleet = self.supervise("--clients", "bravo,zulu", "--topic", self.source, "--group", self.group, "--rate", "300", "--quiet", "--max-deaths", "32",
                                    "--restart-delay", "1ms", "--restart-delay-max", "5ms", "-X", "group.protocol=consumer")
        self.fleet.wait_line("ready:", 60)
        wait_until(lambda: sorted(self.owned()) == [1, 2], 30, "both own some")

    def owned(self):
        return [sum(p["assigned"] for p in (self.worker(client) or {"partitions": []})["partitions"]) for client in ("bravo", "zulu")]

    def test_a_killed_one_is_back_at_once_and_the_other_notices_nothing(self):
        before = self.worker("zulu")["counters"]["rebalances"]
        for generation in (1, 2, 3):
            began = time.monotonic()
            os.kill(self.worker("bravo")["pid"], signal.SIGKILL)
            wait_until(lambda g=generation: (w := self.worker("bravo")) and w["generation"] > g and w["state"] == "ready", SESSION_S - 5, "it is back")
            self.assertLess(time.monotonic() - began, SESSION_S / 3)
        self.assertEqual(self.worker("zulu")["counters"]["rebalances"], before)
        self.assert_all_is_committed()

    def test_the_partitions_of_one_that_is_stopped_are_the_others_before_its_session_is_over(self):
        for _ in range(2):
            self.run_ok("kctl", "-i", self.instance, "stop", "bravo")
            wait_until(lambda: self.owned()[1] == 3, SESSION_S / 2, "all partitions in the hands of the other")
            self.run_ok("kctl", "-i", self.instance, "start", "bravo", seconds=60)
            wait_until(lambda: sorted(self.owned()) == [1, 2], 30, "both own some again")
        self.assert_all_is_committed()

    def assert_all_is_committed(self):
        self.run_ok("kctl", "-i", self.instance, "stop", "producer")
        ends = kafka_protocol.end_offsets(self.kafka.bootstrap, self.source)

        def reached():
            committed = kafka_protocol.committed(self.kafka.bootstrap, self.group)
            return committed and all(committed.get((self.source, p)) == end for p, end in ends.items())

        wait_until(reached, 20, "all committed")
        self.assertEqual(self.fleet.interrupt(30), 0)


if __name__ == "__main__":
    main()
