"""A capture file opened in the page of a real kweb, in the place of the living fleet, and the way back to it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

import test_real
from browser import main

DROP = """
const data = new DataTransfer();
data.items.add(new File([Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0))], 'dropped.cap'));
document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
"""


class Captures(test_real.Fleet):
    """The demonstration's fleet, of which a capture was made before and after its consumer A was killed."""

    def setUp(self):
        super().setUp()
        config = self.folder / "fleet.ini"
        config.write_text(test_real.FLEET.format(topic=self.name("captures")))
        self.begin("--config", config, *self.arguments, ready=r"ready: A.*B|ready: B.*A")

    arguments = ()

    def look(self):
        self.run_ok("kstat", "-i", self.instance, "--dump", self.folder / "night.cap")

    def choose(self, path):
        self.one('[data-is="capture-file"]').send_keys(str(path))

    def rows(self):
        return self.texts("#workers tbody tr td:nth-child(7)")[:2]

    def capture_of_two_moments(self):
        self.look()
        self.kill("A")
        self.until(lambda: "1" in self.rows(), "A is restarted")
        self.run_ok("kstat", "-i", self.instance, "--until", "A.state == ready", "--timeout", "60s", seconds=70)
        self.look()

    def test_it_is_gone_through_and_there_is_a_way_back(self):
        self.capture_of_two_moments()
        self.choose(self.folder / "night.cap")
        self.until_text("connection", "a capture")
        moment = self.one(".recording output")
        self.until(lambda: moment.text.endswith("2 of 2"), "it begins with the last")
        self.assertIn("night.cap", self.one(".recording").text)
        self.until(lambda: "1" in self.rows(), "A had been restarted then")
        self.press("‹", ".recording")
        self.until(lambda: self.rows() == ["0", "0"], "nobody had been restarted at first")
        self.assertFalse(self.one("#act").is_displayed())
        self.click(next(s for s in self.all("summary") if s.text.startswith("Events")))
        self.until(lambda: "killed" in self.texts('[data-is="event-rows"] td:nth-child(4)') or "died" in self.texts('[data-is="event-rows"] td:nth-child(4)'), "its events")
        self.press("Back to live", ".recording")
        self.until_text("connection", "connected, live")
        self.assertEqual(self.all(".recording"), [])
        self.until(lambda: "1" in self.rows(), "what is now")
        self.until(lambda: self.one("#act").is_displayed(), "it can be acted on again")
        newest = self.run_js("return fetch('/status').then(() => document.querySelector('[data-is=event-rows] td:nth-child(2)').textContent)")
        self.assertGreater(int(newest), 3)

    def test_a_dropped_file_is_opened_too_and_another_in_its_place(self):
        import base64
        self.look()
        data = base64.b64encode((self.folder / "night.cap").read_bytes()).decode()
        for _ in range(2):
            self.run_js(DROP, data)
            self.until(lambda: self.all(".recording") and "dropped.cap" in self.one(".recording").text, "the capture")
            self.assertEqual(len(self.all(".recording")), 1)

    def test_what_is_no_capture_is_refused_with_the_reason(self):
        self.expected_in_console = "400"
        path = self.folder / "notes.txt"
        path.write_text("hello")
        self.choose(path)
        self.until_text("capture-said", "notes.txt: the file is not a capture: kstat --dump writes one")
        self.assertIn("connected, live", self.text("connection"))


class ReadOnly(Captures):
    """A page that changes nothing opens captures, too."""

    arguments = ("--http-read-only",)
    test_a_dropped_file_is_opened_too_and_another_in_its_place = test_what_is_no_capture_is_refused_with_the_reason = None

    def capture_of_two_moments(self):
        self.look()
        self.run_ok("kctl", "-i", self.instance, "kill", "A", "KILL")
        self.run_ok("kstat", "-i", self.instance, "--until", "A.state == ready", "A.restarts == 1", "--timeout", "60s", seconds=70)
        self.look()


if __name__ == "__main__":
    main()
