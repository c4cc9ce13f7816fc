"""supervise.py: a thousand trivial children under ksupervise and under Debian's s6, runit and supervisor, in turn: how soon all run, how soon a
killed one runs again, what the supervising processes cost, and who is left when their root is killed. A peer that is not installed is passed over."""

import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

WORKERS = 1000
KILLS = 50  # of each supervisor, over all rounds
IDLE_S = 5
START_S = 120  # no supervisor may take longer
AGAIN_S = 15


class Supervised:
    """WORKERS children under one supervisor. Subclasses lay out a folder and say the command of the root process."""

    def __init__(self, bench):
        self.child = bench.compile("bench_child", "-static")
        self.programs = bench.bin
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="supervise-", dir=bench.work))
        self.stamps = self.folder / "stamps"
        self.stamps.touch()
        self.root = None

    def lay_out(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    # --- the children's time stamps -----------------------------------------------------------------------------------

    def stamped(self, count, seconds):
        """Waits for so many lines in all; returns them as (pid, ns)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            lines = self.stamps.read_text().splitlines()
            if len(lines) >= count:
                return [tuple(map(int, line.split())) for line in lines]
            time.sleep(0.002)
        raise SystemExit(f"bench: {type(self).__name__}: {count} children were not started within {seconds} s")

    # --- the supervising processes ------------------------------------------------------------------------------------

    def descendants(self):
        """Pids of the root and of all below it: (those that supervise, the children)."""
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        family = {self.root.pid}
        grown = True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            family |= more
            grown = bool(more)
        children = {pid for pid, _ in self.stamped(0, 1)}
        return family - children, family & children

    def switches(self, pids):
        total = 0
        for pid in pids:
            for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
                total += sum(int(line.split()[1]) for line in status.read_text().splitlines() if "ctxt_switches" in line)
        return total

    def pss_mb(self, pids):
        total_kb = 0
        for pid in pids:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total_kb += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total_kb / 1024

    # --- the measurements ---------------------------------------------------------------------------------------------

    def start_ms(self):
        self.lay_out()
        began_ns = time.monotonic_ns()
        self.root = subprocess.Popen([str(word) for word in self.command()], cwd=self.folder, env={**os.environ, "BENCH_STAMPS": str(self.stamps)},
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return (max(ns for _, ns in self.stamped(WORKERS, START_S)) - began_ns) / 1e6

    def again_ms(self, pid):
        before = len(self.stamped(0, 1))
        killed_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return (self.stamped(before + 1, AGAIN_S)[before][1] - killed_ns) / 1e6

    def idle(self):
        """Context switches a second, and memory, of all that supervises."""
        supervising, _ = self.descendants()
        before = self.switches(supervising)
        time.sleep(IDLE_S)
        return (self.switches(supervising) - before) / IDLE_S, self.pss_mb(supervising)

    def left_after_sigkill(self):
        """How many of the children outlive the root by a second."""
        supervising, children = self.descendants()
        self.root.kill()
        self.root.wait()
        time.sleep(1)
        left = sum(1 for pid in children if self.runs(pid))
        self.end(supervising)
        return left

    def runs(self, pid):
        try:
            return os.path.samefile(f"/proc/{pid}/exe", self.child) or self.copied(pid)
        except OSError:
            return False

    def copied(self, pid):
        return pathlib.Path(os.readlink(f"/proc/{pid}/exe")).is_relative_to(self.folder)

    def end(self, supervising):
        """First those that would start others again, then the children, of which some may be newer than the list."""
        for pid in supervising:
            if pid != self.root.pid and pathlib.Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + AGAIN_S
        while left := [pid for pid, _ in self.stamped(0, 1) if self.runs(pid)]:
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: {type(self).__name__}: {len(left)} children cannot be ended")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def clean(self):
        if self.root is not None and self.root.poll() is None:
            supervising, _ = self.descendants()
            self.root.kill()
            self.root.wait()
            self.end(supervising)
        shutil.rmtree(self.folder, ignore_errors=True)


class Ksupervise(Supervised):
    def lay_out(self):
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        shutil.copy(self.programs / "ksupervise", self.bin)
        shutil.copy(self.child, self.bin / "kconsume")
        topic = self.bin / "ktopic"
        topic.write_text("#!/bin/sh\nexit 0\n")
        topic.chmod(0o755)

    def command(self):
        clients = ",".join(f"worker{number:04}" for number in range(WORKERS))
        return [self.bin / "ksupervise", "--instance", self.folder.name, "--clients", clients, "--no-producer", "--bootstrap", "127.0.0.1:1", "--quiet"]

    def clean(self):
        super().clean()
        for path in pathlib.Path("/dev/shm").glob(f"ksupervise.{os.getuid()}.{self.folder.name}*"):
            path.unlink()


class Folders(Supervised):
    """A folder for each service, with the child as its program `run`."""

    def lay_out(self):
        for number in range(WORKERS):
            service = self.folder / "services" / f"worker{number:04}"
            service.mkdir(parents=True)
            (service / "run").symlink_to(self.child)


class S6(Folders):
    program = "s6-svscan"

    def command(self):
        return ["s6-svscan", "-c", WORKERS + 10, self.folder / "services"]


class Runit(Folders):
    program = "runsvdir"

    def command(self):
        return ["runsvdir", self.folder / "services"]


class Supervisord(Supervised):
    program = "supervisord"

    def lay_out(self):
        quiet = "stdout_logfile=NONE\nstderr_logfile=NONE\n"
        programs = "".join(f"[program:worker{number:04}]\ncommand={self.child}\nautorestart=true\n{quiet}" for number in range(WORKERS))
        (self.folder / "supervisord.conf").write_text(
            f"[supervisord]\nnodaemon=true\nminfds={WORKERS * 8}\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={self.folder}/pid\n{programs}")

    def command(self):
        return ["supervisord", "-c", self.folder / "supervisord.conf"]


CONTESTANTS = {"ksupervise": Ksupervise, "s6": S6, "runit": Runit, "supervisor": Supervisord}
UNITS = {"start all": "ms", "SIGKILL to running again": "ms", "memory (PSS)": "MB", "context switches at rest": "/s", "children 1 s after the root's SIGKILL": ""}


def one_round(bench, contestant, kills, figures):
    fleet = contestant(bench)
    try:
        figures["start all"].append(fleet.start_ms())
        time.sleep(2)  # s6 and runit restart at once only what ran for a second
        _, children = fleet.descendants()
        for pid in sorted(children)[:: WORKERS // kills][:kills]:
            figures["SIGKILL to running again"].append(fleet.again_ms(pid))
        switches, pss_mb = fleet.idle()
        figures["context switches at rest"].append(switches)
        figures["memory (PSS)"].append(pss_mb)
        figures["children 1 s after the root's SIGKILL"].append(fleet.left_after_sigkill())
    finally:
        fleet.clean()


def judge(bench, medians):
    ours = medians["ksupervise"]
    best = min((theirs["SIGKILL to running again"] for who, theirs in medians.items() if who != "ksupervise"), default=None)
    bench.goal(f"supervise: start all {WORKERS}, ms", ours["start all"], 1000, at_least=False)
    bench.goal("supervise: SIGKILL to running again, median ms", ours["SIGKILL to running again"], 2, at_least=False)
    if best is not None:
        bench.goal("supervise: the same / the best of the others", ours["SIGKILL to running again"] / best, 1, at_least=False)
    bench.goal("supervise: memory (PSS), MB", ours["memory (PSS)"], 8, at_least=False)
    bench.goal("supervise: context switches at rest, /s", ours["context switches at rest"], 0, at_least=False)
    bench.goal("supervise: children that outlive the supervisor", ours["children 1 s after the root's SIGKILL"], 0, at_least=False)


def measure(bench, note):
    contestants = {}
    for who, contestant in CONTESTANTS.items():
        if hasattr(contestant, "program") and shutil.which(contestant.program) is None:
            note(f"supervise: {who} is not installed, and is passed over")
        else:
            contestants[who] = contestant
    figures = {who: {what: [] for what in UNITS} for who in contestants}
    for number in range(bench.rounds):
        note(f"supervise: round {number + 1} of {bench.rounds}")
        for who, contestant in contestants.items():
            one_round(bench, contestant, -(-KILLS // bench.rounds), figures[who])
    medians = {who: {what: statistics.median(values) for what, values in theirs.items()} for who, theirs in figures.items()}
    for what, unit in UNITS.items():
        for who in contestants:
            bench.row("supervise", f"{what}: {who}", medians[who][what], unit)
    judge(bench, medians)
