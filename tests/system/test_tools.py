"""The tree in a folder with a space in its name, and what `make` needs for each target. No Kafka."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, clean_environment, main, work_folder

# Each has something done for it that a machine which only builds may lack.
NEED_TOOLS = {"play": "", "unit": "unit", "system": "test", "test": "test", "chaos": "test", "mutants": "test", "kafka": "kafka", "bench": "bench",
              "lint": "lint", "web": "web", "web-assets": "web", "format": "format", "fuzz": "fuzz"}


class Tools(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="test tools ", dir=work_folder()))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tree = self.folder / "a b"
        shutil.copytree(ROOT, self.tree, ignore=lambda folder, names: [".git", "build"] if pathlib.Path(folder) == ROOT else [])

    def run_ok(self, *words, **environment):
        done = subprocess.run(words, cwd=self.tree, env={**clean_environment(), **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}")
        return done.stdout

    def test_everything_works_from_a_folder_with_a_space_in_its_name(self):
        self.run_ok("make", "DEBUG=1", "build/debug/tests/common/test_names")
        self.assertIn(", 0 failed", self.run_ok("tests/run", "unit", "build/debug", "test_names"))
        self.assertIn("dnf install", self.run_ok("tools/setup", "--dry-run", "--all", "test", SETUP_MANAGER="dnf"))
        target = self.folder / "in to"
        self.run_ok("make", "-n", "install", f"DESTDIR={target}")
        self.run_ok("tools/clean")
        self.assertFalse((self.tree / "build").exists())
        (self.tree / "build").mkdir()
        (self.tree / "build" / "bin").symlink_to(BUILD / "bin")
        self.assertIn("usage: ", self.run_ok("tools/play", "build/bin", PLAY="--help").lower())
        self.assertIn("order-per-key", self.run_ok("build/bin/ktour", "--list"))

    def test_what_a_target_needs_is_looked_for_before_anything_else_is_done(self):
        for target, profile in NEED_TOOLS.items():
            with self.subTest(target=target):
                first = self.run_ok("make", "-n", "V=1", target).splitlines()[0]
                self.assertEqual(first, f"tools/setup {profile}".strip())

    def test_each_profile_has_what_it_is_for(self):
        has = {"unit": ["check-devel", "python3"], "fuzz": ["clang"], "format": ["clang-tools-extra"], "lint": ["clang", "clang-tools-extra"], "kafka": ["maven"], "web": ["chromedriver", "python3-selenium"], "test": ["check-devel", "maven"]}  # dnf's names
        for profile, packages in has.items():
            with self.subTest(profile=profile):
                words = self.run_ok("tools/setup", "--dry-run", "--all", profile, SETUP_MANAGER="dnf").split()
                self.assertEqual([package for package in packages if package not in words], [])
        self.assertIn("clang", self.run_ok("tools/setup", "--dry-run", "--all", SETUP_MANAGER="dnf", CC="clang").split())
        self.assertNotIn("clang", self.run_ok("tools/setup", "--dry-run", "--all", SETUP_MANAGER="dnf").split())


if __name__ == "__main__":
    main()
