"""Standard streams that are closed or full, and a limit of file size: nothing of ours ends up in a file that is not for it, and what is lost is told."""

import json
import os
import pathlib
import resource
import subprocess

from harness import SystemTest, main, wait_until

PROGRAMS = ("ksupervise", "kproduce", "kconsume", "kbroker", "kstat", "kctl", "ktopic", "kaudit")
PRINTING = [(program, flag) for program in PROGRAMS for flag in ("--help", "--version")] + [
    ("ksupervise", "--explain-states"), ("ksupervise", "--explain-exits"), ("kconsume", "--stages"), ("kconsume", "--explain-partitions"),
    ("kconsume", "-X", "help"), ("kproduce", "-X", "help"), ("ktopic", "read", "-X", "help", "t")]


LIMIT = 256 * 1024  # larger than any shared-memory object of so small a fleet


def close_streams():
    for descriptor in range(3):
        os.close(descriptor)


class Streams(SystemTest):
    def ready(self, name):
        shown = self.run_program("kstat", "-i", self.instance, "--json=1")
        return shown.status == 0 and any(worker["name"] == name and worker["state"] == "ready" for worker in json.loads(shown.text("out"))["workers"])

    def test_output_that_is_lost_is_a_failure_of_every_program(self):
        for program, *arguments in PRINTING:
            with self.subTest(program=program, arguments=arguments), open("/dev/full", "w") as full:
                done = subprocess.run([self.program(program), *arguments], env=self.environment, cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("cannot write to standard output: No space left on device", done.stderr)

    def test_a_fleet_without_standard_streams_writes_into_no_file_of_its_own(self):
        bravo = f"b-{self.token}"
        fleet = self.supervise("--clients", bravo, "--topic", self.topic(), "--rate", "200", preexec_fn=close_streams)
        wait_until(lambda: self.ready(bravo), 30, "a ready consumer")
        locks = list(pathlib.Path(self.runtime).glob(f"**/{self.instance}.lock"))
        self.assertEqual([lock.read_text() for lock in locks], [f"{fleet.pid}\n"])
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_limit_of_file_size_ends_no_supervisor(self):
        bravo = f"b-{self.token}"
        logs = self.folder / "logs"
        fleet = self.supervise("--clients", bravo, "--topic", self.topic(), "--rate", "500", "--print", "--log-dir", logs,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)))
        fleet.wait_line(f"cannot write .*{bravo}.log: File too large; its lines are dropped and counted", 60)
        wait_until(lambda: self.ready(bravo), 30, "a ready consumer")
        self.assertEqual(fleet.interrupt(), 0)


if __name__ == "__main__":
    main()
