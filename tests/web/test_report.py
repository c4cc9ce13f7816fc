"""kstat --report: the page with a capture in it, opened as a file, after the instance is gone."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

import harness
from browser import Browser, main


class Report(Browser, harness.SystemTest):
    """A fleet whose consumer dies while a capture is made of it."""

    def setUp(self):
        super().setUp()
        topic = self.name("report")
        supervisor = self.supervise("--clients", "bravo", "--topic", topic, "--rate", "20", "--quiet")
        supervisor.wait_line(r"ready: bravo", 60)
        self.look()
        self.run_ok("kctl", "-i", self.instance, "kill", "bravo", "KILL")
        supervisor.wait_line(r"bravo resumed at", 60)
        self.until_so("bravo.state == ready")
        self.look()
        supervisor.interrupt()
        self.run_ok("kstat", "-f", self.folder / "night.cap", "--report", self.folder / "night.html")
        self.address = f"file://{self.folder / 'night.html'}"
        self.size(1440)

    def look(self):
        self.run_ok("kstat", "-i", self.instance, "--dump", self.folder / "night.cap")

    def until_so(self, condition):
        self.run_ok("kstat", "-i", self.instance, "--until", condition, "--timeout", "60s", seconds=70)

    def open(self):
        self.driver.get(self.address)
        self.until_text("connection", "a capture")

    def generation(self):
        return self.run_js("return JSON.parse(document.getElementById('recording').textContent).snapshots.map((s) => s.workers.find((w) => w.name === 'bravo').generation)")

    def test_it_is_whole_and_asks_no_server(self):
        self.open()
        self.assertEqual(self.text("instance"), self.instance)
        self.assertEqual(self.generation(), [1, 2])
        self.until(lambda: "died" in self.one("#timeline").text or self.all("#timeline svg"), "the timeline is drawn")
        self.assertEqual(self.run_js("return performance.getEntriesByType('resource').filter((entry) => entry.name.startsWith('http')).length"), 0)

    def test_a_capture_of_two_lives_has_the_events_of_each(self):
        again = self.supervise("--clients", "bravo", "--topic", self.name("report"), "--rate", "20", "--quiet")
        again.wait_line(r"ready: bravo", 60)
        self.look()
        again.interrupt()
        self.run_ok("kstat", "-f", self.folder / "night.cap", "--report", self.folder / "night.html")
        self.open()
        numbers = self.run_js("return JSON.parse(document.getElementById('recording').textContent).events.map((e) => e.sequence)")
        second = numbers.index(1, 1)
        self.assertEqual(numbers, [*range(1, second + 1), *range(1, len(numbers) - second + 1)])
        self.click(next(s for s in self.all("summary") if s.text.startswith("Events")))
        self.until(lambda: [int(text) for text in self.texts('[data-is="event-rows"] td:nth-child(2)')] == numbers[::-1], "the page lists those of both")

    def test_its_moments_are_gone_through_and_nothing_can_be_done_in_them(self):
        self.open()
        moment = self.one(".recording output")
        self.until(lambda: moment.text.endswith("2 of 2"), "it begins with the last")
        self.press("‹", ".recording")
        self.until(lambda: moment.text.endswith("1 of 2"), "the one before")
        self.until(lambda: "0" == self.texts("#workers tbody tr td:nth-child(7)")[0], "it had not been restarted then")
        self.assertFalse(self.one("#act").is_displayed())
        stop = next(button for button in self.all("#workers button") if button.text == "Stop")
        self.assertFalse(stop.is_enabled())

    def test_a_script_in_a_text_stays_a_text(self):
        html = (self.folder / "night.html").read_text()
        place = html.index('id="recording"')
        self.assertNotIn("<", html[place:html.index("</script>", place)])


if __name__ == "__main__":
    main()
