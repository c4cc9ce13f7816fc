"""What the system refuses, and what comes at once: starts that fail, a thousand deaths, no descriptors left, a clock that is set, stopped
children, a supervisor that crashed. Most of it with workers that are shell scripts, which need no Kafka."""

import errno
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess

from harness import SystemTest, alive, main, wait_until

READY = r"printf '\223\002\245ready\221\001' >&4"  # the notification `ready`, with one partition, on the worker's channel
WORDS = ("fork_left", "fork_errno", "exec_left", "exec_errno", "pipe_left", "pipe_errno", "dup_left", "dup_errno", "wall_offset_s")  # tests/system/faults.c


def children(pid):
    """{pid: state} of its children, zombies too."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else None
        except OSError:
            continue
        if fields and int(fields[1]) == pid:
            found[int(entry.name)] = fields[0]
    return found


def descriptors(pid):
    """How many it has; of those on one segment one, because it keeps some open twice, to read them again soon."""
    links = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except OSError:
            continue
    segments = [link for link in links if link.startswith("/dev/shm/")]
    return len(links) - len(segments) + len(set(segments))


class Faults(SystemTest):
    def setUp(self):
        super().setUp()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in ("ksupervise", "kctl", "kstat"):
            shutil.copy(self.program(name), self.bin / name)
        self.script("ktopic", "exit 0")
        self.script("kconsume", f"{READY}; exec sleep 1000")
        self.library = self.folder / "faults.so"
        self.words = self.folder / "faults"
        self.words.write_bytes(bytes(8 * len(WORDS)))

    def script(self, name, body):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def set(self, **values):
        with open(self.words, "r+b") as file:
            for name, value in values.items():
                file.seek(8 * WORDS.index(name))
                file.write(struct.pack("=q", value))

    def get(self, name):
        return struct.unpack_from("=q", self.words.read_bytes(), 8 * WORDS.index(name))[0]

    def faulty(self):
        """The environment with which the calls can be made to fail."""
        if not self.library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", self.library, pathlib.Path(__file__).with_name("faults.c"), "-ldl"], check=True)
        return {"LD_PRELOAD": str(self.library), "FAULTS": str(self.words)}

    def fleet(self, *arguments, clients="bravo", ready=True, **more):
        """The scripts do not listen to their channel, so a stop is a kill after the stop timeout."""
        fleet = self.start(self.bin / "ksupervise", "--instance", self.instance, "--clients", clients, "--no-producer", "--bootstrap", "127.0.0.1:1", "--stop-timeout", "300ms", *arguments, **more)
        if ready:
            fleet.wait_line("ready:", 60)
        return fleet

    def workers(self):
        """As the supervisor has them: a script does not open its segment, so kstat knows no process."""
        return {w["name"]: w for w in json.loads(self.run_ok("kctl", "-i", self.instance, "--json", "status"))["workers"]}

    def pids(self):
        found = {name: w["pid"] for name, w in self.workers().items()}
        self.assertGreater(min(found.values()), 1, "a number below that would be other processes")
        return found

    def generations(self):
        return {name: w["generation"] for name, w in self.workers().items()}

    def end(self, fleet):
        self.assertEqual(fleet.interrupt(60), 0)
        self.assert_nothing_left()


class Starts(Faults):
    def check_recovery(self, call, cause):
        """The call fails three times from here on: the worker is tried again, and nothing leaks."""
        fleet = self.fleet("--restart-delay", "10ms", "--restart-delay-max", "20ms", env=self.faulty())
        before = descriptors(fleet.pid)
        self.set(**{f"{call}_errno": cause, f"{call}_left": 3})
        mark = fleet.mark()
        os.kill(self.pids()["bravo"], signal.SIGKILL)
        fleet.wait_line(rf"bravo: .*: {re.escape(os.strerror(cause))}", 15, after=mark)
        wait_until(lambda: self.workers()["bravo"]["state"] == "ready", 15, "bravo again")
        self.assertEqual(self.get(f"{call}_left"), 0)
        self.assertEqual(self.generations()["bravo"], 5, "one for each attempt")
        wait_until(lambda: descriptors(fleet.pid) == before, 15, f"{before} descriptors again")
        self.assertEqual(set(children(fleet.pid).values()) - {"S"}, set(), "no zombie")
        self.end(fleet)

    def test_a_fork_that_fails_is_tried_again_EAGAIN(self):
        self.check_recovery("fork", errno.EAGAIN)

    def test_a_fork_that_fails_is_tried_again_ENOMEM(self):
        self.check_recovery("fork", errno.ENOMEM)

    def test_a_pipe_that_fails_is_tried_again_EMFILE(self):
        self.check_recovery("pipe", errno.EMFILE)

    def test_an_exec_that_fails_is_tried_again(self):
        for cause in (errno.EAGAIN, errno.ENOMEM, errno.ENOENT, errno.EACCES, errno.EMFILE):
            with self.subTest(cause=os.strerror(cause)):
                self.check_recovery("exec", cause)

    def test_a_process_that_cannot_be_watched_is_killed_and_reaped(self):
        fleet = self.fleet("--restart-delay", "10ms", "--restart-delay-max", "10ms", env=self.faulty())
        before = descriptors(fleet.pid)
        self.set(dup_errno=errno.EMFILE, dup_left=3)  # segments are opened again by it too
        os.kill(self.pids()["bravo"], signal.SIGKILL)
        fleet.wait_line(rf"bravo: cannot watch {self.bin}/kconsume: Too many open files", 15)
        wait_until(lambda: self.get("dup_left") == 0 and self.workers()["bravo"]["state"] == "ready", 15, "bravo again")
        self.assertEqual(list(children(fleet.pid)), [self.pids()["bravo"]], "no zombie, and nobody else")
        wait_until(lambda: descriptors(fleet.pid) == before, 15, f"{before} descriptors again")
        self.end(fleet)

    def test_a_program_that_is_not_there_or_not_executable_holds_its_worker_and_is_released_when_it_is(self):
        for break_it, mend, cause in ((lambda p: p.rename(f"{p}.away"), lambda p: pathlib.Path(f"{p}.away").rename(p), errno.ENOENT),
                                      (lambda p: p.chmod(0o644), lambda p: p.chmod(0o755), errno.EACCES)):
            with self.subTest(cause=os.strerror(cause)):
                break_it(self.bin / "kconsume")
                fleet = self.fleet("--max-deaths", "3", "--restart-delay", "10ms", "--restart-delay-max", "10ms", ready=False)
                fleet.wait_line(rf"bravo: cannot start {self.bin}/kconsume: {os.strerror(cause)}", 15)
                fleet.wait_line(rf"bravo is held: cannot start {self.bin}/kconsume: {os.strerror(cause)}", 15)
                mend(self.bin / "kconsume")
                self.assertIn("bravo: ready", self.run_ok("kctl", "-i", self.instance, "release", "bravo"))
                self.end(fleet)


class Storms(Faults):
    def test_a_thousand_deaths_at_once_are_a_thousand_restarts(self):
        clients = [f"c{i}" for i in range(1000)]
        fleet = self.fleet("--start-timeout", "1h", "--hang-after", "1h", clients=",".join(clients),
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2))
        before = descriptors(fleet.pid)
        old = self.pids()
        self.assertEqual(len(old), 1000)
        for pid in old.values():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all((w["generation"], w["state"]) == (2, "ready") for w in self.workers().values()), 60, "a second generation of all", every=0.5)
        self.assertEqual(len(re.findall(r"generation 1\) was killed by SIGKILL", fleet.text())), 1000, "each death has its line")
        new = children(fleet.pid)
        self.assertEqual(set(new), set(self.pids().values()), "all of them, no zombie, and nobody else")
        wait_until(lambda: descriptors(fleet.pid) == before, 15, f"{before} descriptors again")
        self.end(fleet)

    def test_a_thousand_strangers_are_reaped_and_the_worker_is_left_alone(self):
        """What a worker leaves behind becomes the supervisor's child (it is a subreaper)."""
        self.script("kconsume", f"{READY}; i=0; while [ $i -lt 1000 ]; do (sleep 0.5 &) ; i=$((i+1)); done; echo left; exec sleep 1000")
        fleet = self.fleet()
        fleet.wait_line("left", 60)
        worker = self.pids()["bravo"]
        wait_until(lambda: set(children(fleet.pid)) == {worker}, 60, "the end of all strangers")
        self.assertEqual(self.generations()["bravo"], 1)
        self.end(fleet)


class Edges(Faults):
    def test_at_every_number_of_descriptors_it_works_or_says_why_not(self):
        worked = refused = 0
        for limit in range(14, 60, 2):
            fleet = self.fleet("--max-deaths", "3", "--restart-delay", "1ms", "--restart-delay-max", "1ms", clients="a,b,c", ready=False,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            wait_until(lambda: fleet.popen.poll() is not None or re.search(r"ready:|held|Too many open files", fleet.text()), 20, f"an outcome with {limit} descriptors")
            if fleet.popen.poll() is None:
                worked += "ready:" in fleet.text()
                self.assertEqual(set(children(fleet.pid).values()) - set("SRD"), set(), f"no zombie with {limit} descriptors")
                self.assertIn(fleet.interrupt(20), (0, 1), f"{limit} descriptors: {fleet.text()}")
            if "ready:" not in fleet.text():
                refused += 1
                self.assertIn("Too many open files", fleet.text(), f"{limit} descriptors")
            self.assert_nothing_left()
        self.assertGreater(worked, 0)
        self.assertGreater(refused, 0)

    def test_a_client_that_comes_when_no_descriptor_is_left_is_turned_away_and_costs_nothing(self):
        fleet = self.fleet()
        used = {int(name) for name in os.listdir(f"/proc/{fleet.pid}/fd")}
        resource.prlimit(fleet.pid, resource.RLIMIT_NOFILE, (min(set(range(len(used) + 1)) - used), 4096))
        try:
            done = self.run_program("kctl", "-i", self.instance, "status")
            self.assertEqual(done.status, 1, done.text())
            ticks = lambda: sum(map(int, pathlib.Path(f"/proc/{fleet.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
            before = ticks()
            self.run_program("/bin/sleep", "1")
            self.assertLess(ticks() - before, 20, "a fifth of a second of work would be a loop")
        finally:
            resource.prlimit(fleet.pid, resource.RLIMIT_NOFILE, (4096, 4096))
        self.assertIn("bravo: ready", self.run_ok("kctl", "-i", self.instance, "status"))
        self.end(fleet)

    def test_a_clock_that_is_set_changes_no_deadline_and_no_verdict(self):
        fleet = self.fleet("--hang-after", "1h", "--restart-delay", "300ms", "--restart-delay-max", "300ms", "--healthy-after", "1h", clients="bravo,zulu", env=self.faulty())
        for offset in (-3600, 86400, -86400, 0):
            self.set(wall_offset_s=offset)
            generation = self.generations()["bravo"]
            mark = fleet.mark()
            os.kill(self.pids()["bravo"], signal.SIGKILL)
            fleet.wait_line(r"bravo .* was killed by SIGKILL", 10, after=mark)
            self.set(wall_offset_s=-offset)  # while it waits for its restart
            wait_until(lambda: (w := self.workers()["bravo"])["generation"] == generation + 1 and w["state"] == "ready", 10, f"a restart in spite of {offset} s")
        self.assertEqual(self.generations()["zulu"], 1)
        self.assertEqual(len(re.findall("hangs|deadline|held", fleet.text())), 0, fleet.text())
        self.end(fleet)

    def test_a_heartbeat_from_before_the_clock_was_set_back_has_no_age(self):
        fleet = self.start("ksupervise", "--instance", self.instance, "--clients", "bravo", "--topic", self.topic(), "--no-producer", "--group", self.name("group"), env=self.faulty())
        fleet.wait_line("ready:", 30)
        pid = self.pids()["bravo"]
        os.kill(pid, signal.SIGSTOP)
        self.set(wall_offset_s=-3600)
        os.kill(pid, signal.SIGKILL)
        line = fleet.wait_line(r"bravo .* was killed by SIGKILL.*", 10).group()
        self.assertNotIn("last heartbeat", line)
        fleet.wait_line("bravo resumed at", 20)
        self.end(fleet)


class Stops(Faults):
    def test_a_stopped_child_is_not_a_dead_one(self):
        fleet = self.fleet()
        pid = self.pids()["bravo"]
        for _ in range(100):
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: children(fleet.pid)[pid] == "T", 5, "its stop")
        self.assertEqual(self.workers()["bravo"]["state"], "ready")
        self.assertEqual(self.generations()["bravo"], 1)
        os.kill(pid, signal.SIGCONT)
        wait_until(lambda: children(fleet.pid)[pid] == "S", 5, "its going on")
        self.end(fleet)

    def test_a_stopped_child_is_restarted_by_its_process_group_after_the_stop_timeout(self):
        self.script("kconsume", f"{READY}; sleep 1000 & echo grandchild $!; wait")
        fleet = self.fleet()
        pid = self.pids()["bravo"]
        grandchild = int(fleet.wait_line(r"grandchild (\d+)").group(1))
        os.kill(pid, signal.SIGSTOP)
        os.kill(grandchild, signal.SIGSTOP)
        self.assertIn("generation 2", self.run_ok("kctl", "-i", self.instance, "restart", "bravo"))
        self.assertFalse(alive(pid) or alive(grandchild))
        self.assertIn("bravo has not ended in 0.3 s: killed", fleet.text())
        self.end(fleet)


    def test_who_has_closed_its_channel_is_asked_to_stop_by_a_signal(self):
        self.script("kconsume", f"{READY}; exec 4>&-; trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done")
        fleet = self.fleet("--stop-timeout", "60s")
        wait_until(lambda: self.workers()["bravo"]["state"] == "ready", 15, "bravo")
        self.assertEqual(fleet.interrupt(20), 0)
        self.assertIn("asked", fleet.text())
        self.assert_nothing_left()

    def test_what_makes_the_topic_listens_to_no_channel_and_is_ended_by_a_signal(self):
        self.script("ktopic", "exec sleep 1000")
        fleet = self.fleet("--stop-timeout", "60s", ready=False)
        wait_until(lambda: children(fleet.pid), 15, "its process")
        self.assertEqual(fleet.interrupt(20), 0)
        self.assertNotIn("SIGTERM", fleet.text(), "as it was told: no line")
        self.assert_nothing_left()


class Answers(Faults):
    def test_an_answer_that_is_greater_than_the_socket_s_buffer_comes_whole(self):
        clients = [f"{'x' * 28}{i:04}" for i in range(1000)]
        self.script("kconsume", "exit 78")
        fleet = self.fleet(clients=",".join(clients), ready=False)
        wait_until(lambda: fleet.text().count("is held: exit code 78") == 1000, 60, "a thousand held workers, each with its reason", every=0.5)
        status = json.loads(self.run_ok("kctl", "-i", self.instance, "--json", "status"))
        self.assertEqual([worker["name"] for worker in status["workers"]], clients)
        self.assertGreater(len(json.dumps(status)), 250_000)
        self.end(fleet)


class Rollouts(Faults):
    def test_a_rolling_restart_stops_at_the_first_failure_and_touches_nobody_else(self):
        fleet = self.fleet("--restart-delay", "1h", "--restart-delay-max", "1h", clients="bravo,zulu,yank")
        self.run_ok("kctl", "-i", self.instance, "stop", "yank")
        before = self.workers()
        self.script("kconsume", "exit 9")
        done = self.run_program("kctl", "-i", self.instance, "rolling-restart", "all")
        self.assertEqual(done.status, 1)
        self.assertIn("bravo died before it was ready: exit code 9 (", done.text())
        self.assertEqual({name: self.workers()[name] for name in ("zulu", "yank")}, {name: before[name] for name in ("zulu", "yank")})
        fleet.wait_line("rolling restart: stopped: bravo died before it was ready")
        self.script("kconsume", f"{READY}; exec sleep 1000")
        out = self.run_ok("kctl", "-i", self.instance, "rolling-restart", "all")
        self.assertRegex(out, r"bravo: restarted, pid \d+, generation \d+\nzulu: restarted, pid \d+, generation 2$")
        self.assertEqual(self.workers()["yank"]["state"], "down", "who was stopped stays so")
        self.end(fleet)

    def test_a_second_one_is_refused_while_the_first_is_under_way_and_goes_on_without_its_client(self):
        fleet = self.fleet(clients="bravo,zulu")
        gate = self.folder / "gate"
        self.script("kconsume", f"while [ ! -e {gate} ]; do sleep 0.05; done; {READY}; exec sleep 1000")
        done = self.run_program("kctl", "-i", self.instance, "--timeout", "500ms", "rolling-restart", "all")
        self.assertIn("timed out; it continues in the background", done.text())
        self.assertIn("a rolling restart is under way", self.run_program("kctl", "-i", self.instance, "rolling-restart", "zulu").text())
        gate.touch()
        fleet.wait_line(r"rolling restart: zulu: restarted, pid \d+, generation 2", 20)
        self.assertEqual(self.generations(), {"bravo": 2, "zulu": 2})
        self.end(fleet)


class Crashes(Faults):
    def check_crash(self, signum):
        first = self.fleet(clients="bravo,zulu", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        workers = self.pids()
        lock_and_socket = sorted(os.listdir(os.path.join(self.runtime, "ksupervise")))
        first.send(signum)
        self.assertEqual(first.wait(10), -signum)
        wait_until(lambda: not any(alive(pid) for pid in workers.values()), 5, "the workers' end")
        self.assertEqual(sorted(os.listdir(os.path.join(self.runtime, "ksupervise"))), lock_and_socket, "all is left lying there")
        self.assertGreater(len(self.shared_memory()), 2)
        second = self.fleet(clients="bravo,zulu")
        second.wait_line(f"taking over from pid {first.pid}: counters and generations continue")
        self.assertEqual(self.generations(), {"bravo": 2, "zulu": 2})
        self.assertIn("bravo: ready", self.run_ok("kctl", "-i", self.instance, "status"))
        self.end(second)

    def test_after_a_crash_by_sigsegv_the_next_one_goes_on_with_what_is_left(self):
        self.check_crash(signal.SIGSEGV)

    def test_after_an_abort_the_next_one_goes_on_with_what_is_left(self):
        self.check_crash(signal.SIGABRT)


if __name__ == "__main__":
    main()
