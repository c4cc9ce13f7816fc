"""The live screen, as somebody sees it who sits before a terminal: through tmux, on a real Kafka."""

import os
import pathlib
import pty
import re
import signal
import subprocess

from harness import BUILD, ROOT, SystemTest, main, wait_until


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, test, command, columns=120, rows=24, environment=None):
        self.socket = f"ks-{test.token}-{id(self):x}"
        self.environment = {**test.environment, "LC_ALL": "C.UTF-8", **(environment or {})}
        self.folder = test.folder
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), f"exec {command}")

    def tmux(self, *words, check=True):
        return subprocess.run(["tmux", "-L", self.socket, *words], env=self.environment, cwd=self.folder, check=check, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20).stdout

    def text(self):
        return self.tmux("capture-pane", "-p", check=False)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def shows(self, pattern, seconds=15):
        """Waits until the screen has it; returns the screen."""
        found = []

        def look():
            text = self.text()
            found[:] = [text]
            return text if re.search(pattern, text, re.M) else None
        try:
            return wait_until(look, seconds, f"'{pattern}' on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{found[0]}") from None

    def ended(self):
        return self.tmux("list-windows", check=False).startswith(("no server", "error", "can't"))

    def close(self):
        self.tmux("kill-server", check=False)


def read_until(terminal, wanted):
    got = b""
    while wanted not in got:
        got += os.read(terminal, 65536)
    return got


def end(process):
    """Of a child that may have been waited for."""
    try:
        if os.waitpid(process, os.WNOHANG)[0] == 0:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    except ChildProcessError:
        pass


class Screen(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo, self.zulu = f"bravo-{self.token[:6]}", f"zulu-{self.token[:6]}"
        self.fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--topic", self.topic(), "--rate", "50")
        self.run_ok("kstat", "-i", self.instance, "--until", "*.state == ready", "--timeout", "30s")

    def terminal(self, words, **more):
        terminal = Terminal(self, f"{BUILD}/bin/kstat {words}", **more)
        self.addCleanup(terminal.close)
        return terminal

    def live(self, **more):
        return self.terminal(f"-i {self.instance} 200ms", **more)

    def kctl(self, *words):
        return self.run_ok("kctl", "-i", self.instance, *words)

    def test_the_worst_is_first_and_one_is_shown_in_full(self):
        screen = self.live()
        text = screen.shows(rf"^{self.zulu} +ready")
        (pathlib.Path(BUILD) / "screen.txt").write_text(text)
        self.kctl("pause", self.zulu)
        text = screen.shows(rf"^{self.zulu} +ready .* paused .* [1-9]\d* +(≥ )?[\d.]+ m?s ")
        self.assertLess(text.index(f"\n{self.zulu}"), text.index(f"\n{self.bravo}"))
        screen.press("g", "Enter")
        screen.shows(rf"^why: it has been paused for .*by kctl pause; kctl resume {self.zulu}")
        screen.press("PageDown")
        screen.press("Escape")
        screen.shows(rf"^{self.bravo} +ready")
        os.kill(int(self.run_ok("kstat", "-i", self.instance, "--pid", self.bravo)), signal.SIGKILL)
        screen.press("e")
        screen.shows(rf"{self.bravo} +died +was killed by SIGKILL")
        screen.shows(rf"{self.bravo} +resumed ")
        screen.press("q")
        wait_until(screen.ended, 10, "the end of the screen")
        self.assertEqual(self.fleet.interrupt(), 0)

    def test_it_stops_goes_on_recording_writes_and_filters(self):
        screen = self.live()
        screen.shows(rf"^{self.zulu} +ready")
        screen.press("Space")
        frozen = screen.shows("^FROZEN at")
        self.kctl("pause", self.zulu)
        self.run_ok("kstat", "-i", self.instance, "--until", f"{self.zulu}.phase == paused", f"{self.zulu}.lag > 50", "--timeout", "20s")
        line = next(line for line in frozen.splitlines() if line.startswith(self.zulu))
        self.assertIn(line, screen.text())
        screen.press("w")
        written = re.search(r"written: (\S+)", screen.shows("^written: ")).group(1)
        self.assertEqual(self.run_ok("kstat", "-f", self.folder / written, f"{self.zulu}.phase").split()[1] == "paused", False)
        screen.press("Space")
        screen.shows(rf"^{self.zulu} .*paused")
        screen.press("/", *self.bravo, "Enter")
        text = screen.shows(r"filter '.*': 2 hidden")
        self.assertNotIn(f"\n{self.zulu}", text)
        screen.press("?")
        screen.shows("freeze the screen, while recording continues")

    def test_one_of_several_workers_of_a_client_is_shown_alone(self):
        self.kctl("scale", self.zulu, "2")
        screen = self.live()
        screen.shows(rf"^{self.zulu}\.2 +ready")
        screen.press("/", *self.zulu, "Enter")
        screen.shows(r"filter '.*': 2 hidden")
        screen.press("g", "Enter")
        text = screen.shows(r"^why: ")
        self.assertEqual(len(re.findall("^why", text, re.M)), 1, text)
        self.assertNotIn(f"{self.zulu}.2", text)
        client = self.terminal(f"-i {self.instance} {self.zulu} 200ms")
        client.shows(rf"^why {self.zulu}\.2: ")

    def test_it_ends_with_its_terminal_also_under_nohup(self):
        process, terminal = pty.fork()
        if process == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.execve(f"{BUILD}/bin/kstat", ["kstat", "-i", self.instance, "1"], {"TERM": "xterm"})
        self.addCleanup(end, process)
        self.assertIn(b"bravo", read_until(terminal, b"bravo"))
        os.close(terminal)
        wait_until(lambda: os.waitpid(process, os.WNOHANG)[0] == process, 10, "the end of kstat")

    def test_any_size_and_no_colour(self):
        screen = self.live(columns=80, rows=24, environment={"NO_COLOR": "1"})
        text = screen.shows(rf"^{self.zulu} +ready")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        self.assertNotRegex(screen.tmux("capture-pane", "-p", "-e"), r"\033\[([0-9;]*;)?3[0-7]m")
        for columns, rows in ((200, 50), (40, 8), (20, 3), (100, 24)):
            screen.resize(columns, rows)
            wait_until(lambda: len(screen.text().splitlines()) >= rows - 1, 10, "the new size")
        screen.shows(rf"^{self.zulu} +ready")
        screen.press("C-c")
        wait_until(screen.ended, 10, "the end of the screen")

    def test_a_capture_is_gone_through(self):
        capture = self.folder / "story.cap"
        dump = self.start("kstat", "-i", self.instance, "--dump", capture, "100ms")
        wait_until(lambda: capture.exists() and capture.stat().st_size > 20000, 20, "some moments")
        self.kctl("pause", self.zulu)
        self.run_ok("kstat", "-i", self.instance, "--until", f"{self.zulu}.phase == paused", "--timeout", "20s")
        size = capture.stat().st_size
        wait_until(lambda: capture.stat().st_size > size + 8000, 20, "some more")
        dump.send(signal.SIGINT)
        self.assertEqual(dump.wait(), 0)
        self.assertEqual(self.fleet.interrupt(), 0)
        screen = self.terminal(f"-f {capture} 1")
        last = screen.shows(rf"^{self.zulu} .*paused")
        moments = int(re.search(r"moment (\d+) of (\d+)", last).group(2))
        screen.press("Left")
        screen.shows(rf"moment {moments - 1} of {moments}")
        screen.press("N")
        screen.shows(rf"moment \d+ of {moments}")
        screen.press(*["Right"] * moments, "e")
        screen.shows(rf"{self.zulu} +paused")
        story = self.run_ok("kstat", "-f", capture, "--events")
        self.assertRegex(story, rf"(?s)supervisor-started.*{self.zulu} +started.*{self.zulu} +ready.*{self.zulu} +paused")

    def test_off_a_terminal_it_is_lines(self):
        done = self.run_program("kstat", "-i", self.instance, "100ms", "3")
        self.assertEqual(done.status, 0)
        self.assertEqual(done.text("out").count("WORKER "), 9)  # three looks at workers and partitions
        self.assertNotIn("\033", done.text("out"))

    def test_the_picture_in_the_readme_is_what_the_screen_shows(self):
        titles = next(line for line in self.live().shows(rf"^{self.zulu} +ready").splitlines() if line.startswith("WORKER"))
        readme = [" ".join(line.split()) for line in (ROOT / "README.md").read_text().splitlines()]
        self.assertTrue(" ".join(titles.split()) in readme, titles)


if __name__ == "__main__":
    main()
