"""Records of one's own: a schema from a file, through every program, into both databases, and a file that changes. On a real Kafka."""

import json

from harness import main, wait_until
from sink_test import SinkTest
from test_exactly_once import IntoSqlite
from test_exactly_once_postgres import IntoPostgres

LONG = "a_name_of_sixty_characters_which_is_as_long_as_most_get_xxxx"
SHIPMENT = f"""schema shipment/1   topic shipments   key parcel_id   plural shipments
parcel_id       uuid
carrier         dhl | ups | inpost
weight_g        integer 1..70000
price           money 0.01..1000.00
to.city         string 1..200
to.geo.lat      number -90..90
insured         boolean optional
order           string                  # a reserved word
żółć            string optional
photo           bytes ..100
tags            any optional
{LONG} integer
shipped_at      time ms
seen_at         time timestamp
"""


class Own:
    """To be mixed into a SinkTest."""

    def schema(self, text=SHIPMENT):
        path = self.folder / "shipment.schema"
        path.write_text(text)
        return path

    def line(self):
        return json.dumps({"parcel_id": "00112233-4455-4677-8899-aabbccddeeff", "carrier": "ups", "weight_g": 7, "price": 12.5,
                           "to": {"city": "Łódź", "geo": {"lat": 51.75}}, "insured": True, "order": 'a "b"', "żółć": "gęś", "photo": "00ff",
                           "tags": {"a": [1, None, "ż"]}, LONG: -5, "shipped_at": "2026-02-26T09:52:20.102Z", "seen_at": "2026-02-26T09:52:20Z"},
                          ensure_ascii=False)

    def fill(self, topic, schema):
        self.run_ok("kproduce", "--schema", schema, "--topic", topic, "--rate", 0, "--count", 500, "--quiet")
        lines = self.folder / "lines"
        lines.write_text(self.line() + "\n")
        with open(lines, encoding="utf-8") as source:
            self.run_ok("kproduce", "--schema", schema, "--topic", topic, "--stdin", stdin=source)

    def test_records_of_ones_own_are_there_once_with_their_fields(self):
        topic, group, schema = self.topic(), self.name("g"), self.schema()
        self.fill(topic, schema)
        self.supervise_sink(topic, group, "--schema", schema)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic)
        self.assert_audited(topic, group, "--schema", schema)
        where = 'WHERE to_city = \'Łódź\''
        (parcel, price, order, goose, long, shipped, seen), = self.query(
            f'SELECT parcel_id, price_minor, "order", "żółć", {LONG}, shipped_at, seen_at FROM "{topic}" {where}')
        self.assertEqual((parcel, str(price), order, goose, str(long), str(shipped), str(seen)),
                         ("00112233-4455-4677-8899-aabbccddeeff", "1250", 'a "b"', "gęś", "-5", "1772099540102000", "1772099540000000"))
        (lat, tags), = self.query(f'SELECT to_geo_lat, tags FROM "{topic}" {where}')
        self.assertEqual((float(lat), json.loads(tags)), (51.75, {"a": [1, None, "ż"]}))

    def test_a_new_field_adds_its_column_and_a_changed_type_is_refused_with_what_mends_it(self):
        topic, group, schema = self.topic(1), self.name("g"), self.schema()
        self.fill(topic, schema)
        self.assertEqual(self.consume(topic, group, self.stage, "--schema", schema, "--count", 501).wait(30), 0)
        schema = self.schema(SHIPMENT.replace("insured         boolean optional\n", "") + "note string optional\n")
        self.run_ok("kproduce", "--schema", schema, "--topic", topic, "--rate", 0, "--count", 10, "--quiet")
        self.assertEqual(self.consume(topic, group, self.stage, "--schema", schema, "--count", 10).wait(30), 0)
        self.assertEqual([int(n) for n in self.query(f'SELECT count(*), count(note), count(insured) FROM "{topic}"')[0]], [511, 10, 501])
        changed = self.schema(SHIPMENT.replace("integer 1..70000", "string"))
        refused = self.consume(topic, group, self.stage, "--schema", changed)
        self.assertEqual(refused.wait(30), 78)
        self.assertRegex(refused.text("err"), r'column weight_g is of type \w+, not TEXT.* ALTER TABLE "' + topic + r'" \w+ COLUMN "weight_g" T')


class Sqlite(Own, IntoSqlite):
    pass


class Postgres(Own, IntoPostgres):
    pass


class Programs(SinkTest):
    def test_a_file_that_changed_is_found_by_a_reload_and_one_with_a_mistake_is_refused(self):
        topic, other = self.topic(1), self.topic(1)
        schema, path = self.folder / "own.schema", self.folder / "fleet.ini"
        bravo, pay = self.name("b"), self.name("p")
        schema.write_text("schema thing/1\nid uuid\n")
        path.write_text(f"[ksupervise]\ninstance = {self.instance}\nno-producer = yes\n[client {bravo}]\nschema = {schema}\ntopic = {topic}\n"
                        f"[client {pay}]\nworkload = payments\ntopic = {other}\n")
        fleet = self.start("ksupervise", "--config", path)
        fleet.wait_line("ready:", 30)
        wait_until(lambda: all(self.worker(name)["state"] == "ready" for name in (bravo, pay)), 30, "both ready")
        before = self.worker(pay)["pid"]
        schema.write_text("schema thing/1\nid uuid\nnote string optional\n")
        said = self.run_ok("kctl", "-i", self.instance, "reload")
        self.assertRegex(said, rf"{bravo}: restarted")
        self.assertNotIn(pay, said)
        self.assertEqual(self.worker(pay)["pid"], before)
        schema.write_text("schema thing/1\nid uuid\nnote strin\n")
        refused = self.run_program("kctl", "-i", self.instance, "reload")
        self.assertNotEqual(refused.status, 0)
        self.assertIn("own.schema:3:6: there is no type 'strin'; did you mean string?", refused.text("err"))

    def test_what_a_schema_says_is_checked_shown_read_and_asked_for(self):
        topic, schema = self.topic(1), self.folder / "own.schema"
        schema.write_text('schema thing/2 key none\nline "thing {n} in {at.city}"\nn integer\nat.city string\n')
        self.assertIn("thing/2, 2 fields, topic things, key none", self.run_ok("ktopic", "schema", "check", schema))
        self.assertIn("schema payment/1", self.run_ok("ktopic", "schema", "show", "payments"))
        self.run_ok("kproduce", "--schema", schema, "--topic", topic, "--set", "at.city=Łódź", "--set", "n=3")
        self.run_ok("kproduce", "--schema", schema, "--topic", topic, "--set", "at.city=Kraków", "--set", "n=4")
        read = self.run_ok("ktopic", "read", topic, "--from-beginning", "--schema", schema)
        self.assertEqual(read.splitlines(), ["thing 3 in Łódź", "thing 4 in Kraków"])
        seen = self.run_ok("kconsume", "--publish=no", "--client", self.name("c"), "--group", self.name("g"), "--topic", topic, "--schema", schema,
                           "--count", 2, "--pipeline", "filter:at.city == 'Łódź' and n < 4, print")
        self.assertIn("thing 3 in Łódź", seen)
        self.assertNotIn("thing 4", seen)
        raw = self.run_ok("kconsume", "--publish=no", "--client", self.name("c"), "--group", self.name("raw"), "--topic", topic, "--workload", "raw",
                          "--count", 2, "--print")
        self.assertIn("Łódź", raw)


if __name__ == "__main__":
    main()
