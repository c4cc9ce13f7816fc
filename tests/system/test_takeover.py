"""Who is the instance, and what a supervisor finds of the one before it that was killed."""

import os
import pathlib
import re
import signal
import tempfile

from harness import SystemTest, alive, main, wait_until


class TakeOver(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic()

    def fleet(self, *more, ready=True, **options):
        fleet = self.supervise("--clients", "bravo,zulu", "--topic", self.topic_name, "--group", self.name("g"), "--rate", "200", "--quiet", "--restart-delay", "10ms", *more, **options)
        if ready:
            fleet.wait_line("ready:", 30)
        return fleet

    def other_runtime(self):
        """The environment of another session of this user."""
        folder = tempfile.mkdtemp(prefix="ks-")
        self.addCleanup(lambda: os.system(f"rm -rf {folder}"))
        return {**self.environment, "XDG_RUNTIME_DIR": folder}

    def kctl(self, *words):
        return self.run_ok("kctl", "-i", self.instance, *words)

    def killed(self, fleet):
        pids = [w["pid"] for w in self.kstat()["workers"]]
        fleet.kill()
        wait_until(lambda: not any(alive(pid) for pid in pids), 5, "the workers' end")

    def counters(self, name):
        return self.worker(name)["counters"]


class TwoSessions(TakeOver):
    def test_the_second_supervisor_of_an_instance_is_refused_from_another_runtime_folder_too(self):
        first = self.fleet()
        before = {w["name"]: (w["pid"], w["generation"]) for w in self.kstat()["workers"]}
        second = self.fleet(ready=False, env=self.other_runtime())
        self.assertEqual(second.wait(15), 1, second.text())
        self.assertRegex(second.text(), rf"instance '{self.instance}' is already running \(pid {first.pid}\)")
        self.kctl("scale", "bravo", "12")  # more than the directory had room for: it is made anew, and locked
        third = self.fleet(ready=False, env=self.other_runtime())
        self.assertEqual(third.wait(15), 1, third.text())
        self.assertEqual({w["name"]: (w["pid"], w["generation"]) for w in self.kstat()["workers"] if w["name"] in before}, before)
        self.assertNotIn("fenced", first.text())
        self.assertEqual(first.interrupt(), 0)
        self.assert_nothing_left()

    def test_kctl_tells_that_the_instance_runs_elsewhere(self):
        first = self.fleet()
        done = self.run_program("kctl", "-i", self.instance, "status", env=self.other_runtime())
        self.assertEqual(done.status, 1)
        self.assertIn(f"instance '{self.instance}' runs (pid {first.pid}), but has no control socket in ", done.text())
        self.assertEqual(first.interrupt(), 0)

    def test_of_many_that_start_at_once_one_runs(self):
        self.fleet().kill()
        together = [self.fleet(ready=False, env=self.other_runtime()) for _ in range(6)]
        wait_until(lambda: sum(p.popen.poll() is not None for p in together) == 5, 30, "the end of all but one")
        winner = next(p for p in together if p.popen.poll() is None)
        winner.wait_line("ready:", 30)
        for loser in together:
            if loser is not winner:
                self.assertEqual(loser.popen.returncode, 1)
                self.assertRegex(loser.text(), "is already running|is just starting")
        self.assertNotIn("fenced", winner.text())
        self.assertEqual(winner.interrupt(), 0)
        self.assert_nothing_left()


class Scales(TakeOver):
    def settled(self, name):
        return wait_until(lambda: (w := self.worker(name)) and w["state"].startswith("ready") and w, 30, name)

    def test_a_scale_outlives_its_supervisor_with_generations_and_totals(self):
        first = self.fleet()
        self.kctl("scale", "bravo", "3")
        wait_until(lambda: all(self.counters(n)["processed"] > 0 for n in ("bravo", "bravo.2", "bravo.3", "zulu") if any(p["assigned"] for p in self.worker(n)["partitions"])), 20, "work")
        self.kctl("restart", "bravo.2")
        self.kctl("scale", "bravo", "2")  # bravo.3 goes
        self.assertEqual([self.worker(n)["generation"] for n in ("bravo.2", "bravo.3")], [2, 1])
        self.killed(first)
        before = {n: self.counters(n)["processed"] for n in ("bravo", "bravo.2", "bravo.3")}
        second = self.fleet()
        second.wait_line("taking over from pid .*: counters and generations continue; bravo has 2 workers, as it was scaled")
        self.assertEqual(self.settled("bravo.2")["generation"], 3)
        self.assertGreaterEqual(self.counters("bravo.2")["processed"], before["bravo.2"])
        self.assertEqual((self.worker("bravo.3")["state"], self.worker("bravo.3")["alive"]), ("down", False), "who was scaled away stays away")
        self.kctl("scale", "bravo", "3")
        self.assertEqual(self.settled("bravo.3")["generation"], 2)
        self.assertGreaterEqual(self.counters("bravo.3")["processed"], before["bravo.3"])
        self.kctl("kill", "bravo.3", "KILL")
        wait_until(lambda: self.worker("bravo.3")["generation"] == 3, 20, "its successor")
        self.assertIn("generation 2", self.run_ok("kstat", "-i", self.instance, "--postmortem", "bravo.3"))
        self.assertEqual(second.interrupt(), 0)
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
