#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For bench_page.sh: page_load.py BASE TOKEN SECONDS

Loads the page of somebody who is signed in, anew and anew for that long, and prints medians: "bytes=… files=… rows_ms=…
all_ms=… frame_ms=… loads=…": its weight, the time to the first rows, to all machines, and the longest of 100 frames while
all of the table is scrolled through.
"""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab"))
from page import Page, until  # noqa: E402  pylint: disable=wrong-import-position

WATCH = """
new MutationObserver(() => {
	if (!window.__rows && document.querySelector("tr[data-key]"))
		window.__rows = performance.now();
	if (!window.__all && /^[0-9,]+ machines$/.test(document.querySelector(".shown")?.textContent || ""))
		window.__all = performance.now();
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
WEIGHT = """
const all = performance.getEntriesByType("resource").filter((e) => e.name.includes("/web/"));
return [performance.getEntriesByType("navigation")[0].encodedBodySize + all.reduce((n, e) => n + e.encodedBodySize, 0), all.length + 1];
"""
SCROLL = """
const done = arguments[0], box = document.querySelector(".scroller");
let n = 0, before = performance.now(), most = 0;
const step = (now) => {
	if (n++ > 1)
		most = Math.max(most, now - before);
	before = now;
	box.scrollTop = (box.scrollHeight * n) / 100;
	n < 100 ? requestAnimationFrame(step) : done(most);
};
requestAnimationFrame(step);
"""


def main():
    base, token, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    page = Page(base)
    page.cdp("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    page.sign_in(token)
    weight = page.js(WEIGHT)
    rows, whole, frames, end = [], [], [], time.monotonic() + seconds
    while time.monotonic() < end or not rows:
        page.driver.refresh()
        if not until(lambda: page.js("return window.__all"), 60):
            sys.exit("the page shows no machines")
        rows.append(page.js("return window.__rows"))
        whole.append(page.js("return window.__all"))
        frames.append(page.driver.execute_async_script(SCROLL))
    page.quit()
    print(f"bytes={weight[0]} files={weight[1]} rows_ms={statistics.median(rows):.0f} all_ms={statistics.median(whole):.0f} "
          f"frame_ms={statistics.median(frames):.0f} loads={len(rows)}")


main()
