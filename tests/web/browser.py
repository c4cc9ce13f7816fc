"""browser.py: what the tests of the page stand on: Chromium without a window, a stand-in for kweb with a fleet, and waiting for what the page should show.

    class Lanes(PageTest):
        fleet = "demo"

        def test_a_record_that_is_produced_arrives(self):
            self.open()
            self.press("Produce")
            self.until_text("results", "demo-topic [0] @ 0")

Rules: wait for a condition with a deadline (until…), never for a time; at the end of each test the browser's console must be empty.
"""

import os
import pathlib
import shutil
import sys
import time
import unittest

from selenium import webdriver
from selenium.common.exceptions import (ElementClickInterceptedException, ElementNotInteractableException, StaleElementReferenceException,
                                        WebDriverException)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import standin

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", ROOT / "build")).resolve()
AXE = ROOT / "build" / "web" / "axe.min.js"
PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1440,1000", "--disable-background-networking"]


def start_browser():
    options = webdriver.ChromeOptions()
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.binary_location = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


class Browser(unittest.TestCase):
    """A browser for the class, and what a test does with a page. `self.address` is the page's."""

    address = None
    expected_in_console = None  # what a line of the console may have in it: the browser tells there of each call that was refused, or not answered

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.driver = start_browser()
        cls.addClassCleanup(cls.driver.quit)

    def tearDown(self):
        lines = [line["message"] for line in self.driver.get_log("browser")]
        self.driver.get("about:blank")
        super().tearDown()
        self.assertEqual([line for line in lines if not (self.expected_in_console and self.expected_in_console in line)], [], "the browser's console")

    # --- opening ------------------------------------------------------------------------------------------------------------

    def size(self, width, height=1000, scale=1, dark=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                                                     {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def open(self):
        self.driver.get(self.address)
        self.until(lambda: self.text("connection") == "connected, live" and self.text("instance") != "", "the page is connected")

    # --- looking ------------------------------------------------------------------------------------------------------------

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def part(self, name):
        return self.one(f'[data-is="{name}"]')

    def run_js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, name):
        """What a part says, hidden or not."""
        return self.run_js("return document.querySelector(`[data-is=\"${arguments[0]}\"]`).textContent", name)

    def texts(self, selector):
        return self.run_js("return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector)

    def until(self, condition, what, seconds=10):
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            try:
                value = condition()
                if value:
                    return value
            except StaleElementReferenceException:
                pass
            if time.monotonic() > deadline:
                self.fail(f"{what}: not within {seconds * PATIENCE:g} s; the page says:\n{self.one('body').text[:4000]}")
            time.sleep(0.02)

    def until_text(self, name, wanted, seconds=10):
        return self.until(lambda: wanted in self.text(name), f"{name} says '{wanted}'", seconds)

    def lane_labels(self):
        return self.run_js("return [...document.querySelectorAll('.track')].map((node) => node.getAttribute('aria-label'))")

    # --- doing --------------------------------------------------------------------------------------------------------------

    def do(self, element, act, what):
        """What was painted just now may push an element away from where the driver looks for it: then once more."""
        def try_it():
            self.run_js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
            try:
                act()
                return True
            except (ElementNotInteractableException, ElementClickInterceptedException):
                return False
        self.until(try_it, what)

    def click(self, element):
        self.do(element, element.click, "it can be clicked")

    def press(self, label, within="body"):
        """The button that says this, once it can be pressed."""
        def find():
            return [b for b in self.one(within).find_elements(By.TAG_NAME, "button") if b.is_displayed() and b.is_enabled() and b.text == label]
        self.click(self.until(find, f"a button '{label}' that can be pressed")[0])

    def choose(self, name, value):
        Select(self.part(name)).select_by_value(value)

    def fill(self, element, text):
        self.do(element, element.clear, "it can be filled in")
        self.do(element, lambda: element.send_keys(text), "it takes keys")

    def target(self, worker):
        """Chooses the worker that the verbs are for."""
        self.until(lambda: self.all(f'input[name="target"][value="{worker}"]'), f"a row of {worker}")
        self.click(self.one(f'input[name="target"][value="{worker}"]'))
        self.until(lambda: self.text("target").split(" ")[0] == worker, f"the verbs are for {worker}")

    def kill(self, worker):
        self.target(worker)
        self.press("kill -9 …")
        self.press("Kill it", "#kill-dialog")

    def is_done(self, lesson):
        return self.run_js("return document.querySelector(`[data-lesson=\"${arguments[0]}\"] .tick`).classList.contains('done')", lesson)


class PageTest(Browser):
    """A stand-in with a fleet for each test: self.made is the fleet, self.server what serves it."""

    fleet = "demo"

    def setUp(self):
        super().setUp()
        self.made = standin.FLEETS[self.fleet]()
        self.server = standin.StandIn(self.made)
        self.server.__enter__()
        self.addCleanup(lambda: self.server.__exit__())
        self.address = self.server.address


def main():
    """Runs the file's tests, and closes with `N passed, N failed, N skipped`."""
    try:
        program = unittest.main(module="__main__", exit=False, verbosity=2)
    except WebDriverException as problem:
        print(problem)
        sys.exit(1)
    result = program.result
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{max(0, result.testsRun - failed - skipped)} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed else 0)
