"""What an instance tells Prometheus: names and values that promtool and two parsers accept, alerts that fire, dashboards whose queries find something."""

import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import unittest
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

import kafka_protocol
from harness import ROOT, SystemTest, main, wait_until

PROMETHEUS = pathlib.Path(ROOT) / "tools/prometheus"
DASHBOARD = pathlib.Path(ROOT) / "tools/grafana/ksupervise.json"
REFERENCE = pathlib.Path(ROOT) / "tools/kweb/METRICS.md"
with_prometheus = unittest.skipUnless(shutil.which("promtool") and shutil.which("prometheus"), "prometheus is not there (Debian: prometheus)")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

# What others' dashboards ask, word by word: Grafana's 7589 (kafka_exporter_overview.json of danielqsj's kafka_exporter), and
# Kafka_Lag_Exporter_Dashboard.json of seglo's kafka-lag-exporter, without the panels about that exporter's own JVM.
OTHERS = [
    'sum(rate(kafka_topic_partition_current_offset{instance="$instance", topic=~"$topic"}[1m])) by (topic)',
    'sum(kafka_consumergroup_lag{instance="$instance",topic=~"$topic"}) by (consumergroup, topic) ',
    "sum(delta(kafka_topic_partition_current_offset{instance=~'$instance', topic=~\"$topic\"}[5m])/5) by (topic)",
    "sum(delta(kafka_consumergroup_current_offset{instance=~'$instance',topic=~\"$topic\"}[5m])/5) by (consumergroup, topic)",
    'sum by(topic) (kafka_topic_partitions{instance="$instance",topic=~"$topic"})',
    'topk(50, kafka_consumergroup_group_max_lag_seconds{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""})',
    'topk(25, kafka_consumergroup_group_lag_seconds{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""})',
    'topk(50, kafka_consumergroup_group_max_lag{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""})',
    'topk(25, kafka_consumergroup_group_lag{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""})',
    'max(kafka_consumergroup_group_lag_seconds{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""}) by (group)',
    'sum(kafka_consumergroup_group_offset{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""})',
    'sum((kafka_consumergroup_group_offset{namespace="$namespace",cluster_name="$cluster_name",group=~"$consumer_group",group!=""} * 0)\n'
    '+ on(namespace,cluster_name,topic,partition) group_left() kafka_partition_latest_offset{namespace="$namespace",cluster_name="$cluster_name"})',
]


def own_queries():
    """Every query of our dashboard, as (title, query)."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


def filled(query, variables):
    for name, value in variables.items():
        query = query.replace(f"${name}", value)
    return query


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url, accept=None):
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


class Watched(SystemTest):
    def promtool(self, *words, **more):
        done = self.run_program("/usr/bin/env", "promtool", *words, **more)
        self.assertEqual(done.status, 0, done.text())
        return done.text()


class Texts(Watched):
    """What needs no instance."""

    def test_rules_and_dashboard_use_names_that_there_are(self):
        known = set(re.findall(r"`(\w+)`", REFERENCE.read_text())) | {"ksupervise_build_info", "ksupervise_instance_info"}
        for text in (PROMETHEUS / "rules.yml").read_text(), DASHBOARD.read_text():
            used = {re.sub("_bucket$", "", name) for name in re.findall(r"ksupervise_\w+", text)}
            self.assertTrue(used)
            self.assertEqual(used - known, set())

    def test_the_reference_is_up_to_date(self):
        self.assertEqual(self.run_ok("kweb", "--metrics-reference").splitlines(), REFERENCE.read_text().splitlines())

    @with_prometheus
    def test_every_alert_fires_when_it_should_and_only_then(self):
        self.promtool("test", "rules", PROMETHEUS / "rules_test.yml")
        for config in "prometheus.yml", "compose.yml":
            self.promtool("check", "config", "--syntax-only", PROMETHEUS / config)


@with_prometheus
class Metrics(Watched):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(3)
        self.bravo, self.zulu = f"b-{self.token}", f"z-{self.token}"
        self.fleet = self.supervise("--clients", f"{self.bravo},{self.zulu}", "--topic", self.topic_name, "--rate", "200")
        self.until(f"{self.bravo}.processed > 100", f"{self.zulu}.processed > 100", f"{self.bravo}.commits > 0", f"{self.zulu}.commits > 0")
        self.web = self.start("kweb", "-i", self.instance, "--http", "0")
        self.url = self.web.wait_line(r"open (http://\S+)/").group(1)

    def until(self, *conditions):
        self.run_ok("kstat", "-i", self.instance, *(word for condition in conditions for word in ("--until", condition)), "--timeout", "30s")

    def quiet(self):
        """Nothing is produced any more, and everything is processed and committed. (More than once, where a rebalance came between.)"""
        self.run_ok("kctl", "-i", self.instance, "stop", "producer")
        produced = self.worker("producer")["counters"]["acknowledged"]
        self.until(*(f"{name}.{condition}" for name in (self.bravo, self.zulu) for condition in (f"processed >= {produced}", "lag == 0")))

    # --- what is said

    def test_promtool_has_nothing_to_say_against_any_name(self):
        for path in "/metrics", "/metrics/kafka":
            text, kind = fetch(self.url + path)
            self.assertIn("version=0.0.4", kind)
            page = self.folder / "page"
            page.write_text(text)
            with page.open() as stream:
                self.assertEqual(self.promtool("check", "metrics", stdin=stream).strip(), "")

    def samples(self, path, name, **labels):
        """The values of a metric, by all its labels, from the text format."""
        text, _ = fetch(self.url + path)
        return [sample for family in read_text(text) for sample in family.samples
                if sample.name == name and all(sample.labels.get(label) == value for label, value in labels.items())]

    def test_values_are_those_of_kstat_and_of_the_broker(self):
        self.quiet()
        state = self.worker(self.bravo)
        for counter in "received", "processed", "failed":
            found = self.samples("/metrics", f"ksupervise_consumer_{counter}_records_total", worker=self.bravo)
            self.assertEqual([sample.value for sample in found], [state["counters"][counter]])
        ends = kafka_protocol.end_offsets(self.kafka.bootstrap, self.topic_name)
        for name, labels in ("kafka_topic_partition_current_offset", {}), ("kafka_consumergroup_current_offset", {"consumergroup": state["group"]}):
            found = self.samples("/metrics/kafka", name, topic=self.topic_name, **labels)
            self.assertEqual({int(sample.labels["partition"]): sample.value for sample in found}, ends)
        committed = {partition: offset for (_, partition), offset in kafka_protocol.committed(self.kafka.bootstrap, state["group"]).items()}
        self.assertEqual(committed, ends)
        lags = self.samples("/metrics/kafka", "kafka_consumergroup_group_max_lag_seconds")
        self.assertEqual([sample.value for sample in lags], [0, 0])

    def test_the_lag_of_a_worker_that_stands_still_grows(self):
        """It knows nothing of what comes; the producer and the other client do."""
        pid = self.worker(self.bravo)["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, signal.SIGCONT)

        def lag():
            return sum(sample.value for sample in self.samples("/metrics/kafka", "kafka_consumergroup_lag", consumergroup=f"test_group_{self.bravo}"))

        wait_until(lambda: self.samples("/metrics", "ksupervise_partition_lag_is_lower_bound", worker=self.bravo), 30, "a lag that is a lower bound")
        before = lag()
        wait_until(lambda: lag() > before + 500, 30, "more to read")

    def test_openmetrics_is_what_its_parser_wants_and_says_the_same(self):
        self.quiet()
        for path in "/metrics", "/metrics/kafka":
            text, kind = fetch(self.url + path, OPENMETRICS)
            self.assertIn("application/openmetrics-text", kind)
            families = {family.name: family for family in read_openmetrics(text)}
            plain = {family.name: family for family in read_text(fetch(self.url + path)[0])}
            self.assertEqual({sample.name for family in families.values() for sample in family.samples},
                             {sample.name for family in plain.values() for sample in family.samples})
        families = {family.name: family for family in read_openmetrics(fetch(self.url + "/metrics", OPENMETRICS)[0])}
        self.assertEqual(families["ksupervise_consumer_processed_records"].type, "counter")
        self.assertEqual(families["ksupervise_consumer_process_seconds"].unit, "seconds")
        self.assertEqual(families["ksupervise_build"].type, "info")

    # --- Prometheus

    def start_prometheus(self):
        """A real one, with our configuration: only the port, and how often it looks, are another."""
        config = (PROMETHEUS / "prometheus.yml").read_text()
        changed = config.replace("127.0.0.1:8000", self.url.removeprefix("http://")).replace("_interval: 5s", "_interval: 1s")
        self.assertEqual(changed.count("_interval: 1s"), 2)
        (self.folder / "prometheus.yml").write_text(changed)
        shutil.copy(PROMETHEUS / "rules.yml", self.folder)
        port = free_port()
        self.prometheus_url = f"http://127.0.0.1:{port}/api/v1"
        self.start("/usr/bin/env", "prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.path=tsdb")
        wait_until(lambda: self.api("targets") is not None, 30, "Prometheus")

    def api(self, path, **parameters):
        """The data of an answer; None while it does not answer."""
        try:
            return json.loads(fetch(f"{self.prometheus_url}/{path}?{urllib.parse.urlencode(parameters)}")[0])["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting
                return None
            self.fail(f"{path} {parameters}: {error.read().decode()}")
        except OSError:
            return None

    def found(self, query):
        """True when it finds a series that has a number."""
        return any(math.isfinite(float(series["value"][1])) for series in self.api("query", query=query)["result"])

    def wait_for(self, queries):
        missing = dict(queries)

        def nothing_is_missing():
            for title, query in list(missing.items()):
                if self.found(query):
                    del missing[title]
            return not missing

        try:
            wait_until(nothing_is_missing, 60, "all queries to find something", every=0.5)
        except Exception as error:
            raise AssertionError("nothing is found by: " + "; ".join(f"{title}: {query}" for title, query in missing.items())) from error

    def variables_of_others(self):
        """As Grafana fills them in: a variable that finds no value is empty."""
        target = self.url.removeprefix("http://")
        series = self.api("query", query="kafka_consumergroup_group_lag")["result"]
        cluster = {one["metric"]["cluster_name"] for one in series}
        self.assertEqual(len(cluster), 1)
        return {"instance": target, "topic": ".*", "namespace": "", "cluster_name": cluster.pop(), "consumer_group": ".*"}

    def test_prometheus_scrapes_it_and_finds_what_dashboards_ask_for(self):
        self.start_prometheus()
        self.wait_for({"up": 'up{job="ksupervise"} == 1', "kafka": 'up{job="ksupervise-kafka"} == 1', "lag": "kafka_consumergroup_group_lag"})
        rules = [rule for group in self.api("rules")["groups"] for rule in group["rules"]]
        self.assertGreaterEqual({rule["name"] for rule in rules}, {"KsuperviseTargetDown", "KsuperviseBehindAndGrowing", "KsuperviseWorkerHeld"})
        wait_until(lambda: {rule["health"] for group in self.api("rules")["groups"] for rule in group["rules"]} == {"ok"}, 30, "all rules evaluated")
        self.wait_for({f"{number} {title}": filled(query, {"__rate_interval": "10s", "instance": ".*", "client": ".*"})
                       for number, (title, query) in enumerate(own_queries())})
        variables = self.variables_of_others()
        self.wait_for({query: filled(query, variables) for query in OTHERS})
        self.web.kill()
        self.wait_for({"an alert": 'ALERTS{alertname="KsuperviseTargetDown"}'})


if __name__ == "__main__":
    main()
