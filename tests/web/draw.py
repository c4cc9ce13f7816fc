#!/usr/bin/env python3
"""draw.py FOLDER: the demonstration's two pictures as SVG, as the page's own buttons save them: nine messages for A and B; A has acknowledged 0 to 2, 5 and 7, B has
acknowledged 0."""

import pathlib
import sys
import time

from browser import start_browser
from standin import FLEETS, StandIn

SAVE = "import('/page/download.js').then(({documentOf}) => arguments[1](documentOf(document.querySelector(`[data-is=\"${arguments[0]}\"]`))))"
IS_DRAWN = "return document.querySelectorAll('[data-is=\"acknowledged\"] .hole').length === 3 && document.querySelectorAll('[data-is=\"distribution\"] .got').length === 18"


def demonstration():
    fleet = FLEETS["demo"]()
    for i in range(9):
        fleet.produce({"content": f"message {i}", "key": "alpha"})
    return fleet


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def main(folder):
    driver, fleet = start_browser(), demonstration()
    try:
        with StandIn(fleet) as server:
            until(lambda: all(group.position == [9] for group in fleet.groups.values()), "both have the records")
            for client, offsets in (("A", (0, 1, 2, 5, 7)), ("B", (0,))):
                for offset in offsets:
                    fleet.acknowledge(client, offset, 0)
            driver.get(server.address)
            driver.execute_script("document.querySelector('#pictures').scrollIntoView({behavior: 'instant'})")
            until(lambda: driver.execute_script(IS_DRAWN), "the pictures are drawn")
            for name in ("distribution", "acknowledged"):
                (folder / f"{name}.svg").write_text(driver.execute_async_script(SAVE, name))
    finally:
        driver.quit()


main(pathlib.Path(sys.argv[1]))
