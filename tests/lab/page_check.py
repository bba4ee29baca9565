#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For lab_page.sh and lab_page_looks.sh: each view of the page opened, each action clicked, its effect judged by the API.

  page_check.py TOP BASE FOLDER PART,… NAME=TOKEN…   FOLDER: the lab's; a file there tells the lab to go on with a machine
"""
import os
import subprocess
import sys
import time

from selenium.webdriver.common.keys import Keys

from page import Api, Page, axe, axe_source, check, never, until

TOP, BASE, FOLDER, PARTS = sys.argv[1:5]
TOKENS = dict(a.split("=", 1) for a in sys.argv[5:])
EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
VIEWS = ["machines", "machine/db2", "machine/web4", "create", "labs", "discovered", "segments", "leases", "media", "tokens", "wall"]

api = Api(BASE, TOKENS["admin"])


def row(page, name):
    return page.js("return [...document.querySelectorAll('tr[data-key]')].find((r) => r.dataset.key === arguments[0])?.innerText || ''", name)


def names(page):
    return page.js("return [...document.querySelectorAll('tr[data-key]')].map((r) => r.dataset.key)")


def no_dialog(page):
    return not page.all("dialog[open]")


def dialog_text(page):
    return page.text("dialog[open]")


def confirm(page):
    page.click("dialog[open] .dialog-actions .button:last-child")


def cancel(page):
    page.press(Keys.ESCAPE)
    until(lambda: no_dialog(page))


def select(page, *which):
    page.view("machines")
    page.view("machines?q=")
    for name in which:
        page.click(f'input[aria-label="Select {name}"]')


def signing_in(page):
    page.open()
    check("without a token it asks for one", lambda: page.all("input[name=token]"))
    page.type("input[name=token]", "usher_wrong")
    page.click("button[type=submit]")
    check("a wrong one is refused, with the reason", lambda: "token" in page.text("[role=alert]").lower())
    check("with one it shows the machines", page.sign_in, TOKENS["admin"])
    check("all of them", lambda: len(api.get("/machines")["machines"]) == page.js("return [...document.querySelectorAll('tr[data-key]')].length") or "machines" in page.text(".shown"))
    check("the header says that it is live", lambda: page.text(".link") == "live")
    check("and by the stream, not by polls", lambda: page.js("return document.querySelector('.link').className") == "link live")
    never("the token is in no cookie and no address", [c["name"] for c in page.driver.get_cookies()] + ([page.driver.current_url] if "usher_" in page.driver.current_url else []))


def table(page):
    page.view("machines")
    check("a machine's row has its state in a word", lambda: "installing" in row(page, "db2"))
    check("and how far it is", lambda: "60 %" in row(page, "db2"))
    check("a failed one says why", lambda: "no disk" in row(page, "web4"))
    page.click(".chip.filter[data-state=up]")
    check("the filter by state shows those alone", lambda: names(page) and all("up" in row(page, n) for n in names(page)))
    check("and is in the address", lambda: "state=up" in page.driver.current_url)
    page.click(".chip.filter[data-state='']")
    page.press("/")
    page.press("web4")
    check("/ searches", lambda: names(page) == ["web4"])
    page.type("input.search", "10.66.1.39")
    check("by address too", lambda: names(page) == ["db2"])
    clear_search(page)
    page.click(".c-state .sort")
    check("sorted by state, the failed one is first", lambda: names(page)[:1] == ["web4"])
    page.click(".c-name .sort")
    page.js("document.activeElement.blur()")
    page.press("jjx")
    check("j, k and x select", lambda: "1 selected" in page.text(".selection"))
    page.press(Keys.ESCAPE)
    check("Esc clears the selection", lambda: not page.js("return document.querySelector('.selection').checkVisibility()"))
    page.press("?")
    check("? lists the keys", lambda: "Keyboard" in dialog_text(page))
    cancel(page)
    page.press(Keys.ENTER)
    check("Enter opens the machine", lambda: "#/machine/" in page.driver.current_url)
    page.press(Keys.ESCAPE)
    check("Esc goes back", lambda: page.driver.current_url.endswith("#/machines"))


def clear_search(page):
    page.js("const s = document.querySelector('input.search'); s.value = ''; s.dispatchEvent(new Event('input'))")


def live(page):
    page.view("machines")
    until(lambda: names(page))
    page.js("window.__same = 1")
    api.ask("POST", "/machines", {"kind": "bare-metal", "name": "aaa-new", "profile": "rocky-9", "mac": "02:00:00:00:aa:01", "segment": "br0"})
    check("a machine that another made is there at once", lambda: "known" in row(page, "aaa-new"))
    api.ask("POST", "/machines/aaa-new/reinstall")
    check("and when it is armed, its row says so", lambda: "armed" in row(page, "aaa-new"))
    api.ask("DELETE", "/machines/aaa-new")
    check("and when it is deleted, it is gone", lambda: "aaa-new" not in names(page))
    open(os.path.join(FOLDER, "go"), "w").close()
    page.view("machine/walk")
    check("a machine that installs: its timeline goes on", lambda: page.all(".block.now"), seconds=20)
    check("to up", lambda: "up" in page.text(".title .badge"), seconds=30)
    check("with all stages done", lambda: len(page.all(".block.done")) == 5)
    check("a reader is told them", lambda: "install: " in page.js("return document.querySelector('.timeline').getAttribute('aria-label')"))
    check("without loading the page anew", lambda: page.js("return window.__same") == 1)


def actions(page):
    select(page, "build-01", "build-02", "web4")
    check("three are selected", lambda: "3 selected" in page.text(".selection"))
    page.click("[data-action=reinstall]")
    check("reinstall says what is lost", lambda: "lost" in dialog_text(page) and "build-02" in dialog_text(page))
    cancel(page)
    check("cancelled, nothing is done", lambda: api.state("build-01") == "known")
    page.click("[data-action=reinstall]")
    confirm(page)
    check("reinstalled, they are armed", lambda: all(api.state(n) == "armed" for n in ("build-01", "build-02", "web4")))
    check("and the timeline names who asked", lambda: any(e.get("by") == "admin" for e in api.get("/events?machine=build-01")["events"]))
    select(page, "build-01", "build-02", "build-03")
    page.click("[data-action=disarm]")
    check("one that is not armed is left out, and why", lambda: "1 other left out" in dialog_text(page) and "not armed" in dialog_text(page))
    confirm(page)
    check("disarmed, they are as before", lambda: api.state("build-01") == "known" and api.state("build-02") == "known")
    page.view("machine/web3")
    page.click("[data-action=power]")
    page.click("dialog[open] input[value=off]")
    confirm(page)
    check("power: its controller was told", lambda: "off" in read("switched"))
    page.click("[data-action=labels]")
    page.type("dialog[open] textarea[name=labels]", "rack: 7\nowner: " + EVIL[:55])
    page.type("dialog[open] textarea[name=note]", EVIL)
    confirm(page)
    check("labels and note are kept", lambda: api.machine("web3")["labels"].get("rack") == "7" and api.machine("web3")["note"] == EVIL)
    check("and shown", lambda: "rack" in page.text(".labels") and EVIL in page.text(".note"))
    select(page, "build-03", "build-04")
    page.click("[data-action=delete]")
    check("delete says what is lost", lambda: "records are deleted" in dialog_text(page))
    check("of many it must be typed", lambda: not page.all("dialog[open] .dialog-actions .button.danger:enabled"))
    page.type("dialog[open] input[name=typed]", "2")
    confirm(page)
    check("deleted, they are gone", lambda: api.machine("build-03") is None and api.machine("build-04") is None)
    page.view("machine/build-02")
    page.click("[data-action=delete]")
    confirm(page)
    check("one is deleted from its own page", lambda: api.machine("build-02") is None)
    check("which says so", lambda: "deleted" in page.text("main"))


# The answer of a request whose method and address begin like that is lost, once: the service has done it, and the page has no
# word of it. With "later" it is answered as where files are being fetched first.
LOSE = """
[window.__lose, window.__later] = arguments;
window.__fetch ||= window.fetch;
window.fetch = async (url, more) => {
    if (!window.__lose || !`${more?.method || "GET"} ${url}`.startsWith(window.__lose))
        return window.__fetch(url, more);
    window.__lose = null;
    if (window.__later)
        return new Response('{"fetching": []}', { status: 202 });
    await window.__fetch(url, more);
    throw new TypeError("lost");
};"""
SEEN = "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true }); document.dispatchEvent(new Event('visibilitychange'))"


def faults(page):
    made = ["fault-1", "fault-2", "fault-3"]
    for i, name in enumerate(made):
        api.ask("POST", "/machines", {"kind": "bare-metal", "name": name, "profile": "rocky-9", "mac": f"02:00:00:00:ab:0{i}", "segment": "br0"})
    page.view("machines?q=fault")
    until(lambda: names(page) == made)
    page.js("document.querySelector('.skip').click()")
    check("the skip link goes to the content, and to no other view", lambda: page.js("return document.activeElement.id") == "main" and names(page) == made)
    page.click('input[aria-label="Select fault-1"]')
    page.click('input[aria-label="Select fault-2"]')
    never("power is not offered where no controller is known", page.all(".selection [data-action=power]"))
    page.js(LOSE, "POST /api/v1/bulk")
    page.click(".selection [data-action=reinstall]")
    confirm(page)
    check("a bulk call whose answer is lost comes again", lambda: no_dialog(page) and "2 machines" in page.text("#toasts"), seconds=15)
    check("and is done once", lambda: all(api.machine(n)["attempt"]["number"] == 1 for n in made[:2]))
    page.view("machines?q=fault-3")
    page.js(LOSE, "GET /api/v1/machines/fault-3")
    api.ask("POST", "/machines/fault-3/reinstall")
    check("a machine whose new state is lost is read again", lambda: "armed" in row(page, "fault-3"))
    never("after that one was lost", ["it was not"] if page.js("return window.__lose") else [])
    page.js(SEEN, True)
    api.ask("POST", "/machines/fault-3/disarm")
    time.sleep(1)
    never("a page that nobody sees asks nothing", [] if "armed" in row(page, "fault-3") else [row(page, "fault-3")])
    page.js(SEEN, False)
    check("and knows what it missed when somebody does", lambda: "known" in row(page, "fault-3"))
    page.view("machine/fault-3")
    until(lambda: page.all(".tab-body .event"))
    page.js(LOSE, "POST /api/v1/machines/fault-3/reinstall", "later")
    page.click("[data-action=reinstall]")
    confirm(page)
    check("a reinstall that has to wait for files says so", lambda: "being fetched" in dialog_text(page))
    check("and is asked for again", lambda: api.state("fault-3") == "armed" and no_dialog(page))
    until(lambda: page.all("[data-action=disarm]"))
    api.ask("POST", "/machines/fault-3/disarm")
    until(lambda: page.all("[data-action=reinstall]") and not page.all("[data-action=disarm]"))
    page.js("document.querySelector('[data-action=reinstall]').focus()")
    api.ask("PATCH", "/machines/fault-3", {"note": "another note"})
    check("what changes is drawn", lambda: "another note" in page.text(".note"), seconds=20)
    check("and focus stays where it was", lambda: page.js("return document.activeElement.dataset.action") == "reinstall")
    for name in made:
        api.ask("DELETE", f"/machines/{name}")
    check("a machine that others delete: its page says so, and shows nothing else", lambda: "has been deleted" in page.text("main") and not page.js("return document.querySelector('.machine-grid').checkVisibility()"))
    page.view("constructor")
    check("an address of no view shows the machines", lambda: names(page))


def read(name):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def machine(page):
    page.view("machine/web4?")
    check("a cause is told, with what was seen and the fix", lambda: "Seen" in page.text(".cause") or "armed" in page.text(".title"))
    page.view("machine/db2")
    check("its events are there", lambda: "answers fetched" in page.text(".events"))
    page.click("[data-tab=log]")
    check("its installer's log", lambda: "partman" in page.text(".log"))
    check("as text", lambda: EVIL in page.text(".log"))
    page.click("[data-tab=rendered]")
    check("its answers", lambda: "/done" in page.text("pre.code"))
    check("with what linters find, at its line", lambda: "zerombr" in page.text(".findings") and "clearpart" in page.text(".line.warning"))
    page.click("[data-tab=record]")
    check("its record", lambda: "02:00:00:00:00:26" in page.text(".tab-body"))
    page.click("[data-tab=console]")
    check("of bare metal the console says where it is", lambda: "usher console db2" in page.text(".tab-body"))


def terminal(page):
    def shown(text):
        return page.driver.execute_async_script("""
            const [text, done] = arguments;
            import("/web/js/terminal.js").then(({ Terminal }) => {
                const box = document.createElement("div");
                document.querySelector("main").append(box);
                const t = new Terminal(box, () => {});
                for (const c of text.match(/[^]{1,3}/gu))
                    t.write(new TextEncoder().encode(c));
                requestAnimationFrame(() => requestAnimationFrame(() => done([...box.querySelectorAll(".screen > div")].map((d) => d.textContent.trimEnd()))));
            });""", text)
    for what, text, lines in (
            ("lines", "one\r\ntwo\r\n", ["one", "two", ""]),
            ("a line written over", "10 %\r20 %\r", ["20 %"]),
            ("colours", "\x1b[1;31mred\x1b[0m and \x1b[38;5;200mmore\x1b[m", ["red and more"]),
            ("the cursor moved, and a line erased", "abcdef\x1b[3D\x1b[K\x1b[1;1HX", ["Xbc"]),
            ("the screen cleared", "old\x1b[2J\x1b[Hnew", ["new"]),
            ("characters taken out and put in", "abcd\x1b[1;2H\x1b[P\x1b[2@", ["a  cd"]),
            ("lines put in", "a\r\nb\x1b[H\x1b[Lz", ["z", "a", "b"]),
            ("a title, and sequences that nobody knows", "\x1b]0;title\x07\x1b[?25l\x1b(B\x1b[9zhere", ["here"]),
            ("letters of several bytes", "gr\u00fc\u00dfe \U0001f600", ["gr\u00fc\u00dfe \U0001f600"]),
            ("what tries to be HTML", EVIL, [EVIL])):
        got = shown(text)
        never(f"the terminal: {what}", [] if got == lines else [f"{got} in place of {lines}"])
    many = shown("".join(f"line {i}\r\n" for i in range(5000)))
    never("the terminal: lines without end are bounded", [] if len(many) <= 4000 and many[-2] == "line 4999" else [f"{len(many)} lines, {many[-2:]}"])


def problem(page, name):
    """What is said beside that field, if anything."""
    return page.js("const p = document.getElementsByName(arguments[0])[0].closest('.field').querySelector('.field-problem'); return p.hidden ? '' : p.textContent", name)


def create(page):
    page.view("create")
    until(lambda: page.all("input[name=name]"))
    page.js("document.querySelector('select[name=profile]').value = 'rocky-9'; document.querySelector('select[name=profile]').dispatchEvent(new Event('change', {bubbles: true}))")
    check("the profile's settings are fields", lambda: page.all("[name='set retries']"))
    page.type("input[name=name]", "Web_9")
    page.type("input[name=mac]", "02:00:00:00:bb:01")
    check("a wrong name is told where it is typed", lambda: "cannot be a machine's name" in problem(page, "name"))
    page.type("input[name=name]", "web9")
    page.type("[name='set retries']", "77")
    check("a wrong setting too", lambda: "from 1 to 9" in problem(page, "set retries"))
    never("and nowhere else", [name for name in ("name", "mac", "address") if problem(page, name)])
    page.type("[name='set retries']", "5")
    page.type("input[name=address]", "10.1.1.1")
    check("an address of elsewhere too", lambda: "cannot be used in segment" in problem(page, "address"))
    page.type("input[name=address]", "10.66.9.9")
    check("all right, it says what comes", lambda: "can be enrolled" in page.text(".verdict"))
    never("nothing was made by that", ["web9"] if api.machine("web9") else [])
    page.click(".form-end .button")
    check("enrolled, it is there", lambda: (api.machine("web9") or {}).get("settings", {}).get("retries") == "5")
    check("and its page is open", lambda: page.driver.current_url.split("?")[0].endswith("#/machine/web9"))


def others(page):
    page.view("segments")
    check("segments: the one that is served", lambda: "10.66.0.0/16" in page.text(".cards"))
    page.view("leases")
    check("leases: a machine's", lambda: "10.66.1.39" in page.text("tr[data-key]"))
    page.view("media")
    check("media: the profile's", lambda: "medium" in page.text(".cards"))
    page.view("labs")
    check("labs: with their machines", lambda: "rack" in page.text(".labs"))
    page.view("discovered")
    check("discovered: what it reported, as text", lambda: EVIL in page.text(".cards"))
    page.click(".cards .button", "Enroll…")
    check("enrolling it begins with its card", lambda: page.js("return document.querySelector('input[name=mac]')?.value") == "02:00:00:00:99:99")
    page.type("input[name=name]", "found")
    page.js("document.querySelector('select[name=profile]').value = 'rocky-9'; document.querySelector('select[name=profile]').dispatchEvent(new Event('change', {bubbles: true}))")
    check("it can be enrolled", lambda: "can be enrolled" in page.text(".verdict"))
    page.click(".form-end .button")
    check("enrolled, it has a record", lambda: api.machine("found"))
    until(lambda: "#/machine/found" in page.driver.current_url)
    page.view("tokens")
    page.click("[data-action=new-token]")
    page.type("dialog[open] input[name=name]", "guest")
    confirm(page)
    check("a token is made, and shown once", lambda: "usher_" in page.text("dialog[open] pre.secret"))
    cancel(page)
    check("it is in the list", lambda: "guest" in page.text("main table"))
    page.click("main tr:has(b) .button", "Revoke")
    cancel(page)
    page.js("[...document.querySelectorAll('main tr')].find((r) => r.textContent.startsWith('guest')).querySelector('button').click()")
    confirm(page)
    check("and revoked it is not", lambda: "guest" not in [t["name"] for t in api.get("/tokens")["tokens"]])
    page.view("wall")
    check("the wall has a tile for each machine", lambda: len(page.all(".tile")) == len(api.get("/machines")["machines"]))
    never("and no controls beside full screen", page.all("main button:not(.small)"))


def looks(page):
    page.sign_in(TOKENS["admin"])
    source, found = axe_source(TOP), []
    for dark in (False, True):
        page.theme(dark)
        for where in VIEWS:
            page.view(where)
            time.sleep(0.5)
            found += [f"{where}{' dark' if dark else ''}: {f}" for f in axe(page, source, ["color-contrast"] if dark else None)]
    page.theme(False)
    for what, opens in (("delete", "[data-action=delete]"), ("labels", "[data-action=labels]")):
        page.view("machine/db3")
        page.click(opens)
        time.sleep(0.3)
        found += [f"dialog {what}: {f}" for f in axe(page, source)]
        cancel(page)
    never("axe-core finds nothing serious in any view, dark or light", found)
    page.size(390, 844)
    wide = []
    for where in VIEWS:
        page.view(where)
        time.sleep(0.3)
        if page.js("return document.documentElement.scrollWidth > innerWidth + 1"):
            wide.append(where)
    never("nothing is wider than a narrow screen", wide)
    page.size(1440, 900)


def markup(page):
    found = []
    for where in VIEWS + ["machine/web3", "machine/db2?tab=log"]:
        page.view(where)
        time.sleep(0.3)
        found += page.js("return [...document.querySelectorAll('img:not([src=\"/web/icon.svg\"]), script:not([src]), [onerror], [onload]')].map((e) => arguments[0] + ': ' + e.outerHTML)", where)
    never("what machines and people say is never markup", found)
    never("and runs nothing", ["window.pwned"] if page.js("return window.pwned") else [])


def lesser(page):
    page.js("sessionStorage.clear()")
    page.driver.refresh()
    until(lambda: page.all("input[name=token]"))
    check("who may only look signs in", page.sign_in, TOKENS["view"])
    page.view("machine/db3")
    until(lambda: page.text(".facts"))
    never("and has no actions", page.all("[data-action]") + page.all("header .button.primary"))
    page.js("sessionStorage.setItem('usher-token', 'usher_gone'); location.hash = '#/leases'")
    check("a revoked token brings back to signing in", lambda: page.all("input[name=token]"))


# --- long_page.sh: a guest ----------------------------------------------------------------------------------------------------

GUEST = "web01"


def domain_is(state):
    return subprocess.run(["virsh", "-q", "domstate", GUEST], capture_output=True, text=True, check=False).stdout.strip() == state


def guest_made(page):
    page.sign_in(TOKENS["admin"])
    page.view("create")
    until(lambda: page.all("input[name=name]"))
    page.js("document.querySelector('select[name=profile]').value = 'tiny'; document.querySelector('select[name=profile]').dispatchEvent(new Event('change', {bubbles: true}))")
    page.type("input[name=name]", GUEST)
    page.type("input[name=memory]", "lots")
    check("what is no number is told where it is typed", lambda: "a number is expected" in problem(page, "memory"))
    page.type("input[name=memory]", "64")
    check("so is too little memory", lambda: "384" in problem(page, "memory"))
    page.type("input[name=memory]", "512")
    page.type("[name='set console']", "ttyS0") if page.all("[name='set console']") else None
    check("all right, it says what comes", lambda: "can be created" in page.text(".verdict"))
    page.click(".form-end .button")
    check("created, it is armed", lambda: api.state(GUEST) in ("armed", "booting", "installing"), seconds=30)
    check("libvirt runs it", domain_is, "running", seconds=30)


def guest_console(page):
    page.view(f"machine/{GUEST}")
    page.click("[data-tab=console]")
    check("its console is open", lambda: "Live" in page.text(".bar-line"), seconds=30)
    check("and shows what it prints", lambda: len(page.text(".screen").strip()) > 100, seconds=60)



def guest_up(page):
    check("it installs", lambda: api.state(GUEST) == "installing", seconds=120)
    check("the picture shows it", lambda: page.all(".block.now") and page.all(".curve"), seconds=60)
    check("it is up", lambda: api.state(GUEST) == "up", seconds=700)
    check("the picture has all stages done", lambda: len(page.all(".block.done")) == 5)
    page.click("[data-tab=events]")
    page.click("[data-tab=console]")
    until(lambda: "Live" in page.text(".bar-line"))
    page.click(".screen")
    page.press(Keys.ENTER)
    check("the installed system asks who logs in", lambda: "login:" in page.text(".screen"), seconds=60)
    page.press(EVIL[:60])
    check("what is typed is echoed", lambda: "window.pwned" in page.text(".screen"), seconds=20)
    never("as text", page.js("return [...document.querySelectorAll('main img, main script')].map((e) => e.outerHTML)"))


def guest_log(page):
    page.click("[data-tab=rendered]")
    check("its answers", lambda: len(page.text("pre.code")) > 100)


def guest_actions(page):
    page.click("[data-action=stop]")
    page.click("dialog[open] input[name=force]")
    confirm(page)
    check("stopped, it is off", domain_is, "shut off", seconds=30)
    check("and the page says so", lambda: "guest off" in page.text(".title"))
    page.click("[data-action=start]")
    confirm(page)
    check("started, it runs", domain_is, "running", seconds=30)
    page.click("[data-action=reinstall]")
    confirm(page)
    check("reinstalled, it is armed", lambda: (api.machine(GUEST) or {}).get("attempt", {}).get("number") == 2, seconds=30)
    page.click("[data-action=disarm]")
    confirm(page)
    check("disarmed, it is not", lambda: api.state(GUEST) not in ("armed", "booting", "installing"), seconds=30)


def guest_deleted(page):
    page.click("[data-action=delete]")
    check("delete names its disk", lambda: "1 disk" in dialog_text(page))
    confirm(page)
    check("deleted, it is gone", lambda: api.machine(GUEST) is None, seconds=30)
    volumes = subprocess.run(["virsh", "-q", "vol-list", "default"], capture_output=True, text=True, check=False).stdout.strip()
    never("and its disk", [volumes] if volumes else [])


def main():
    page = Page(BASE)
    try:
        for part in (globals()[name] for name in PARTS.split(",")):
            begun = time.monotonic()
            page.js("document.querySelectorAll('dialog').forEach((d) => d.close())")
            try:
                part(page)
            except Exception as error:  # pylint: disable=broad-except
                print(f"fail {part.__name__}: {type(error).__name__}: {str(error).splitlines()[0]}", flush=True)
                page.driver.save_screenshot(os.path.join(os.environ.get("B", FOLDER), f"page_{part.__name__}.png"))
            print(f"{part.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
        # a wrong token is answered with 401, which the browser notes
        never("the content security policy was not violated", page.violations())
        never("the browser's console has no error", [e for e in page.console_errors() if "401" not in e])
        never("nothing was asked of any other host", page.foreign_requests())
    finally:
        page.quit()


main()
