"""harness.py: what the system tests stand on: a real Kafka, processes, and waiting for what they should do.

A test file:

    from harness import SystemTest, main

    class Provisioning(SystemTest):
        def test_creates_the_topics_of_all_workloads(self):
            self.run_ok("ktopic", "provision")

    if __name__ == "__main__":
        main()

Rules: wait on a condition with a deadline (wait_until, Process.wait_line), never on a sleep; take names from self.name(), so that two runs can
go side by side; leave nothing behind. When a test fails, the output of every process that it started is printed.
"""

import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import kafka_protocol

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", ROOT / "build")).resolve()
PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))  # all deadlines times this: for slow machines
MARK = "TEST_RUN"  # every process that a test starts carries it in its environment, and so do its children
FILE_MARK = "TEST_FILE"  # the same for all of a file, set by tests/run
WORK = ROOT / "build" / "system"


def clean_environment():
    """The environment without what would point the programs at somebody's Kafka, or at a live instance."""
    unwanted = re.compile(r"KAFKA_|KSUPERVISE_|GROUP_ID$|XDG_RUNTIME_DIR$|MAKEFLAGS$|MAKELEVEL$")
    return {name: value for name, value in os.environ.items() if not unwanted.match(name)}


def default_signals():
    """A shell starts `command &` with Ctrl-C ignored, and children inherit that: the programs under test must not. What is handled here is
    back at its default in them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for signum in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)


class Timeout(AssertionError):
    pass


def wait_until(condition, seconds=10, what="the condition", every=0.02):
    """Calls condition() until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"{what}: not within {seconds * PATIENCE:g} s")
        time.sleep(every)


# --- a real Kafka -----------------------------------------------------------------------------------------------------


class Kafka:
    """A cluster of its own, in a folder of its own, on free ports."""

    def __init__(self, folder, brokers=1, settings="", properties=None):
        self.folder = pathlib.Path(folder)
        self.environment = {**clean_environment(), "KAFKA_DIR": str(folder), "KAFKA_BROKERS": str(brokers)}
        if settings:
            self.environment["KAFKA_SETTINGS"] = settings
        if properties:
            self.environment["KAFKA_PROPERTIES"] = str(properties)

    def _tool(self, *words):
        done = subprocess.run([ROOT / "tools" / "kafka" / words[0], *words[1:]], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"tools/kafka/{' '.join(words)} failed:\n{done.stdout}")
        return done.stdout

    def start(self):
        return self._tool("start")

    def stop(self):
        return self._tool("stop")

    def broker(self, verb, number):
        """kill, start, stop, pause, resume one broker."""
        return self._tool("broker", verb, str(number))

    def destroy(self):
        self._tool("stop", "--now")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def bootstrap(self):
        return (self.folder / "bootstrap").read_text().strip()


def _owner_alive(folder):
    """A work folder is called PID-STARTTICKS of the process that made it."""
    try:
        pid, ticks = folder.name.split("-")[:2]
        return start_ticks(int(pid)) == ticks
    except ValueError:
        return False


def start_ticks(pid):
    """When the process started, as /proc has it; None when there is none, or only a zombie."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def alive(pid):
    return start_ticks(pid) is not None


def reap_stale_runs():
    """A run that was killed leaves its Kafka behind: end it by its recorded pids, and remove its folder."""
    for folder in WORK.glob("*"):
        if not _owner_alive(folder):
            for bootstrap in folder.glob("kafka*"):
                Kafka(bootstrap).destroy()
            shutil.rmtree(folder, ignore_errors=True)


def work_folder():
    folder = WORK / f"{os.getpid()}-{start_ticks(os.getpid())}"
    if not folder.exists():
        folder.mkdir(parents=True)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_shared = None


def shared_kafka():
    """The one broker that all tests may use with topics and groups of their own names. tests/run starts it for all files; a file
    that is run alone starts its own."""
    global _shared
    if _shared is None:
        if "TEST_KAFKA_DIR" in os.environ:
            _shared = Kafka(os.environ["TEST_KAFKA_DIR"])
        else:
            reap_stale_runs()
            _shared = Kafka(work_folder() / "kafka")
            atexit.register(_shared.destroy)
            _shared.start()
    return _shared


# --- processes ---------------------------------------------------------------------------------------------------------


class Process:
    """A program under test, its output collected line by line as it comes."""

    def __init__(self, command, cwd, env, **popen):
        self.command = [str(word) for word in command]
        self.lines = []  # (seconds since start, "out" or "err", text)
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self.popen = subprocess.Popen(self.command, cwd=cwd, env=env, stdin=popen.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, start_new_session=True, **popen)
        self.pid = self.popen.pid
        self._readers = [threading.Thread(target=self._read, args=(stream, name), daemon=True)
                         for stream, name in ((self.popen.stdout, "out"), (self.popen.stderr, "err"))]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, name):
        for raw in stream:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
            with self._changed:
                self.lines.append((time.monotonic() - self._began, name, line))
                self._changed.notify_all()
        stream.close()

    def text(self, name=None):
        """What it printed so far; name "out" or "err", or both."""
        with self._changed:
            return "\n".join(line for _, stream, line in self.lines if name in (None, stream))

    def mark(self):
        """A place in the output, for wait_line(after=…)."""
        with self._changed:
            return len(self.lines)

    def wait_line(self, pattern, seconds=15, after=0):
        """Waits for a line that the regular expression finds something in, and returns the match."""
        deadline = time.monotonic() + seconds * PATIENCE
        position = after
        with self._changed:
            while True:
                while position < len(self.lines):
                    found = re.search(pattern, self.lines[position][2])
                    if found:
                        return found
                    position += 1
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Timeout(f"no line with {pattern!r} from {self.command[0]} within {seconds * PATIENCE:g} s")
                if self.popen.poll() is not None and not any(reader.is_alive() for reader in self._readers):
                    raise Timeout(f"{self.command[0]} ended ({self.popen.returncode}) without a line with {pattern!r}")
                self._changed.wait(min(left, 0.1))

    def send(self, signum):
        self.popen.send_signal(signum)

    def wait(self, seconds=15):
        """Waits for its end, and for all of its output; returns the exit status (negative: the signal)."""
        try:
            status = self.popen.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.command[0]} (pid {self.pid}) did not end within {seconds * PATIENCE:g} s") from None
        for reader in self._readers:
            reader.join(5)
        return status

    def interrupt(self, seconds=30):
        """Ctrl-C."""
        self.send(signal.SIGINT)
        return self.wait(seconds)

    def kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)

    def report(self):
        state = "running" if self.popen.poll() is None else f"exit status {self.popen.returncode}"
        body = "\n".join(f"    {when:7.3f} {name} {line}" for when, name, line in self.lines[-400:])
        return f"  $ {' '.join(self.command)}   ({state})\n{body}"


def processes_marked(token, mark=MARK):
    """Pids that carry the token in their environment: what a test started, and all that came from it."""
    found = []
    needle = f"{mark}={token}".encode()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if needle in (entry / "environ").read_bytes().split(b"\0") and start_ticks(entry.name) is not None:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def kill_marked(token, mark=MARK):
    """Ends them; returns what they were."""
    found = [(pid, describe_process(pid)) for pid in processes_marked(token, mark)]
    for pid, _ in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return [words for _, words in found]


def describe_process(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return f"{pid} {b' '.join(words).decode(errors='replace').strip()}"
    except OSError:
        return f"{pid} (gone)"


# --- tests -----------------------------------------------------------------------------------------------------------------


class SystemTest(unittest.TestCase):
    """Base of all system tests. self.kafka is the shared broker; self.folder an empty folder, in which the programs run."""

    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.kafka = shared_kafka()

    def setUp(self):
        self.token = uuid.uuid4().hex[:12]
        self.processes = []
        self.instance = f"test-{self.token}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="test-", dir=work_folder()))
        self.runtime = tempfile.mkdtemp(prefix="ks-")  # short: a Unix socket's path has 107 characters
        self.environment = {**clean_environment(), "KAFKA_BOOTSTRAP": self.kafka.bootstrap, "XDG_RUNTIME_DIR": self.runtime, MARK: self.token}
        self.addCleanup(self._clean)

    def _clean(self):
        for process in self.processes:
            process.kill()
        kill_marked(self.token)
        for path in self.shared_memory():
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.runtime, ignore_errors=True)

    # names

    def name(self, stem="t"):
        """A name that no other test and no other run has: for topics, groups."""
        return f"{stem}-{self.token}"

    # programs

    def program(self, name):
        return BUILD / "bin" / name

    def start(self, name, *arguments, env=None, **popen):
        """Starts one of our programs (a bare name), or any other (a path)."""
        command = [self.program(name) if "/" not in str(name) else name, *arguments]
        process = Process(command, self.folder, {**self.environment, **(env or {})}, **popen)
        self.processes.append(process)
        return process

    def run_program(self, name, *arguments, seconds=30, **more):
        """Runs it to its end; returns the Process, with .status."""
        process = self.start(name, *arguments, **more)
        process.status = process.wait(seconds)
        return process

    def run_ok(self, name, *arguments, **more):
        """Runs it, wants exit status 0, returns what it printed on stdout."""
        process = self.run_program(name, *arguments, **more)
        self.assertEqual(process.status, 0, f"{name} {' '.join(map(str, arguments))}: {process.text()}")
        return process.text("out")

    def supervise(self, *arguments, **more):
        """Starts ksupervise as an instance of this test's own name."""
        return self.start("ksupervise", "--instance", self.instance, *arguments, **more)

    def kstat(self, *arguments):
        """`kstat --json` of this test's instance."""
        return json.loads(self.run_ok("kstat", "-i", self.instance, "--json=1", *arguments))

    def worker(self, name):
        """A worker's object in kstat --json; None while there is none."""
        process = self.run_program("kstat", "-i", self.instance, "--json=1")
        if process.status != 0:
            return None
        return next((w for w in json.loads(process.text("out"))["workers"] if w["name"] == name), None)

    # Kafka

    def topic(self, partitions=3, stem="t"):
        """Creates a topic of a name of its own."""
        name = self.name(stem)
        self.run_ok("ktopic", "provision", "--partitions", partitions, name)
        return name

    def topic_anew(self, topic, partitions):
        """Deletes it, and makes another of its name. A moment after the deletion a broker may still say that it is there."""
        kafka_protocol.delete_topic(self.kafka.bootstrap, topic)
        wait_until(lambda: "created with" in self.run_ok("ktopic", "provision", "--partitions", partitions, topic), 20, "the deletion")

        def is_there():
            try:
                return not any(kafka_protocol.end_offsets(self.kafka.bootstrap, topic).values())
            except RuntimeError:  # not everywhere yet
                return False

        wait_until(is_there, 10, "the new topic")

    def own_kafka(self, brokers=1, settings="", properties=None):
        """A cluster for this test alone, for those that break it."""
        kafka = Kafka(work_folder() / f"kafka-{self.token}-{uuid.uuid4().hex[:4]}", brokers, settings, properties)
        self.addCleanup(kafka.destroy)
        kafka.start()
        self.kafka = kafka
        self.environment["KAFKA_BOOTSTRAP"] = kafka.bootstrap
        return kafka

    # what is left

    def shared_memory(self):
        """This instance's objects, and those of workers that were started by hand in this test."""
        return sorted(pathlib.Path("/dev/shm").glob(f"ksupervise.{os.getuid()}.{self.instance}*"))

    def assert_nothing_left(self):
        """No process that this test started, or that came from one, and no shared-memory object of its instance."""
        try:
            wait_until(lambda: not processes_marked(self.token), 3, "the end of all processes")
        except Timeout:
            self.fail("still running: " + "; ".join(describe_process(pid) for pid in processes_marked(self.token)))
        self.assertEqual(self.shared_memory(), [], "shared-memory objects are left")

    def report(self):
        return "\n".join(process.report() for process in self.processes) or "  (no process was started)"


class Result(unittest.TextTestResult):
    """Prints what the processes of a failing test printed."""

    def _explain(self, test):
        if isinstance(test, SystemTest) and hasattr(test, "processes"):
            self.stream.writeln(f"\n--- what the processes of {test.id()} printed ---\n{test.report()}\n---")

    def addError(self, test, err):
        super().addError(test, err)
        self._explain(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._explain(test)


def main():
    """Runs the tests of the file (all, or those named on the command line), and closes with `N passed, N failed, N skipped`."""
    default_signals()
    program = unittest.main(module="__main__", exit=False, verbosity=2, testRunner=unittest.TextTestRunner(resultclass=Result, verbosity=2))
    result = program.result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(0, result.testsRun - len(result.failures) - len([e for e in result.errors if isinstance(e[0], unittest.TestCase)]) - skipped)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed else 0)
