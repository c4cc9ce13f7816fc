"""Dead letters on the page: why, the records, and how they are sent back."""

from browser import PageTest, main


class DeadLetters(PageTest):
    fleet = "payments"

    def setUp(self):
        super().setUp()
        self.size(1440)
        self.open()

    def poison(self, count):
        for _ in range(count):
            self.made.produce({"user": "mallory", "amount": 1, "currency": "EUR", "method": "blik"})
        self.until(lambda: len(self.made.letters.of("payments")) == 2 * count, "both groups have given them up")

    def sent_back(self):
        return [one["replayed"] for one in self.made.letters.of("payments")]

    def replay_button(self):
        return next(button for button in self.all('[data-is="letter-verbs"] button') if button.text == "Replay")

    def test_reasons_and_records_are_shown_and_sent_back_after_a_dry_run(self):
        self.poison(2)
        self.until_text("letters-said", "Its consumers have sent 4 dead letters")
        self.press("Show them", "#letters")
        self.until_text("letters-said", "4 dead letters in payments.dlq, 0 of them sent back.")
        reasons = " ".join(self.texts('[data-is="reason-rows"] tr'))
        self.assertIn("user == 'mallory'", reasons)
        self.assertIn("test_group_bravo", reasons)
        self.assertEqual(len(self.all('[data-is="letter-rows"] tr')), 4)
        self.assertIn('"user":"mallory"', self.texts('[data-is="letter-rows"] code')[0])
        self.assertEqual(self.texts('[data-is="letter-verbs"] code'),
                         [f"kctl -i demo dead-letters payments {words}" for words in ("list", "replay --dry-run", "replay")])
        self.assertFalse(self.replay_button().is_enabled(), "first it is said what would be")
        self.press("Dry run", '[data-is="letter-verbs"]')
        self.until_text("results", "4 dead letters would be sent back; 0 already were")
        self.assertEqual(self.sent_back(), [False] * 4)
        self.press("Replay", '[data-is="letter-verbs"]')
        self.until_text("results", "4 dead letters sent back; 0 were before")
        self.assertEqual(self.sent_back(), [True] * 4)
        self.until_text("letters-said", "4 dead letters in payments.dlq, 4 of them sent back.")
        self.until(lambda: not self.replay_button().is_enabled(), "there is nothing left to send")
        self.press("Dry run", '[data-is="letter-verbs"]')
        self.until_text("results", "0 dead letters would be sent back; 4 already were")

    def test_a_topic_without_any_says_so(self):
        self.until_text("letters-said", "None of its consumers has sent a dead letter.")
        self.press("Show them", "#letters")
        self.until_text("letters-said", "0 dead letters in payments.dlq")
        self.until_text("letters-said", "there is no topic payments.dlq")
        self.assertEqual(self.all('[data-is="reason-rows"] tr'), [])


if __name__ == "__main__":
    main()
