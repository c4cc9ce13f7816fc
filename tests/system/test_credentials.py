"""A Kafka with listeners of every kind and rights: what a program says when it is not let in, and that it works when it is."""

import contextlib
import random
import socket
import subprocess

from harness import ROOT, SystemTest, main
from test_consumer_protocol import WHEEL, newer_librdkafka

PROPERTIES = """
listeners=PLAINTEXT://127.0.0.1:@CLIENT@,SASL_PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{sasl_ssl},SSL://127.0.0.1:{ssl},OAUTH://127.0.0.1:{oauth},CONTROLLER://127.0.0.1:@CONTROLLER@
advertised.listeners=PLAINTEXT://127.0.0.1:@CLIENT@,SASL_PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{sasl_ssl},SSL://127.0.0.1:{ssl},OAUTH://127.0.0.1:{oauth}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,OAUTH:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_marek="good" user_nobody="good";
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_marek="good" user_nobody="good";
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.oauth.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="marek";
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.store
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.ssl.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:marek;User:CN=client
"""


def free_ports(count):
    """Below the range of outgoing connections, as tools/kafka chooses them."""
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            try:
                taken = stack.enter_context(socket.socket())
                taken.bind(("127.0.0.1", random.randrange(15000, 32000)))
                ports.append(taken.getsockname()[1])
            except OSError:
                pass
        return ports


def certificates(folder):
    """A CA, a broker's certificate and a client's, by openssl."""
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("broker", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2, "-extfile", "names", "-out", f"{name}.pem")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "broker.key", "-out", "broker.pk8")
    (folder / "broker.store").write_text((folder / "broker.pk8").read_text() + (folder / "broker.pem").read_text())


class Credentials(SystemTest):
    def setUp(self):
        super().setUp()
        self.ports = dict(zip(("plain", "sasl_ssl", "ssl", "oauth"), free_ports(4)))
        certificates(self.folder)
        properties = self.folder / "broker.properties"
        properties.write_text(PROPERTIES.format(folder=self.folder, **self.ports))
        self.own_kafka(properties=properties)
        self.source = self.topic()
        self.open = self.environment.pop("KAFKA_BOOTSTRAP")

    def at(self, listener, protocol=None, **properties):
        """The flags for that listener; a property's dots are underscores here."""
        words = ["-b", f"127.0.0.1:{self.ports[listener]}" if listener in self.ports else listener]
        for name, value in {**({"security_protocol": protocol} if protocol else {}), **properties}.items():
            words += ["-X", f"{name.replace('_', '.')}={value}"]
        return words

    def plain(self, password="good", user="marek"):
        return self.at("plain", "SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_username=user, sasl_password=password)

    def each(self, flags):
        """A tool of every kind: what it said, and its exit status."""
        for name, words in (("ktopic", ("list",)), ("kaudit", (self.source,)), ("kproduce", ("--topic", self.source, "--count", "3", "--publish=no", "--quiet")),
                            ("kconsume", ("--client", "c", "--group", self.name("g"), "--topic", self.source, "--workload", "payments", "--publish=no", "-n", "1"))):
            process = self.run_program(name, *words, *flags)
            yield name, process.text("err"), process.status

    def test_every_program_says_why_it_is_not_let_in_and_does_not_wait(self):
        for flags, reason in ((self.plain("bad"), "Invalid username or password; check sasl.username and sasl.password"),
                              (self.at(self.open, "SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_username="a", sasl_password="b"),
                               "the listener does not use SASL: check security.protocol"),
                              (self.at("sasl_ssl", "SASL_SSL", sasl_mechanism="PLAIN", sasl_username="marek", sasl_password="good"), "verify that ssl.ca.location"),
                              (self.at("ssl", "SSL", ssl_ca_location=self.folder / "ca.pem"), "check ssl.certificate.location and ssl.key.location")):
            for name, said, status in self.each(flags):
                self.assertIn(reason, said, name)
                self.assertEqual(status, 78, f"{name}: {said}")

    def test_what_may_pass_is_told_at_once_with_its_reason(self):
        for flags, reason in ((self.at("plain"), "verify that security.protocol is correctly configured"),
                              (self.at("sasl_ssl"), "connecting to a SSL listener?"),
                              (self.at(self.open, "SSL"), "does the listener use TLS? Check security.protocol"),
                              (self.at("nowhere.invalid:9092"), "Failed to resolve 'nowhere.invalid:9092'")):
            process = self.start("ktopic", "list", *flags)
            process.wait_line("; retrying", 5)
            process.wait(20)
            self.assertIn(reason, process.text("err").splitlines()[-1])
            self.assertNotEqual(process.popen.returncode, 0)

    def test_a_missing_right_is_told(self):
        for name, said, status in self.each(self.plain(user="nobody")):
            if name != "ktopic":
                self.assertRegex(said, "authorization failed|lack the right to see it", name)
                self.assertNotEqual(status, 0, name)
        said = self.run_program("ktopic", "describe", self.source, *self.plain(user="nobody")).text("err")
        self.assertIn("or you lack the right to see it (DESCRIBE)", said)
        self.assertNotIn("right to see", self.run_program("ktopic", "describe", "no-such", *self.plain()).text("err"))

    def test_it_works_when_it_is_let_in(self):
        ssl = {"ssl_ca_location": self.folder / "ca.pem"}
        for flags in (self.plain(), self.at("sasl_ssl", "SASL_SSL", sasl_mechanism="PLAIN", sasl_username="marek", sasl_password="good", **ssl),
                      self.at("ssl", "SSL", ssl_certificate_location=self.folder / "client.pem", ssl_key_location=self.folder / "client.key", **ssl)):
            for name, said, status in self.each(flags):
                self.assertEqual(status, 0, f"{name}: {said}")

    def config(self, password="good"):
        path = self.folder / "cluster.properties"
        path.write_text(f"# SASL_SSL\nbootstrap.servers=127.0.0.1:{self.ports['sasl_ssl']}\nsecurity.protocol = SASL_SSL\nsasl.mechanism=PLAIN\n"
                        f"sasl.username=marek\nsasl.password={password}\nssl.ca.location={self.folder}/ca.pem\nsession.timeout.ms=6000\nlinger.ms=7\n")
        return path

    def test_one_file_tells_all_programs(self):
        path = self.config()
        for name, said, status in self.each(["--kafka-config", path]):
            self.assertEqual(status, 0, f"{name}: {said}")
        for name, said, status in self.each(["--kafka-config", path, "-X", "sasl.password=bad"]):
            self.assertIn("Invalid username or password", said, f"{name}: -X overrides the file")
            self.assertEqual(status, 78)
        self.config("bad")
        (self.folder / ".env").write_text("KAFKA_CONFIG=cluster.properties\n")
        for name, said, status in self.each([]):
            self.assertRegex(said, r"no broker at 127.0.0.1:\d+ \(from cluster.properties\) can be used: .*Invalid username or password", name)
        self.config()
        for name, said, status in self.each([]):
            self.assertEqual(status, 0, f"{name}: {said}")
        self.environment["KAFKA_CONFIG"] = "none.properties"
        for name, said, status in self.each([]):
            self.assertIn("KAFKA_CONFIG: cannot read none.properties: No such file or directory", said, name)
            self.assertEqual(status, 78, name)

    def test_a_supervisor_hands_the_file_to_its_workers(self):
        self.environment["KAFKA_CONFIG"] = str(self.config())
        fleet = self.supervise("--clients", "bravo,zulu", "--topic", self.source, "--group", self.name("g"), "--rate", "100", "--count", "300", "--exit-when-done", "--quiet")
        self.assertEqual(fleet.wait(60), 0, fleet.text())
        told = self.run_ok("ksupervise", "--check", "--clients", "bravo", "--topic", self.source)
        self.assertIn("-X sasl.password=…", told)
        self.assertNotIn("good", told)

    def test_scram_needs_a_newer_librdkafka_and_says_so(self):
        jars = sorted((ROOT / "build").glob("kafka-*/jars"))[-1]
        subprocess.run(["java", "-cp", f"{jars}/*", "kafka.admin.ConfigCommand", "--bootstrap-server", self.open, "--alter", "--entity-type", "users",
                        "--entity-name", "marek", "--add-config", "SCRAM-SHA-256=[password=good]"], check=True, capture_output=True, timeout=60)
        scram = self.at("plain", "SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-256", sasl_username="marek", sasl_password="good")
        refused = self.run_program("ktopic", "list", *scram)
        if refused.status != 0:
            self.assertRegex(refused.text("err"), r"librdkafka 2\.[0-6]\.\d cannot do SCRAM with Kafka 4, 2\.6\.1 is needed")
        folder = newer_librdkafka()
        if folder is None:
            self.skipTest(f"{WHEEL} cannot be downloaded (pip, network)")
        self.environment["LD_LIBRARY_PATH"] = str(folder)
        for name, said, status in self.each(scram):
            self.assertEqual(status, 0, f"{name}: {said}")

    def test_a_token_is_fetched_also_while_an_answer_is_waited_for(self):
        token = self.at("oauth", "SASL_PLAINTEXT", sasl_mechanism="OAUTHBEARER", enable_sasl_oauthbearer_unsecure_jwt="true", sasl_oauthbearer_config="principal=marek")
        for name, said, status in self.each(token):
            self.assertEqual(status, 0, f"{name}: {said}")


if __name__ == "__main__":
    main()
