"""The eight lessons, done as a reader does them, with the page's own buttons."""

from browser import PageTest, main


class Lessons(PageTest):
    def setUp(self):
        super().setUp()
        self.size(1440)
        self.open()

    def tearDown(self):
        self.run_js("localStorage.clear()")
        super().tearDown()

    def until_done(self, lesson):
        self.until(lambda: self.is_done(lesson), f"the lesson {lesson} is ticked off")

    def until_step(self, lesson, step):
        """So many of its steps are done."""
        self.until(lambda: self.run_js(f"return document.querySelectorAll('[data-lesson={lesson}] li.done').length") >= step, f"step {step} of {lesson}")

    def produce(self, count=1):
        for _ in range(count):
            before = self.text("results").count("Produced")
            self.press("Produce")
            self.until(lambda: self.text("results").count("Produced") > before or self.text("results").count("Produced") == 8, "it is produced")


class Demo(Lessons):
    """What make demo-ack starts."""

    def test_fan_out(self):
        self.produce()
        self.until_done("fan-out")
        self.driver.refresh()
        self.until_done("fan-out")
        self.until_text("lessons-done", "1 of 8 done")
        self.press("Begin again")
        self.until_text("lessons-done", "0 of 8 done")

    def test_resume(self):
        self.produce(3)
        self.until(lambda: self.made.groups["demo-A"].position == [3], "A has them")
        self.kill("A")
        self.until_step("resume", 2)
        self.assertFalse(self.is_done("resume"))
        self.press("All its records")
        self.until_done("resume")

    def test_independent_acknowledgement(self):
        self.produce(4)
        self.until_step("acknowledgement", 1)
        self.fill(self.part("ack-from"), "2")
        self.press("Acknowledge")
        self.until_step("acknowledgement", 2)
        self.kill("A")
        self.until_step("acknowledgement", 4)
        self.press("All its records")
        self.until_done("acknowledgement")

    def test_lag(self):
        self.target("B")
        self.press("Pause", ".verbs")
        self.until_step("lag", 1)
        self.produce(2)
        self.until_step("lag", 2)
        self.press("Resume", ".verbs")
        self.until_step("lag", 3)
        self.choose("ack-worker", "B")
        self.until(lambda: self.made.groups["demo-B"].position == [2], "B has them")
        self.press("All its records")
        self.until_done("lag")

    def test_a_lesson_that_needs_another_fleet_says_how_to_start_it(self):
        self.click(self.one('[data-lesson="work-sharing"] summary'))
        self.assertIn("build/bin/ksupervise --http 8000 --clients alpha,beta --group shared --rate 5", self.one('[data-lesson="work-sharing"]').text)


class Payments(Lessons):
    fleet = "payments"

    def test_work_sharing(self):
        self.target("bravo")
        self.press("Scale", ".verbs")
        self.until_step("work-sharing", 1)
        scale = self.one('.verb input[aria-label^="Scale"]')
        self.fill(scale, "3")
        self.press("Scale", ".verbs")
        self.until_step("work-sharing", 2)
        self.target("bravo.2")
        self.press("Stop", ".verbs")
        self.until_done("work-sharing")

    def test_fan_out_where_a_group_joins(self):
        self.until_step("fan-out", 1)
        self.target("bravo")
        self.press("Join this group", ".verbs")
        self.until_step("work-sharing", 1)

    def test_batching(self):
        self.until_step("batching", 1)
        self.target("producer")
        self.fill(self.one('.verb input[aria-label^="Set rate"]'), "2000")
        self.press("Set rate", ".verbs")
        self.until_done("batching")

    def test_dead_letters(self):
        self.fill(self.one("input[name=user]"), "mallory")
        self.press("Produce")
        self.until_step("dead-letters", 2)
        self.click(self.one('[data-lesson="dead-letters"] summary'))
        self.press("Done", '[data-lesson="dead-letters"]')
        self.until_done("dead-letters")
        self.until(lambda: "dead-letters payments replay" in " ".join(self.texts('[data-is="letter-verbs"] code')), "how they are sent back")

    def test_exactly_once(self):
        for step in (2, 4):
            self.kill("bravo")
            self.until_step("exactly-once", step)
        self.click(self.one('[data-lesson="exactly-once"] summary'))
        self.press("Done", '[data-lesson="exactly-once"]')
        self.until_done("exactly-once")


if __name__ == "__main__":
    main()
