#!/usr/bin/env python3
"""pictures.py [FOLDER]: makes the pictures of the README (tools/kweb/pictures): a fleet with an embedded broker, records, acknowledgements, a kill, and the page of it.
Not a test: look at what it has made."""

import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

from browser import BUILD, ROOT, start_browser

INSTANCE = "demo"
COMMAND = [BUILD / "bin" / "ksupervise", "--instance", INSTANCE, "--clients", "A,B", "--workload", "messages", "--topic", "demo-topic", "--partitions", "1", "--commit", "manual",
           "--no-producer", "--http", "0", "--quiet"]


def post(address, path, body=None):
    request = urllib.request.Request(address + path, method="POST", data=body and body.encode(), headers={"Content-Type": "application/json"} if body else {})
    urllib.request.urlopen(request, timeout=60).read()


def wait_until_received(address, count):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        consumers = json.loads(urllib.request.urlopen(address + "consumers/status", timeout=60).read())["consumers"]
        if all(consumer["received"] == count for consumer in consumers.values()):
            return
        time.sleep(0.1)
    raise SystemExit("pictures: the consumers did not receive what was produced")


def live_through(address):
    """What the pictures show: ten records, some acknowledged by each, and a consumer that was killed."""
    for number in range(10):
        post(address, "produce", f'{{"content": "message {number}", "key": "user-{number % 3}"}}')
    wait_until_received(address, 10)
    for name, offsets in (("A", (0, 1, 2, 4, 7)), ("B", (0, 3, 4))):
        for offset in offsets:
            post(address, f"consumers/{name}/acknowledge?message_offset={offset}&partition=0")
    post(address, "workers/A/kill?signal=KILL")
    time.sleep(9)


def take(driver, folder, address, name, top, bottom, dark=False):
    """From the element `top` to the element `bottom`, as it is drawn."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 3600, "deviceScaleFactor": 1, "mobile": False})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    driver.get(address)
    time.sleep(3)
    box = driver.execute_script("const [a, b] = [...arguments].map((s) => document.querySelector(s).getBoundingClientRect());"
                                "return {x: Math.max(0, a.left - 16), y: a.top, width: a.width + 32, height: b.bottom - a.top + 16, scale: 1}", top, bottom)
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": box, "captureBeyondViewport": True})["data"]
    (folder / f"{name}.png").write_bytes(base64.b64decode(picture))
    print(folder / f"{name}.png")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "tools" / "kweb" / "pictures"
    folder.mkdir(exist_ok=True)
    supervisor = subprocess.Popen([str(word) for word in COMMAND], stdout=subprocess.PIPE, text=True, env={k: v for k, v in os.environ.items() if not k.startswith("KAFKA_")})
    address = next(filter(None, (re.search(r"open (http://\S+)", line) for line in supervisor.stdout)))[1]
    next(line for line in supervisor.stdout if "ready: A" in line)
    driver = start_browser()
    try:
        live_through(address)
        take(driver, folder, address, "page", "#head", "#timeline")
        take(driver, folder, address, "acknowledged", "#pictures", "#pictures")
    finally:
        driver.quit()
        supervisor.send_signal(signal.SIGINT)
        supervisor.communicate(timeout=30)


main()
