"""The page against an invented fleet: what it shows, what its buttons do, and that it comes back."""

import xml.etree.ElementTree

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import standin
from browser import PageTest, main


class Demo(PageTest):
    """Two clients, a group each, one partition, acknowledged one by one."""

    def setUp(self):
        super().setUp()
        self.size(1440)
        self.open()

    def produce(self, count):
        for i in range(count):
            self.made.produce({"content": f"hello {i}", "key": "alpha"})
        self.until(lambda: all(group.position == [len(self.made.logs["demo-topic"][0])] for group in self.made.groups.values()), "both have it")

    def group(self, name):
        return self.made.groups[f"demo-{name}"]

    # --- the head ------------------------------------------------------------------------------------------------------------

    def test_the_head_says_what_is_looked_at(self):
        self.assertEqual(self.text("instance"), "demo")
        self.assertEqual(self.text("broker"), "127.0.0.1:9092")
        self.assertIn("pid 4710, up ", self.text("supervisor"))
        self.until_text("workers", "2 consumers, 3 of 3 ready")

    def test_the_colours_are_the_systems_until_the_reader_says_otherwise(self):
        ground = "return getComputedStyle(document.documentElement).backgroundColor"
        light = self.run_js(ground)
        self.press("Dark")
        self.assertNotEqual(self.run_js(ground), light)
        self.driver.refresh()
        self.until_text("connection", "connected")
        self.assertNotEqual(self.run_js(ground), light)
        self.press("Light")
        self.assertEqual(self.run_js(ground), light)
        self.run_js("localStorage.clear()")

    # --- records ---------------------------------------------------------------------------------------------------------------

    def test_a_record_is_produced_and_arrives_in_each_lane(self):
        self.fill(self.one("input[name=content]"), "it's here")
        self.until(lambda: self.text("produce-command") == "kctl -i demo produce content='it'\\''s here' key=alpha", "the same as a command")
        self.press("Produce")
        self.until_text("results", "Produced: demo-topic [0] @ 0")
        self.assertEqual(self.made.record("demo-topic", 0, 0)["value"], {"content": "it's here", "key": "alpha"})
        self.until(lambda: self.lane_labels() == [f"demo-{name}: committed 0, position 1, end 1, lag 1" for name in "AB"], "both lanes have it")

    def test_what_is_no_json_is_not_sent(self):
        self.choose("schema", "JSON")
        self.fill(self.one("textarea[name=json]"), "{")
        self.press("Produce")
        self.until_text("results", "This is not JSON")
        self.assertEqual(self.made.logs["demo-topic"][0], [])

    def test_a_record_is_shown_by_a_click_and_acknowledged_there(self):
        self.produce(3)
        self.click(self.until(lambda: self.all('.track[data-group="demo-A"] [data-offset="1"]'), "the record is drawn")[0])
        self.until_text("record-text", '"content": "hello 1"')
        self.assertEqual(self.text("record-place"), "demo-topic [0] @ 1")
        self.press("Acknowledge for A", "#record-dialog")
        self.until(lambda: self.group("A").ahead[0] == {1}, "A has acknowledged it")
        self.assertEqual(self.group("B").ahead[0], set())

    def test_a_record_is_shown_by_its_offset_and_one_that_is_not_there_is_told(self):
        self.expected_in_console = "status of 404"
        self.produce(1)
        self.press("Look")
        self.until_text("record-text", '"content": "hello 0"')
        self.press("Close", "#record-dialog")
        self.fill(self.part("record-offset"), "7")
        self.until(lambda: self.text("record-command") == "kctl -i demo peek demo-topic 0 7", "the same as a command")
        self.press("Look")
        self.until_text("record-said", "topic demo-topic: partition 0 has no offset 7")
        self.press("Close", "#record-dialog")

    def test_a_large_number_is_sent_and_shown_as_it_is(self):
        self.choose("schema", "JSON")
        self.fill(self.one("textarea[name=json]"), '{"content": "large", "transfer": 73314510714175489, "none": {}, "some": [1, "a \\" b"]}')
        self.press("Produce")
        self.until(lambda: self.made.logs["demo-topic"][0], "the record is in the topic")
        self.assertEqual(self.made.record("demo-topic", 0, 0)["value"]["transfer"], 73314510714175489)
        self.press("Look")
        self.until_text("record-text", '    "transfer": 73314510714175489,\n    "none": {},\n    "some": [\n      1,\n      "a \\" b"\n    ]')

    # --- acknowledging -----------------------------------------------------------------------------------------------------------

    def test_acknowledges_one_a_range_and_all(self):
        self.produce(6)
        self.fill(self.part("ack-from"), "4")
        self.until(lambda: self.text("ack-command") == "kctl -i demo ack A 0:4", "the same as a command")
        self.press("Acknowledge")
        self.until_text("results", "acknowledged before 0, and 1 beyond; 5 not")
        self.fill(self.part("ack-from"), "0")
        self.fill(self.part("ack-to"), "1")
        self.press("Acknowledge")
        self.until_text("results", "Acknowledged for A: 2 records")
        self.until(lambda: "demo-A: committed 2, position 6, end 6, lag 4" in self.lane_labels(), "the lane has it")
        self.assertEqual(self.kinds("demo-A"), ["committed"] * 2 + ["held"] * 2 + ["acknowledged", "held"])
        self.press("All its records")
        self.until(lambda: self.group("A").committed == [6], "all are acknowledged")
        self.assertEqual(self.group("B").committed, [0])

    def kinds(self, group):
        script = "return [...document.querySelectorAll(`.track[data-group='${arguments[0]}'] [data-offset]`)].map((node) => node.getAttribute('class').split(' ')[1])"
        return self.run_js(script, group)

    def test_a_refusal_is_told_with_its_reason(self):
        self.expected_in_console = "status of 409"
        self.produce(1)
        self.fill(self.part("ack-from"), "9")
        self.press("Acknowledge")
        self.until_text("results", "A: offset 9 of partition 0 was not received yet")
        self.assertEqual(len(self.all(".results li.failed")), 1)
        self.assertEqual(self.one("[role=log]").get_attribute("aria-live"), "polite")

    # --- resets ------------------------------------------------------------------------------------------------------------------

    def test_a_reset_is_drawn_on_the_lanes_before_it_is_made(self):
        self.produce(4)
        self.made.acknowledge("A", 0, 0)
        self.made.acknowledge("A", 1, 0)
        self.until(lambda: any("demo-A: committed 2" in label for label in self.lane_labels()), "two are committed")
        self.assertFalse(self.part("reset-do").is_enabled())
        self.press("Dry run")
        self.until(lambda: "demo-A: committed 2, position 4, end 4, lag 2; a reset would set it to 0" in self.lane_labels(), "the plan is drawn")
        self.assertEqual((len(self.all(".mark.plan:not([display])")), self.group("A").committed), (1, [2]))
        self.press("Reset")
        self.until_text("results", "demo-topic [0] 2 → 0")
        self.assertEqual(self.group("A").committed, [0])
        self.run_js("scrollTo(0, 0)")
        self.until(lambda: not self.all(".mark.plan:not([display])"), "it is drawn no more")

    def test_another_request_forgets_the_dry_run(self):
        self.produce(2)
        self.press("Dry run")
        self.until(lambda: self.part("reset-do").is_enabled(), "the reset may be made")
        self.choose("reset-to", "shift")
        self.assertFalse(self.part("reset-do").is_enabled())
        self.fill(self.part("reset-number"), "-1")
        self.until(lambda: self.text("reset-command") == "kctl -i demo reset A --to shift -1 --dry-run", "the same as a command")

    # --- the verbs ---------------------------------------------------------------------------------------------------------------

    def worker(self, name):
        return next(w for w in self.made.workers if w.name == name)

    def test_every_verb_does_what_its_command_does(self):
        self.target("A")
        steps = [("Pause", "kctl -i demo pause A", lambda: self.worker("A").paused), ("Resume", "kctl -i demo resume A", lambda: not self.worker("A").paused),
                 ("Stop", "kctl -i demo stop A", lambda: self.worker("A").pid is None), ("Start", "kctl -i demo start A", lambda: self.worker("A").state == "ready"),
                 ("Restart", "kctl -i demo restart A", lambda: self.worker("A").generation == 3),
                 ("Scale", "kctl -i demo scale A 2", lambda: any(w.name == "A.2" for w in self.made.workers))]
        for label, command, is_so in steps:
            with self.subTest(verb=label):
                self.assertIn(command, self.texts(".verb code"))
                self.press(label, ".verbs")
                self.until(is_so, f"{label} is done")
        self.press("Rolling restart", ".verbs")
        self.until(lambda: self.worker("A").generation == 4, "both are restarted")
        self.target("all")
        self.press("Reload configuration", ".verbs")
        self.until_text("results", "nothing has changed")
        self.target("producer")
        self.press("Set rate", ".verbs")
        self.until(lambda: self.made.rate == 5.0, "the rate is set")
        self.press("Last lines", ".verbs")
        self.until_text("results", "[client producer] line 9 of its log")

    def test_one_more_joins_the_group_and_another_client_a_group_of_its_own(self):
        self.expected_in_console = "status of 409"
        self.target("A")
        self.until(lambda: "kctl -i demo scale A 2" in self.texts(".verb code"), "the command")
        self.press("Join this group", ".verbs")
        self.until(lambda: any(w.name == "A.2" for w in self.made.workers), "A.2")
        self.press("Join another group …", ".verbs")
        self.until(lambda: self.text("join-command") == "kctl -i demo add-client A-2 like=A", "the command")
        name, group = self.part("join-name"), self.part("join-group")
        self.fill(name, "B")
        self.press("Join it", "#join-dialog")
        self.until_text("join-said", "there is a client 'B' already")
        self.fill(name, "yank")
        self.fill(group, "others")
        self.until(lambda: self.text("join-command") == "kctl -i demo add-client yank group=others like=A", "the command")
        self.press("Join it", "#join-dialog")
        self.until(lambda: any("others" in label for label in self.lane_labels()), "a lane of the new group")
        self.assertFalse(self.one("#join-dialog").is_displayed())
        self.press("Remove an added client", ".verbs")
        self.until_text("results", "'A' is in the configuration")
        self.target("yank")
        self.press("Remove an added client", ".verbs")
        self.until(lambda: "yank" not in " ".join(self.texts("#workers tbody th")), "it is gone")

    def test_a_verb_that_is_refused_says_why(self):
        self.expected_in_console = "status of 400"
        self.target("A")
        self.fill(self.one('.verb input[aria-label^="Scale"]'), "70")
        self.press("Scale", ".verbs")
        self.until_text("results", "scale A: '70' is not between 1 and 64")

    def test_a_name_that_is_a_clients_means_all_its_workers(self):
        self.made.verb("scale", "A", {"workers": "3"})
        self.target("A")
        self.until(lambda: self.text("target") == "A (3 workers: A, A.2, A.3)", "whom it is for")

    def test_before_kill_9_it_says_what_comes_again_and_after_it_what_did(self):
        self.produce(5)
        self.made.acknowledge("A", 0, 0)
        self.made.acknowledge("A", 3, 0)
        self.until(lambda: any("demo-A: committed 1" in label for label in self.lane_labels()), "one is committed")
        self.target("A")
        self.press("kill -9 …")
        self.until_text("kill-said", "At most 3 redelivered")
        self.assertEqual(self.text("kill-command"), "kctl -i demo kill A KILL")
        self.press("Cancel", "#kill-dialog")
        self.assertEqual(self.worker("A").generation, 1)
        self.kill("A")
        self.until_text("results", "A resumed at 1 (committed 1)")
        self.until_text("results", "redelivering at most 3;")

    def test_a_read_only_page_has_no_button_that_changes_anything(self):
        self.made.read_only = True
        self.until(lambda: "read-only" in self.one("#notice").text, "it says so")
        enabled = [b.text for b in self.all(".verbs button, [data-is=ack-form] button") if b.is_enabled()]
        self.assertEqual(enabled, ["Last lines"])

    # --- what happened -------------------------------------------------------------------------------------------------------------

    def test_the_timeline_has_a_bar_for_each_generation_and_the_gap_between_them(self):
        self.produce(2)
        self.kill("A")
        self.until(lambda: len(self.all(".timeline .gap")) == 1, "the gap is drawn")
        self.until(lambda: self.texts(".timeline .inside") == ["↺ ≤ 2"], "so is what comes again")
        self.assertRegex(self.texts(".timeline .gap")[0], r"^\d+ ms$")
        self.assertTrue(any("generation 1" in title and "it was killed by SIGKILL" in title for title in self.texts(".timeline title")))
        self.assertEqual(len(self.all(".timeline .sign.died")), 1)

    def test_the_list_of_events_misses_none(self):
        self.press_summary("Events")
        for _ in range(3):
            self.made.verb("pause", "B", {})
            self.made.verb("resume", "B", {})
        newest = self.made.sequence
        self.until(lambda: self.numbers() == list(range(newest, 0, -1)), "all events are there, the newest first")

    def numbers(self):
        return [int(text) for text in self.texts('[data-is="event-rows"] td:nth-child(2)')]

    def press_summary(self, text):
        self.click(next(s for s in self.all("summary") if s.text.startswith(text)))

    # --- pictures and tables ---------------------------------------------------------------------------------------------------------

    def test_the_two_pictures_show_who_has_got_and_acknowledged_what(self):
        self.run_js("document.querySelector('#pictures').scrollIntoView({behavior: 'instant'})")
        self.produce(5)
        for offset in (0, 1, 3):
            self.made.acknowledge("A", offset, 0)
        self.made.acknowledge("B", 0, 0)
        self.until(lambda: self.part("distribution").get_attribute("aria-label") == "demo-topic [0], records 0 to 5: demo-A has got 5 of 5; demo-B has got 5 of 5", "distribution")
        self.until(lambda: self.part("acknowledged").get_attribute("aria-label") == "demo-A: 3 acknowledged, committed 2; demo-B: 1 acknowledged, committed 1; by all: 1", "acknowledged")
        self.assertEqual(len(self.all('[data-is="acknowledged"] .hole')), 1)

    def test_a_picture_is_a_file_that_needs_nothing_else(self):
        self.run_js("document.querySelector('#pictures').scrollIntoView({behavior: 'instant'})")
        self.produce(2)
        self.until(lambda: len(self.all('[data-is="distribution"] .got')) == 4, "it is drawn")
        text = self.driver.execute_async_script(
            "import('/page/download.js').then(({documentOf}) => arguments[0](documentOf(document.querySelector('[data-is=\"distribution\"]'))))")
        self.assertEqual(xml.etree.ElementTree.fromstring(text.encode()).tag, "{http://www.w3.org/2000/svg}svg")
        for word in ("var(", "class=", "http://127"):
            self.assertNotIn(word, text)
        self.press("Save as SVG")

    def test_a_table_says_the_same_as_the_lanes(self):
        self.produce(3)
        self.made.acknowledge("A", 0, 0)
        self.press("As a table")
        rows = lambda: [" | ".join(cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")) for row in self.all('[data-is="rows"] tr')]
        wanted = ["demo-topic [0] | demo-A | A | 1 | 3 | 3 | 2 | 80 ms | 0 | 2", "demo-topic [0] | demo-B | B | 0 | 3 | 3 | 3 | 120 ms | 0 | 3"]
        self.until(lambda: rows() == wanted, "the table's rows")

    def test_a_lag_that_nobody_looked_at_lately_is_a_lower_bound(self):
        self.produce(1)
        self.made.verb("stop", "B", {})
        script = "return [...document.querySelectorAll('.workers tbody tr')].find((row) => row.textContent.startsWith('B')).children[2].textContent"
        self.until(lambda: self.run_js(script) in ("?", "≥ 1"), "B's lag is no plain number")

    def test_a_partition_that_a_dead_worker_had_is_the_living_ones(self):
        row = {"topic": "payments", "partition": 0, "assigned": True, "high": 100, "low": 0, "position": 90}
        dead = {"name": "A", "kind": "consumer", "group": "g", "pid": None, "partitions": [{**row, "committed": 90}]}
        living = {"name": "A.2", "kind": "consumer", "group": "g", "pid": 4711, "partitions": [{**row, "committed": 10}]}
        script = "const [snapshot, done] = arguments; import('/page/fleet.js').then(({ lanes }) => done(lanes(snapshot)[0].rows[0].worker.name))"
        for workers in [dead, living], [living, dead]:
            self.assertEqual(self.driver.execute_async_script(script, {"workers": workers}), "A.2")

    def test_text_of_a_record_is_never_markup(self):
        self.made.produce({"content": "<img src=x onerror=alert(1)>", "key": "k"})
        self.press("Look")
        self.until_text("record-text", "<img src=x")
        self.assertEqual(self.all("#record-dialog img"), [])
        self.press("Close", "#record-dialog")

    # --- without a mouse ---------------------------------------------------------------------------------------------------------------

    def test_everything_is_reached_with_the_keyboard(self):
        reached = set()
        self.run_js("document.activeElement.blur()")
        for _ in range(120):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            reached.add(self.run_js("const node = document.activeElement; return node.dataset.is ?? node.textContent.slice(0, 20).trim()"))
            if "record-offset" in reached:
                break
        for name in ("To the lanes", "theme", "as-table", "schema", "Produce", "ack-worker", "reset-client", "span", "picture-of", "record-offset", "Pause", "kill -9 …"):
            self.assertIn(name, reached)

    def test_the_question_before_a_kill_stands_on_cancel_and_goes_with_escape(self):
        self.target("A")
        self.press("kill -9 …")
        self.until(lambda: self.run_js("return document.activeElement.textContent") == "Cancel", "Cancel has the focus")
        ActionChains(self.driver).send_keys(Keys.ESCAPE).perform()
        self.until(lambda: self.run_js("return document.activeElement.textContent") == "kill -9 …", "the focus is back")
        self.assertEqual(self.worker("A").generation, 1)


class Assets(PageTest):
    fleet = "payments"

    def look(self):
        self.size(1440)
        self.open()
        self.run_js("document.querySelector('#charts').scrollIntoView({behavior: 'instant'})")

    def test_charts_have_the_history_and_go_on(self):
        self.look()
        self.until(lambda: len(self.all(".chart canvas")) == 4, "four charts")
        legend = lambda: self.texts(".chart:first-of-type .u-value")
        former = self.until(lambda: legend() if "" not in legend() else None, "the legend has the newest values")
        self.until(lambda: legend()[0] != former[0], "time goes on in the legend")

    def test_without_uplot_it_says_how_to_get_it_and_all_else_works(self):
        self.server.with_assets = False
        self.look()
        self.until_text("chart-note", "make web-assets")
        self.assertEqual(self.all(".chart canvas"), [])
        self.until(lambda: len(self.all(".track")) == 6, "the lanes are there")


SET_BACK = """
const [done] = arguments;
import('/page/history.js').then(({ createHistory }) => {
  const history = createHistory();
  const add = (second, value) => history.add({ time_us: second * 1e6, workers: [{ name: 'A', per_second: value, lag: 0, behind_us: 0, p99_us: 0 }] });
  [100, 101, 102, 103].forEach((second) => add(second, 1));
  [51, 52, 52.1, 53].forEach((second) => add(second, 2));
  [101, 102].forEach((second) => add(second, 3));
  done(history.lines(0, ['A'], 'per_second'));
});
"""


class History(PageTest):
    def test_a_clock_that_is_set_back_stops_no_samples(self):
        self.open()
        self.assertEqual(self.driver.execute_async_script(SET_BACK), [[51, 52, 53, 101, 102], [2, 2, 2, 3, 3]])


class Reconnect(PageTest):
    expected_in_console = "ERR_"  # the browser tells of a server that does not answer

    def test_comes_back_by_itself_and_misses_nothing(self):
        self.size(1440)
        self.open()
        self.click(next(s for s in self.all("summary") if s.text.startswith("Events")))
        self.server.__exit__()
        self.until_text("connection", "Not connected since")
        self.assertFalse(any(button.is_enabled() for button in self.all(".verbs button")))
        port = self.server.server_address[1]
        self.made.verb("pause", "A", {})
        self.made.verb("resume", "A", {})
        self.server = standin.StandIn(self.made, port)
        self.server.__enter__()
        self.until_text("connection", "connected, live")
        wanted = list(range(self.made.sequence, 0, -1))
        self.until(lambda: [int(text) for text in self.texts('[data-is="event-rows"] td:nth-child(2)')] == wanted, "every event, once")

    def test_a_new_instance_on_the_same_port_begins_anew(self):
        self.size(1440)
        for _ in range(30):
            self.made.verb("pause", "A", {})
        self.open()
        self.click(next(s for s in self.all("summary") if s.text.startswith("Events")))
        self.server.__exit__()
        port = self.server.server_address[1]
        self.server = standin.StandIn(standin.FLEETS["payments"](), port)
        self.server.__enter__()
        self.until(lambda: "bravo" in " ".join(self.texts('[data-is="event-rows"] td:nth-child(3)')), "the new instance's events")
        self.until(lambda: "A" not in self.texts('[data-is="event-rows"] td:nth-child(3)'), "the former's are gone")


if __name__ == "__main__":
    main()
