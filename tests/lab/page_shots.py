#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests/lab/screenshots: page_shots.py TOP BASE FOLDER SHOTS NAME=TOKEN…"""
import os
import sys
import time

from page import Page, until

BASE, SHOTS = sys.argv[2], sys.argv[4]
TOKENS = dict(a.split("=", 1) for a in sys.argv[5:])


def shoot(page, name, where, ready, then=None):
    page.view(where)
    until(lambda: page.all(ready))
    if then:
        then(page)
    page.js("document.activeElement.blur()")
    page.cdp("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 1, "y": 1})
    time.sleep(1.2)
    page.driver.save_screenshot(os.path.join(SHOTS, f"{name}.png"))


def fill(page):
    page.js("const s = document.querySelector('select[name=profile]'); s.value = 'rocky-9'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.type("input[name=name]", "web7")
    page.type("input[name=mac]", "02:00:00:00:bb:07")
    page.type("[name='set timezone']", "Europe/Berlin")
    page.type("[name='set retries']", "12")
    until(lambda: page.all(".field-problem:not([hidden])"))


def choose(page):
    for name in ("rack7-01", "rack7-02", "rack7-03"):
        page.js("document.querySelector(`input[aria-label='Select ${arguments[0]}']`)?.click()", name)


def reinstall(page):
    page.click("[data-action=reinstall]")


def pictures(dark, width, height, shots):
    page = Page(BASE, dark, width, height)
    page.sign_in(TOKENS["operate"])
    until(lambda: page.all(".link.live"))
    for shot in shots:
        shoot(page, *shot)
    page.quit()


pictures(False, 1280, 800, [
    ("machines", "machines", "tr[data-key]"),
    ("stuck", "machine/web1", ".cause:not([hidden])"),
    ("answers", "machine/db2?tab=rendered", ".finding"),
    ("create", "create", "input[name=name]", fill),
    ("reinstall", "machine/web4", "[data-action=reinstall]", reinstall),
])
pictures(True, 1280, 800, [
    ("machine", "machine/rack7-25", ".block.now"),
    ("machines-dark", "machines", "tr[data-key]", choose),
    ("wall", "wall", ".tile"),
])
pictures(False, 390, 780, [("narrow", "machines?lab=rack7", "tr[data-key]")])
