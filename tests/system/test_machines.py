"""Machines as they are: containers that share /dev/shm, a stopped supervisor, names that others have taken. The workers are shell scripts,
which need no Kafka."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import unittest

from harness import SystemTest, main, wait_until
from test_faults import READY, Faults, children


def can_unshare(*flags):
    return subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0


class Containers(Faults):
    @unittest.skipUnless(can_unshare("--pid", "--fork", "--mount-proc"), "needs a pid namespace of its own")
    def test_a_side_car_sees_that_the_supervisor_lives(self):
        fleet = self.fleet()
        unshare = (shutil.which("unshare"), "--pid", "--fork", "--mount-proc", self.program("kstat"), "-i", self.instance)
        self.assertIn(f"ksupervise {fleet.pid} (in another pid namespace), up ", self.run_ok(*unshare))
        supervisor = json.loads(self.run_ok(*unshare, "--json=1"))["supervisor"]
        self.assertEqual((supervisor["alive"], supervisor["other_pid_namespace"]), (True, True))
        here = self.kstat()["supervisor"]
        self.assertEqual((here["alive"], here["other_pid_namespace"]), (True, False))
        self.end(fleet)


class SmallSharedMemory(SystemTest):
    @unittest.skipUnless(can_unshare("--mount"), "needs a mount namespace of its own")
    def test_64_kib_of_dev_shm_are_enough_for_all_but_kstat(self):
        topic = self.topic()
        script = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$0" "$@"'
        words = ("--instance", self.instance, "--clients", "bravo,zulu", "--topic", topic, "--rate", "0", "--count", "100", "--exit-when-done", "--quiet")
        fleet = self.start(shutil.which("unshare"), "--mount", "sh", "-c", script, self.program("ksupervise"), *words)
        self.assertEqual(fleet.wait(60), 0, fleet.text())
        self.assertRegex(fleet.text(), r"is not visible to kstat, and its totals end with this supervisor: /dev/shm is full")
        self.assertIn("done: all records are produced", fleet.text())
        for client in ("bravo", "zulu"):
            self.assertRegex(fleet.text(), rf"{client} +0 +100 +100 +0 ")
        self.assert_nothing_left()


class Stopped(Faults):
    def test_kstat_shows_a_supervisor_that_is_stopped(self):
        fleet = self.fleet()
        self.assertFalse(self.kstat()["supervisor"]["stopped"])
        fleet.send(signal.SIGSTOP)
        self.addCleanup(fleet.send, signal.SIGCONT)
        wait_until(lambda: self.kstat()["supervisor"]["stopped"], 10, "the stop")
        self.assertIn(f"ksupervise {fleet.pid} is STOPPED", self.run_ok("kstat", "-i", self.instance))
        fleet.send(signal.SIGCONT)
        self.end(fleet)

    def test_kctl_is_over_when_its_time_is_though_the_queue_of_connections_is_full(self):
        fleet = self.fleet()
        fleet.send(signal.SIGSTOP)
        self.addCleanup(fleet.send, signal.SIGCONT)
        path = pathlib.Path(self.environment["XDG_RUNTIME_DIR"]) / "ksupervise" / f"{self.instance}.sock"
        waiting = []
        refused = self.run_program("kctl", "-i", self.instance, "--timeout", "100ms", "status", seconds=4)
        self.assertIn(f"is stopped: continue it with kill -CONT {fleet.pid}", refused.text())
        for _ in range(10000):
            waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
            self.addCleanup(waiting[-1].close)
            if waiting[-1].connect_ex(str(path)) != 0:
                break
        full = self.run_program("kctl", "-i", self.instance, "--timeout", "100ms", "status", seconds=4)
        self.assertEqual(full.status, 1)
        self.assertIn(f"is stopped: continue it with kill -CONT {fleet.pid}", full.text())
        for one in waiting:
            one.close()
        fleet.send(signal.SIGCONT)
        self.end(fleet)


class Ends(Faults):
    def test_a_start_that_fails_leaves_nothing_in_shared_memory(self):
        deep = self.folder / ("d" * 100)
        deep.mkdir()
        done = self.fleet(ready=False, env={"XDG_RUNTIME_DIR": str(deep)})
        self.assertEqual(done.wait(15), 1)
        self.assertIn("is too long for a socket", done.text())
        self.assert_nothing_left()

    def test_a_restart_of_a_program_that_is_gone_says_that_and_tells_no_former_death(self):
        fleet = self.fleet("--restart-delay", "10ms", "--restart-delay-max", "20ms")
        (self.bin / "kconsume").unlink()
        mark = fleet.mark()
        self.run_program("kctl", "-i", self.instance, "--timeout", "5s", "restart", "bravo")
        fleet.wait_line(rf"bravo is held: cannot start {self.bin}/kconsume: No such file or directory", 15, after=mark)
        said = "\n".join(line[2] for line in fleet.lines[mark:])
        self.assertIn(f"bravo: cannot start {self.bin}/kconsume: No such file or directory; restarting at once", said)
        self.assertNotIn("exited with 1", said)
        self.end(fleet)

    def test_an_embedded_broker_that_is_killed_has_died_once(self):
        self.script("kbroker", r"printf '\223\002\247address\221\2511.2.3.4:5' >&4; exec sleep 1001")
        del self.environment["KAFKA_BOOTSTRAP"]
        self.bin = self.bin.rename(self.folder / "programs")  # a folder bin would find the Kafka that the tests run
        fleet = self.start(self.bin / "ksupervise", "--instance", self.instance, "--clients", "bravo", "--no-producer", "--stop-timeout", "300ms")
        fleet.wait_line("ready:", 30)
        broker = next(pid for pid in children(fleet.pid) if b"1001" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(broker, signal.SIGKILL)
        self.assertEqual(fleet.wait(30), 1)
        self.assertIn("kbroker is held: it died, and its records with it", fleet.text())
        self.assertNotIn("deaths within", fleet.text())
        self.assert_nothing_left()


class Upgrades(Faults):
    def worker_of(self, version):
        self.bin = self.folder / f"v{version}"
        shutil.copytree(self.folder / "bin", self.bin)
        self.script("kconsume", rf"printf '\223\002\247version\221\243{version}' >&4; {READY}; exec sleep 1000")

    def test_a_restart_starts_what_the_path_leads_to_now(self):
        self.worker_of("1.0")
        self.worker_of("2.0")
        current = self.folder / "current"
        current.symlink_to("v1.0")
        self.bin = current
        fleet = self.fleet()
        self.assertEqual(self.workers()["bravo"]["version"], "1.0")
        subprocess.run(["ln", "-sfn", "v2.0", current], check=True)
        self.assertEqual(self.workers()["bravo"]["version"], "1.0")
        self.run_ok("kctl", "-i", self.instance, "rolling-restart", "all")
        self.assertEqual((self.workers()["bravo"]["version"], self.generations()["bravo"]), ("2.0", 2))
        self.assertIn("version 2.0", self.run_ok("kctl", "-i", self.instance, "status"))
        self.end(fleet)

    def test_a_worker_that_cannot_use_its_segment_is_not_taken_for_one_that_hangs(self):
        """As after an upgrade to a build whose segments are others. zulu is not ready, so that there is something to wait for."""
        self.script("kconsume", f'case "$*" in *bravo*) {READY};; esac; exec sleep 1000')
        fleet = self.fleet("--hang-after", "1s", "--restart-delay", "10ms", "--restart-delay-max", "10ms", clients="bravo,zulu", ready=False)
        for _ in range(2):
            fleet.wait_line("zulu hangs: ", 20, after=fleet.mark())
        self.assertEqual((self.generations()["bravo"], self.workers()["bravo"]["state"]), (1, "ready"))
        self.end(fleet)


class NoThreads(SystemTest):
    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs a user of its own: root has no limit")
    def test_librdkafka_without_threads_is_a_failure_that_may_pass(self):
        """It asserts, or waits for ever, where it cannot make one: so it is not asked then."""
        for threads in (2, 3, 5):
            limited = ("--reuid", "61234", "--regid", "61234", "--clear-groups", "env", "-C", "/", "prlimit", f"--nproc={threads}")
            done = self.run_program(shutil.which("setpriv"), *limited, self.program("ktopic"), "list", "--bootstrap", "127.0.0.1:1", seconds=10)
            self.assertEqual(done.status, 75, done.text())
            self.assertIn("librdkafka needs threads, and cannot have them now: Resource temporarily unavailable", done.text())


class Names(Faults):
    def test_a_fifo_at_a_name_of_ours_freezes_nobody_and_is_told(self):
        folder = pathlib.Path("/dev/shm")
        fifo = folder / f"ksupervise.{os.getuid()}.{self.instance}"
        os.mkfifo(fifo)
        self.addCleanup(fifo.unlink, missing_ok=True)
        refused = self.run_program("kstat", "-i", self.instance)
        self.assertEqual(refused.status, 1)
        self.assertIn(f"{fifo} is a FIFO, not a file: not used", refused.text())
        fleet = self.fleet()  # it is this user's, so that its name can be taken
        self.assertTrue(self.kstat()["supervisor"]["alive"])
        self.end(fleet)


if __name__ == "__main__":
    main()
