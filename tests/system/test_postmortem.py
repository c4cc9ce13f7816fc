"""kstat --postmortem on a real Kafka: what a dead process was doing, its last lines, and what came after it."""

import os
import signal

from harness import SystemTest, alive, main, wait_until


class PostMortem(SystemTest):
    def start_fleet(self, *more):
        self.topic_name = self.topic()
        fleet = self.supervise("--clients", "bravo", "--topic", self.topic_name, "--group", self.name("g"), "--rate", "200", *more)
        fleet.wait_line("ready:", 30)
        wait_until(lambda: self.worker("bravo")["counters"]["processed"] > 200, 30, "some work")
        return fleet

    def kill_bravo(self):
        pid = self.worker("bravo")["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: (worker := self.worker("bravo")) and worker["generation"] == 2 and worker["state"] == "ready", 30, "its successor")
        return pid

    def test_it_tells_the_death_the_last_lines_and_what_the_next_generation_did(self):
        self.start_fleet("--statistics-every", "50")
        pid = self.kill_bravo()
        for words in (("--postmortem", "bravo"), ("bravo", "--generation", "1")):
            text = self.run_ok("kstat", "-i", self.instance, *words)
            self.assertRegex(text, rf"last death: generation 1, pid {pid}, .* ago, by signal 9 \(Killed\), while \w+, heartbeat .* before; CPU ")
            self.assertRegex(text, r"statistics after \d+ payments")
            self.assertRegex(text, r"then generation 2, created .* ago, went on:")
            self.assertRegex(text, rf"{self.topic_name} \[0\] +\d+ +\d+ +\d+ +(0|at most \d+)")

    def test_it_works_for_the_supervisors_own_death_too(self):
        fleet = self.start_fleet()
        pid = self.worker("bravo")["pid"]
        os.kill(fleet.pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), 10, "the end of its worker")
        done = wait_until(lambda: (done := self.run_program("kstat", "-i", self.instance, "--postmortem", "bravo")).status == 0
                          and "is dead" in done.text("out") and done, 10, "the end of its last thread, and of the supervisor's")
        text = done.text("out")
        self.assertRegex(text, rf"supervisor.*{fleet.pid}.*")
        self.assertIn(f"DEAD (pid was {pid})", text)
        self.assertIn("Received batch of", text)
        self.assertRegex(text, rf"{self.topic_name} +0 ")


if __name__ == "__main__":
    main()
