"""As a service: what a service manager is told, and the unit that `make install` writes."""

import os
import shutil
import signal
import socket
import subprocess
import unittest

from harness import ROOT, SystemTest, main, wait_until


class Manager:
    """The socket that systemd would read."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.heard = []

    def listen(self):
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def wait(self, text, seconds=30):
        return wait_until(lambda: text in self.listen(), seconds, f"{text!r} after {self.heard}")


class Notifications(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"

    def fleet(self, address, **environment):
        manager = Manager(address)
        self.addCleanup(manager.socket.close)
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic(), "--rate", "50", "--quiet", env={"NOTIFY_SOCKET": address, **environment})
        return manager, fleet

    def test_the_manager_hears_ready_watchdog_and_stopping_and_the_workers_nothing(self):
        manager, fleet = self.fleet(f"@{self.name('notify')}", WATCHDOG_USEC="1000000")
        manager.wait("READY=1")
        manager.wait("STATUS=2 of 2 workers ready")
        self.assertEqual([m for m in manager.heard if m.startswith("STATUS=")][0], f"STATUS=0 of 2 workers ready; {self.bravo}: down")
        wait_until(lambda: manager.listen().count("WATCHDOG=1") >= 3, 10, "three signs of life")
        for name in (self.bravo, "producer"):
            pid = wait_until(lambda: self.worker(name)["pid"], 10, name)
            with open(f"/proc/{pid}/environ", "rb") as environ:
                self.assertNotIn(b"NOTIFY_SOCKET=", environ.read())
            with open(f"/proc/{pid}/environ", "rb") as environ:
                self.assertNotIn(b"WATCHDOG_USEC=", environ.read())
        os.kill(self.worker(self.bravo)["pid"], signal.SIGSTOP)  # held up, so that the end has a middle
        fleet.send(signal.SIGTERM)
        manager.wait("STOPPING=1")
        beats = manager.listen().count("WATCHDOG=1")
        wait_until(lambda: manager.listen().count("WATCHDOG=1") > beats, 10, "a sign of life while it stops")
        os.kill(self.worker(self.bravo)["pid"], signal.SIGCONT)
        self.assertEqual(fleet.wait(30), 0)
        self.assertEqual(manager.listen().count("READY=1"), 1)
        self.assert_nothing_left()

    def test_a_socket_with_a_path_and_no_watchdog(self):
        manager, fleet = self.fleet(os.path.join(self.runtime, "notify"), WATCHDOG_USEC="1000000", WATCHDOG_PID="1")
        manager.wait("READY=1")
        self.assertEqual(fleet.interrupt(), 0)
        self.assertIn("STOPPING=1", manager.listen())
        self.assertNotIn("WATCHDOG=1", manager.heard)

    def test_a_manager_that_is_gone_stops_nobody(self):
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic(), "--no-producer", env={"NOTIFY_SOCKET": "/nowhere/notify"})
        fleet.wait_line("ready:", 30)
        self.assertEqual(fleet.interrupt(), 0)


class Installation(SystemTest):
    def install(self, target, **variables):
        words = [f"{name}={value}" for name, value in variables.items()]
        done = subprocess.run(["make", "-s", "-o", "all", target, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_install_puts_everything_below_destdir_and_uninstall_takes_it_away(self):
        self.install("install", DESTDIR=self.folder, PREFIX="/opt/k")
        root = self.folder / "opt" / "k"
        for name in ("ksupervise", "kconsume", "kproduce", "kctl", "kstat"):
            self.assertTrue(os.access(root / "bin" / name, os.X_OK), name)
        unit = (root / "lib/systemd/system/ksupervise@.service").read_text()
        self.assertIn("ExecStart=/opt/k/bin/ksupervise --instance %i --config /etc/ksupervise/%i.ini", unit)
        self.assertNotIn("@PREFIX@", unit)
        self.assertNotIn(str(self.folder), unit)
        self.assertTrue((root / "share/doc/ksupervise/ksupervise.example.ini").exists())
        for path in ("bash-completion/completions/kctl", "bash-completion/completions/ktour", "zsh/site-functions/_ksupervise",
                     "fish/vendor_completions.d/ksupervise.fish"):
            self.assertIn("--complete", (root / "share" / path).read_text())
        self.install("uninstall", DESTDIR=self.folder, PREFIX="/opt/k")
        self.assertEqual([path for path in root.rglob("*") if path.is_file()], [])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
    def test_systemd_finds_nothing_wrong_with_the_unit(self):
        self.install("install", PREFIX=self.folder)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", self.folder / "lib/systemd/system/ksupervise@.service"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        ours = [line for line in done.stdout.splitlines() if "ksupervise" in line]
        self.assertEqual((done.returncode, ours), (0, []), done.stdout)


if __name__ == "__main__":
    main()
