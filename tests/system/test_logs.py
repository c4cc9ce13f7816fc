"""What workers and supervisor say, and where it goes: log files, JSON, files that others touch."""

import json
import os
import pathlib
import re

from harness import SystemTest, main, wait_until

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"


class Logs(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"
        self.logs = self.folder / "logs"

    def fleet(self, *more):
        return self.supervise("--clients", self.bravo, "--topic", self.topic(), "--batch-wait", "10ms", *more)

    def kctl(self, *words, status=0):
        done = self.run_program("kctl", "-i", self.instance, *words)
        self.assertEqual(done.status, status, done.text())
        return done.text()

    def test_every_worker_has_a_file_with_times_and_without_prefix(self):
        fleet = self.fleet("--rate", "200", "--log-dir", self.logs)
        fleet.wait_line("ready:", 30)
        path = self.logs / f"{self.bravo}.log"
        wait_until(lambda: path.exists() and path.read_text().count("Received batch") > 10, 20, "lines in the file")
        self.assertEqual(fleet.interrupt(), 0)
        for line in path.read_text().splitlines():
            self.assertRegex(line, rf"^{STAMP} [^\[\x1b]")
        own = (self.logs / "ksupervise.log").read_text()
        self.assertRegex(own, rf"(?m)^{STAMP} ready: {self.bravo}")
        self.assertIn(f"{self.bravo} ", own.splitlines()[-2], "the summary is there too")
        on_screen = len(re.findall("Received batch", fleet.text("out")))
        self.assertEqual(path.read_text().count("Received batch"), on_screen, "the same lines as on the screen")

    def test_files_are_moved_on_and_no_more_are_kept_than_told(self):
        fleet = self.fleet("--rate", "500", "--print", "--log-dir", self.logs, "--log-size", "8KiB", "--log-files", "3")
        wait_until(lambda: (self.logs / f"{self.bravo}.log.2").exists(), 40, "two files moved on")
        first = (self.logs / f"{self.bravo}.log.2").stat().st_ino
        wait_until(lambda: (self.logs / f"{self.bravo}.log.2").stat().st_ino != first, 20, "one more")
        self.assertEqual(fleet.interrupt(), 0)
        names = sorted(path.name for path in self.logs.glob(f"{self.bravo}*"))
        self.assertEqual(names, [f"{self.bravo}.log", f"{self.bravo}.log.1", f"{self.bravo}.log.2"])
        for name in names:
            self.assertLessEqual((self.logs / name).stat().st_size, 8192)

    def test_json_is_one_object_a_line(self):
        fleet = self.fleet("--rate", "100", "--log-format", "json")
        fleet.wait_line('"text":"ready:', 30)
        fleet.wait_line('"text":"Received batch', 20)
        self.assertEqual(fleet.interrupt(), 0)
        objects = [json.loads(line) for line in fleet.text("out").splitlines()]
        self.assertTrue(all(re.fullmatch(STAMP, o["time"]) for o in objects))
        self.assertEqual({o["source"] for o in objects}, {"ksupervise", "worker"})
        batch = next(o for o in objects if o["text"].startswith("Received batch"))
        self.assertEqual((batch["worker"], batch["generation"]), (self.bravo, 1))

    def test_a_fifo_with_a_log_files_name_is_told_once_and_stops_no_worker(self):
        self.logs.mkdir()
        os.mkfifo(self.logs / f"{self.bravo}.log")  # nobody reads: opening it would wait
        fleet = self.fleet("--rate", "2000", "--print", "--log-dir", self.logs)
        fleet.wait_line("ready:", 30)
        # More than the ring of 1 MiB holds.
        wait_until(lambda: (w := self.worker(self.bravo)) and w["counters"]["processed"] > 15000, 40, "records processed")
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(fleet.text("out").count(f"{self.bravo}.log: no regular file has that name; its lines are dropped and counted"), 1)
        self.assert_nothing_left()

    def test_a_file_that_logrotate_has_renamed_is_followed_by_a_new_one(self):
        fleet = self.fleet("--rate", "200", "--log-dir", self.logs)
        path, rotated = self.logs / f"{self.bravo}.log", self.logs / f"{self.bravo}.log-rotated"
        received = lambda file: file.exists() and file.read_text().count("Received batch") > 3
        wait_until(lambda: received(path), 40, "lines in the file")
        path.rename(rotated)
        wait_until(lambda: received(path), 20, "lines in a new file of that name")
        size = rotated.stat().st_size
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(rotated.stat().st_size, size, "nothing more in the old one")
        lines = (rotated.read_text() + path.read_text()).splitlines()
        self.assertEqual(sum("Received batch" in line for line in lines), len(re.findall("Received batch", fleet.text("out"))))

    def test_kctl_has_the_files_opened_anew_after_a_rotation_by_hand(self):
        fleet = self.fleet("--rate", "200", "--log-dir", self.logs)
        fleet.wait_line("ready:", 30)
        former = self.folder / "former"
        self.logs.rename(former)
        self.assertEqual(self.kctl("logs", "--reopen"), "the log files were reopened")
        wait_until(lambda: (self.logs / f"{self.bravo}.log").exists(), 20, "a file in a folder of the old name")
        held = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{fleet.pid}/fd").iterdir() if fd.is_symlink()]
        self.assertFalse([name for name in held if name.startswith(str(former))])
        self.assertIn("--reopen goes with: kctl logs", self.kctl("status", "--reopen", status=2))
        self.assertEqual(fleet.interrupt(), 0)

    def test_without_log_files_there_is_nothing_to_open_anew(self):
        fleet = self.fleet()
        fleet.wait_line("ready:", 30)
        self.assertIn("there are no log files: --log-dir was not given", self.kctl("logs", "--reopen", status=1))
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_folder_that_cannot_be_had_is_told_at_once(self):
        process = self.run_program("ksupervise", "--instance", self.instance, "--clients", "bravo", "--log-dir", "/nowhere/logs")
        self.assertEqual(process.status, 1)
        self.assertIn("--log-dir /nowhere/logs: No such file or directory", process.text("err"))
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
