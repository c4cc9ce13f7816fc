"""The page for everybody: no violation that axe-core knows, any width from a phone's on, twice the size, light and dark; and a large fleet within its bounds."""

from browser import AXE, PageTest, main

WIDTHS = (375, 768, 1440)
WIDER_THAN_THE_WINDOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Demo(PageTest):
    def setUp(self):
        super().setUp()
        for i in range(5):
            self.made.produce({"content": f"hello {i}", "key": "k"})
        self.until_taken()
        self.made.acknowledge("A", 0, 0)
        self.made.acknowledge("A", 3, 0)
        self.made.verb("kill", "B", {"signal": "KILL"})

    def until_taken(self):
        self.until(lambda: all(group.position == [5] for group in self.made.groups.values()), "the records are taken")

    def violations(self):
        self.assertTrue(AXE.exists(), f"{AXE} is missing: make web-assets")
        self.run_js(AXE.read_text())
        result = self.driver.execute_async_script("axe.run(document, {resultTypes: ['violations']}).then(arguments[0], (error) => arguments[0]({violations: [{id: String(error), nodes: []}]}))")
        return [(found["id"], [node["html"][:200] for node in found["nodes"]][:3]) for found in result["violations"]]

    def show_all(self):
        """Each section is painted when it is first seen."""
        for section in self.all("section"):
            self.run_js("arguments[0].scrollIntoView({behavior: 'instant'})", section)
            self.run_js("return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        self.until(lambda: len(self.all(".chart canvas")) == 4 and self.all(".timeline .sign.died") and self.all(".picture .yes"), "all is painted")

    def test_axe_finds_nothing_at_any_width_in_light_and_dark(self):
        for width in WIDTHS:
            for dark in (False, True):
                with self.subTest(width=width, dark=dark):
                    self.size(width, dark=dark)
                    self.open()
                    self.show_all()
                    self.assertEqual(self.violations(), [])

    def test_axe_finds_nothing_in_what_is_opened(self):
        self.size(1440)
        self.open()
        for summary in self.all("summary"):
            self.click(summary)
        self.press("As a table")
        self.press("Dry run")
        self.until_text("results", "Dry run")
        self.assertEqual(self.violations(), [])
        self.press("kill -9 …")
        self.assertEqual(self.violations(), [])
        self.press("Cancel", "#kill-dialog")
        self.press("Join another group …", ".verbs")
        self.assertEqual(self.violations(), [])
        self.press("Cancel", "#join-dialog")
        self.press("Look")
        self.until_text("record-text", "hello 0")
        self.assertEqual(self.violations(), [])

    def test_nothing_is_wider_than_the_window(self):
        for width in (*WIDTHS, 320, 1024, 2560):
            with self.subTest(width=width):
                self.size(width)
                self.open()
                self.show_all()
                self.assertEqual(self.run_js(WIDER_THAN_THE_WINDOW), 0)

    def test_twice_the_size_has_all_that_the_page_has(self):
        self.size(720, 500, scale=2)  # a window of 1440 × 1000 at 200 %
        self.open()
        self.show_all()
        self.assertEqual(self.run_js(WIDER_THAN_THE_WINDOW), 0)
        self.press("Pause", ".verbs")
        self.until(lambda: self.made.workers[0].paused, "a button does what it says")


class Large(PageTest):
    """50 workers of 12 partitions."""

    fleet = "large"
    NODES_MAX = 6000

    def nodes(self):
        return self.run_js("return document.getElementsByTagName('*').length")

    def test_what_is_in_the_page_has_a_bound(self):
        self.size(1440)
        self.open()
        self.until_text("workers", "50 consumers, 51 of 51 ready")
        for section in self.all("section"):
            self.run_js("arguments[0].scrollIntoView({behavior: 'instant'})", section)
            self.run_js("return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        self.until(lambda: "of 600" in self.text("page"), "the lanes are on several pages")
        for _ in range(3):
            self.made.verb("kill", "all", {"signal": "KILL"})
            self.until(lambda: all(worker.state == "ready" for worker in self.made.workers), "they are back")
        newest = self.made.sequence
        self.until(lambda: f"({newest:,})" == self.text("event-count"), "all events came")
        self.assertLess(self.nodes(), self.NODES_MAX)
        self.run_js("scrollTo(0, 0)")
        first = self.until(lambda: self.texts(".lane h3"), "lanes")
        self.click(self.part("worst"))
        self.click(self.part("later"))
        self.until(lambda: self.texts(".lane h3") and self.texts(".lane h3") != first, "another page of them")
        self.fill(self.part("filter"), "topic-07 [11]")
        self.until(lambda: self.texts(".lane h3") == ["topic-07 [11]"], "the one that is looked for")


ROUNDS = """
const [done] = arguments;
import('/page/frame.js').then(({ createFrame }) => {
  const frame = createFrame();
  const painted = [];
  let frames = 0;
  const count = () => { frames++; if (painted.length < 8) { frame.request(); requestAnimationFrame(count); } else done(painted); };
  const work = (name) => () => {
    const until = performance.now() + 30;
    while (performance.now() < until);
    painted.push([name, frames]);
  };
  for (const name of ['a', 'b', 'c', 'd']) frame.add(work(name));
  requestAnimationFrame(count);
});
"""


class Frames(PageTest):
    def test_what_is_too_much_for_a_frame_goes_on_in_the_next_and_each_part_has_its_turn(self):
        self.open()
        painted = self.driver.execute_async_script(ROUNDS)
        self.assertEqual([name for name, _ in painted], ["a", "b", "c", "d"] * 2, "also while it is asked for again in every frame")
        self.assertEqual(len({frame for _, frame in painted}), 8, "one a frame")


if __name__ == "__main__":
    main()
