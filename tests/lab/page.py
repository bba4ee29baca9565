#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The web page in Chromium, for labs and screenshots.

  page.py BASE TOKENS JOB [ARGUMENT…]   TOKENS: "admin=usher_… operate=… view=…"

Each claim is a line: "pass TEXT" or "fail TEXT: why"; another line is a remark.
"""
import json
import os
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.__violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile));
"""
PLAIN_TLS = ssl.create_default_context()
PLAIN_TLS.check_hostname = False
PLAIN_TLS.verify_mode = ssl.CERT_NONE


class Page:
    def __init__(self, base, dark=False, width=1440, height=900, scale=1):
        self.base = base
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        profile = tempfile.mkdtemp(prefix="page.")
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                         "--disable-background-networking", "--disable-component-update", "--no-first-run",
                         "--disable-features=OptimizationHints,MediaRouter", f"--user-data-dir={profile}", f"--window-size={width},{height}"]:
            options.add_argument(argument)
        options.set_capability("acceptInsecureCerts", True)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(60)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.size(width, height, scale)
        self.theme(dark)

    def cdp(self, method, arguments):
        return self.driver.execute_cdp_cmd(method, arguments)

    def size(self, width, height, scale=1):
        self.cdp("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False})

    def theme(self, dark):
        self.cdp("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                             {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def open(self, path=""):
        self.driver.get(self.base + path)

    def view(self, where):
        """Returns when it is another view's turn."""
        if self.js("if (location.hash === arguments[0]) return false; window.__before = document.querySelector('main'); location.hash = arguments[0]; return true", "#/" + where):
            until(lambda: self.js("return document.querySelector('main') !== window.__before"))

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css):
        return "\n".join(self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", css))

    def click(self, css, text=None):
        self.do(css, text, lambda e: e.click())

    def type(self, css, text):
        def write(field):
            field.clear()
            field.send_keys(text)
        self.do(css, None, write)

    def do(self, css, text, act):
        """With the first one in sight; once more where the page has drawn it anew meanwhile."""
        def once():
            try:
                found = [e for e in self.all(css) if e.is_displayed() and (text is None or text in e.text)]
                if found:
                    act(found[0])
                return found
            except (StaleElementReferenceException, ElementClickInterceptedException):
                return None
        if not until(once):
            raise LookupError(f"nothing to click: {css} {text or ''}")

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def sign_in(self, token):
        self.open()
        self.type("input[name=token]", token)
        self.click("button[type=submit]")
        return until(lambda: self.all("header nav"), 20)

    def console_errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def foreign_requests(self):
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return [u for u in urls if not u.startswith((self.base, "data:", "about:", "chrome:", "blob:" + self.base))]

    def violations(self):
        return self.js("return window.__violations")

    def quit(self):
        self.driver.quit()


class Api:
    """The same API without the page: what an action did is judged by it."""

    def __init__(self, base, token):
        self.base, self.token = base + "api/v1", token

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, context=PLAIN_TLS, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def get(self, path):
        return self.ask("GET", path)[1]

    def machine(self, name):
        status, answer = self.ask("GET", f"/machines/{name}")
        return answer if status == 200 else None

    def state(self, name):
        machine = self.machine(name)
        return machine and machine["state"]


def until(f, seconds=10):
    end = time.monotonic() + seconds * 3
    while True:
        value = f()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.1)


def check(what, f, *arguments, seconds=10):
    """f is asked until it is true; an exception is a failure with its text."""
    try:
        good, why = until(lambda: f(*arguments), seconds), "it is not so"
    except Exception as error:  # pylint: disable=broad-except
        good, why = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
    print(f"pass {what}" if good else f"fail {what}: {why}", flush=True)
    return good


def never(what, found):
    """A list that must be empty."""
    print(f"pass {what}" if not found else f"fail {what}: {'; '.join(str(f)[:300] for f in found[:4])}", flush=True)


def axe_source(top):
    with open(os.path.join(top, "build/peers/axe-core/axe.min.js"), encoding="utf-8") as file:
        return file.read()


def axe(page, source, only=None):
    """What axe-core finds that is serious or critical, a line each."""
    if not page.js("return typeof axe === 'object'"):
        page.js(source)
    options = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = only
    result = page.driver.execute_async_script(
        "const [options, done] = arguments; axe.run(document, options).then((r) => done(r.violations), (e) => done([{id: String(e), impact: 'serious', nodes: []}]))", options)
    return [f"{v['id']} ({v['impact']}): " + ", ".join(" ".join(map(str, n["target"])) for n in v["nodes"][:3])
            for v in result if v["impact"] in ("serious", "critical")]
