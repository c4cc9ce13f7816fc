#!/usr/bin/env python3
"""measure.py [SECONDS [FLEET…]]: what the page costs a browser: first paint, long tasks (over 50 ms), script a frame, nodes; with the demonstration's fleet and with 50 workers
of 12 partitions, every section seen once and the page then left at its head. Figures for people; no test passes or fails by them."""

import sys
import time

from browser import start_browser
from standin import FLEETS, StandIn

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({type: 'longtask', buffered: true});
window.frames_ms = [];
const original = window.requestAnimationFrame;
window.requestAnimationFrame = (act) => original((now) => { const began = performance.now(); act(now); window.frames_ms.push(performance.now() - began); });
"""


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else None


def spent(driver):
    """Seconds of the page's own thread: a busy machine does not show in them."""
    metrics = {m["name"]: m["value"] for m in driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    return {name: metrics[name] for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")}


def look(driver, fleet, seconds):
    with StandIn(FLEETS[fleet](), snapshot_s=0.5, history_s=3600) as server:
        driver.get(server.address)
        time.sleep(3)
        load = driver.execute_script("return window.longTasks.splice(0)")
        for section in driver.find_elements("css selector", "section"):
            driver.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", section)
            time.sleep(1.2)
        driver.execute_script("scrollTo(0, 0)")
        seen = driver.execute_script("return window.longTasks.splice(0)")
        driver.execute_script("window.frames_ms.length = 0")
        before = spent(driver)
        time.sleep(seconds)
        cost = {name.replace("Duration", "").lower(): round(1000 * (value - before[name]) / seconds, 1) for name, value in spent(driver).items()}
        live, frames = driver.execute_script("return [window.longTasks, window.frames_ms]")
        paint = driver.execute_script("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        nodes = driver.execute_script("return document.getElementsByTagName('*').length")
        size = driver.execute_script("return performance.getEntriesByType('resource').filter((r) => /page|assets/.test(r.name)).reduce((sum, r) => sum + r.encodedBodySize, 0)")
    print(f"{fleet}: CPU time a second (two snapshots): {cost} ms")
    print(f"{fleet}: first paint {paint:.0f} ms; long tasks: at the start {load}, while scrolled {seen}, in {seconds} s live {live} ms; "
          f"script a frame p50 {percentile(frames, 0.5):.1f}, p95 {percentile(frames, 0.95):.1f} ms of {len(frames)}; {nodes} nodes; files {size} bytes, not compressed")


def main():
    driver = start_browser()
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        for fleet in sys.argv[2:] or ("demo", "large"):
            look(driver, fleet, int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    finally:
        driver.quit()


main()
