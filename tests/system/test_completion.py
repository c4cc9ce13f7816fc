"""Completion in a real bash, and in zsh and fish where they are: the candidates that a shell would offer."""

import shlex
import shutil
import subprocess
import unittest

from harness import BUILD, ROOT, SystemTest, main

SCRIPTS = ROOT / "tools" / "completion"

# As readline calls it: the words as bash cuts them, the cursor behind the last.
BASH = r"""
compopt() { printf 'compopt %s\n' "$*" >&2; }
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_ksupervise_complete
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(SystemTest):
    def bash(self, *words):
        """The candidates for the last of the words, which are cut as bash does: at '=' and ':' too."""
        done = subprocess.run(["/bin/bash", "--norc", "-c", BASH, "bash", SCRIPTS / "ksupervise.bash", BUILD / "bin" / words[0], *words[1:]],
                              cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_flags_choices_and_verbs_come_from_each_programs_own_tables(self):
        for program in ("ksupervise", "kproduce", "kconsume", "kstat", "kctl", "kbroker", "kaudit", "kweb"):
            flags = self.bash(program, "--")
            self.assertIn("--help", flags, program)
            shown = self.run_ok(program, "--help")
            self.assertEqual([flag for flag in flags if flag not in shown], [], program)
            self.assertNotIn("--supervised", flags)
        self.assertEqual(self.bash("ksupervise", "--restart", "a"), ["always"])
        self.assertEqual(self.bash("ksupervise", "--restart", "=", "on"), ["on-failure"])
        self.assertEqual(self.bash("ksupervise", "--restart-delay-m"), ["--restart-delay-max"])
        self.assertEqual(self.bash("kproduce", "--method", "bl"), ["blik"])
        self.assertEqual(self.bash("kproduce", "--workload", "o"), ["orders"])
        self.assertEqual(self.bash("kctl", "re"), ["restart", "reload", "resume", "remove-client", "reset", "release"])
        self.assertEqual(self.bash("kctl", "kill", "bravo", "KI"), ["KILL"])
        self.assertEqual(self.bash("kctl", "produce", "user=marek", "amo"), ["amount="] * 3)
        self.assertEqual(self.bash("ktopic", "re"), ["read", "retention"])
        self.assertEqual(self.bash("ktopic", "read", "--from"), ["--from-beginning"])
        self.assertEqual(self.bash("ktopic", "dlq", "sh"), ["show"])
        self.assertEqual(self.bash("ktopic", "peek", "pay"), ["payments"])
        self.assertEqual(self.bash("kconsume", "--pipeline", "val"), ["validate"])
        self.assertEqual(self.bash("ksupervise", "--pipeline", "validate,pr"), ["validate,print"])
        self.assertEqual(self.bash("ktour", "two"), ["two-groups"])

    def test_kctls_verbs_are_those_that_it_explains(self):
        shown = self.run_ok("kctl", "--help").split("Verbs:\n")[1].split("Exit codes:")[0]
        explained = {word.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2] != " " for word in line.split("  ")[1].split(",")}
        self.assertEqual(set(self.bash("kctl", "")), explained)

    def test_files_and_folders_are_the_shells(self):
        (self.folder / "fleet.ini").write_text("")
        (self.folder / "fleets").mkdir()
        self.assertEqual(sorted(self.bash("ksupervise", "--config", "fl")), ["fleet.ini", "fleets"])
        self.assertEqual(self.bash("ksupervise", "--config", "=", "fleet."), ["fleet.ini"])
        self.assertEqual(self.bash("ksupervise", "--log-dir", "fl"), ["fleets"])

    def living(self):
        topic = self.topic(stem="complete")
        fleet = self.supervise("--clients", "bravo,zulu", "--group", self.name("g"), "--topic", topic, "--quiet", "--rate", "50")
        fleet.wait_line("ready:", 30)
        return fleet, topic

    def test_what_runs_is_offered_by_name(self):
        fleet, topic = self.living()
        self.assertEqual(sorted(self.bash("kctl", "-i", self.instance, "pause", "")), ["all", "bravo", "producer", "zulu"])
        self.assertEqual(self.bash("kstat", "-i", self.instance, "br"), ["bravo"])
        self.assertEqual(self.bash("kstat", "-i", self.instance[:-2]), [self.instance])
        self.assertEqual(self.bash("kctl", "--instance", "=", self.instance[:-2]), [self.instance])
        self.assertEqual(set(self.bash("ktopic", "describe", "complete-")) & {topic}, {topic})
        self.assertIn(self.name("g"), self.bash("ktopic", "group", "g-"))
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(self.bash("kctl", "-i", self.instance, "pause", "b"), [])
        self.assert_nothing_left()

    @unittest.skipUnless(shutil.which("fish"), "there is no fish")
    def test_fish_offers_the_same_with_help(self):
        fleet, _ = self.living()

        def fish(line):
            script = f"source {SCRIPTS}/ksupervise.fish; complete -C {shlex.quote(line)}"
            return self.run_ok("/usr/bin/env", "fish", "--no-config", "-c", script, env={"PATH": f"{BUILD}/bin:/usr/bin:/bin", "HOME": str(self.folder)}).splitlines()

        self.assertIn("bravo\tready, of instance " + self.instance, fish(f"kctl -i {self.instance} pause b"))
        self.assertEqual([line.split("\t")[0] for line in fish("ksupervise --restart on")], ["on-failure"])
        (self.folder / "fleet.ini").write_text("")
        self.assertIn("fleet.ini", [line.split("\t")[0] for line in fish("ksupervise --config fle")])
        self.assertEqual(fleet.interrupt(), 0)

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_zsh_offers_the_same(self):
        fleet, _ = self.living()
        # Completion needs a terminal; what the script hands to _describe does not.
        script = (f"_describe() {{ print -l -- ${{(P)argv[-1]}} }}; _files() {{ print files \"$@\" }}; ask() {{ local -a words=(\"$@\"); integer CURRENT=$#; "
                  f"source {SCRIPTS}/ksupervise.zsh }}; ")

        def zsh(*words):
            return self.run_ok("/usr/bin/env", "zsh", "-f", "-c", script + "ask " + " ".join(map(shlex.quote, words)), env={"PATH": f"{BUILD}/bin:/usr/bin:/bin"}).splitlines()

        self.assertEqual(zsh("kctl", "-i", self.instance, "pause", "b"), [f"bravo:ready, of instance {self.instance}"])
        self.assertEqual(zsh("ksupervise", "--config", ""), ["files"])
        self.assertEqual([line.split(":")[0] for line in zsh("ktopic", "re")], ["read", "retention"])
        self.assertEqual(fleet.interrupt(), 0)


if __name__ == "__main__":
    main()
