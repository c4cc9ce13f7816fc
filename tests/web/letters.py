"""letters.py: the invented fleet's dead letters, as the API tells them."""

REASON = "user == 'mallory'"


class Letters:
    def __init__(self):
        self.all = []

    def add(self, topic, partition, offset, group, record):
        self.all.append({"id": f"stand-in/{group}/{topic}/{partition}/{offset}", "dlq_partition": partition, "dlq_offset": len(self.all), "group": group,
                         "topic": topic, "partition": partition, "offset": offset, "stage": "reject", "reason": REASON, "attempts": "1",
                         "first_failure": "2026-11-28T06:59:53.245000+00:00", "replayed": False, "record": dict(record)})

    def of(self, topic):
        return [letter for letter in self.all if letter["topic"] == topic]

    def list(self, topic):
        letters = self.of(topic)
        groups = sorted({letter["group"] for letter in letters})
        reasons = [{"group": group, "stage": "reject", "reason": REASON, "count": sum(one["group"] == group for one in letters),
                    "replayed": sum(one["group"] == group and one["replayed"] for one in letters)} for group in groups]
        return {"topic": topic, "dlq_topic": f"{topic}.dlq", "letters": len(letters), "replayed": sum(one["replayed"] for one in letters), "repeats": 0,
                "of_other_topics": 0, "unreadable": 0, "reasons": reasons, "notes": [] if letters else [f"there is no topic {topic}.dlq"]}

    def records(self, topic, limit):
        return {"records": self.of(topic)[-limit:], "notes": []}

    def replay(self, topic, dry_run, logs):
        due = [letter for letter in self.of(topic) if not letter["replayed"]]
        before = len(self.of(topic)) - len(due)
        for letter in [] if dry_run else due:
            letter["replayed"] = True
            logs[letter["partition"]].append({**letter["record"], "user": "mended"})  # it can be processed now
        return {"topic": topic, "dlq_topic": f"{topic}.dlq", "dry_run": dry_run, "sent": len(due), "sent_before": before, "not_asked_for": 0, "repeats": 0, "notes": []}
