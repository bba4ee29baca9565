# SPDX-License-Identifier: GPL-2.0-or-later
"""For test_places: a line of JSON for each setting of a profile, with what is served for a marker and for each awkward value. Each is read
by its format's parser; both must come to the same things in the same places, with the value where the marker was."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree

import yaml

BLANKS = " \t\r\v\f"
SECTIONS = {"%packages", "%pre", "%pre-install", "%post", "%onerror", "%traceback", "%addon", "%anaconda", "%certificate"}
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Script(str):
    """Text that a shell reads."""


def kickstart(text):
    """As Anaconda reads it: commands of shell-like words, sections of lines."""
    section, body = None, []
    for line in text.split("\n"):
        first = (line.split() or [""])[0]
        if section is None:
            if first in SECTIONS:
                section, body = shlex.split(line), []
            elif line.strip() and not line.lstrip().startswith("#"):
                yield "command", shlex.split(line, comments=True)
        elif first == "%end":
            lines = [x.partition("#")[0].rstrip() for x in body]
            yield "section", section
            yield "body", [x for x in lines if x] if section[0] == "%packages" else Script("\n".join(body))
            section = None
        elif first in SECTIONS or first in ("%include", "%ksappend"):
            raise ValueError(f"{first} in {section}")
        else:
            body.append(line)
    if section:
        raise ValueError(f"{section} does not end")


def preseed(text):
    """As bin/debconf-set-selections of the Debian installer reads it."""
    lines = [x.replace("\r", "").lstrip(BLANKS) for x in text.split("\n") if not x.startswith("#") and x.strip(BLANKS)]
    joined = ""
    for line in lines:
        if line.endswith("\\"):
            joined += (" " if joined else "") + line[:-1].rstrip(BLANKS)
            continue
        line, joined = (joined + " " + line if joined else line), ""
        owner, question, kind, *value = re.split(f"[{BLANKS}]+", line, maxsplit=3)
        value = value[0].strip(BLANKS) if value else ""
        yield owner, question, kind, Script(value) if question.endswith("_command") else value


def tree(element):
    text = (element.text or "").strip() if len(element) else element.text or ""
    if element.tag.endswith("}source"):
        text = Script(text)
    return [element.tag, dict(element.attrib), text, [tree(x) for x in element]]


def flat(data):
    """With what data: URLs hold."""
    if isinstance(data, dict):
        return {str(k): flat(v) for k, v in data.items()}
    if isinstance(data, list):
        return [flat(x) for x in data]
    if isinstance(data, str) and data.startswith("data:,"):
        return "data:," + urllib.parse.unquote(data[6:])
    if isinstance(data, str) and "\n" in data:
        return Script(data)
    return data


PARSERS = {
    "kickstart": lambda s: list(kickstart(s)),
    "preseed": lambda s: list(preseed(s)),
    "autoyast": lambda s: tree(xml.etree.ElementTree.fromstring(s)),
    "ignition": lambda s: flat(json.loads(s)),
    "autoinstall": lambda s: flat(yaml.load(s, Loader)),
    "cloud-config": lambda s: flat(yaml.load(s, Loader)),
    "yaml": lambda s: flat(yaml.load(s, Loader)),
    "script": lambda s: Script(s),
    "cmdline": lambda s: s.split(" "),
}


def same_script(base, got, marker, value):
    """Line by line up to the first that differs and back from the end; the words of what is between. A marker alone on its line is a
    script of its own."""
    if any(x.strip() == marker for x in base.split("\n")):
        return base.replace(marker, value) == got
    a, b = base.split("\n"), got.split("\n")
    while a and b and a[0] == b[0]:
        a.pop(0), b.pop(0)
    while a and b and a[-1] == b[-1]:
        a.pop(), b.pop()
    try:
        words, others = shlex.split("\n".join(a), comments=True), shlex.split("\n".join(b), comments=True)
    except ValueError:  # a quote goes on behind it
        words, others = shlex.split(base, comments=True), shlex.split(got, comments=True)
    return [x.replace(marker, value) for x in words] == others


def same(base, got, marker, value):
    if isinstance(base, Script) and isinstance(got, str):
        return base == got or same_script(base, got, marker, value)
    if isinstance(base, str):
        return got == base.replace(marker, value)
    if isinstance(base, dict):
        return isinstance(got, dict) and base.keys() == got.keys() and all(same(base[k], got[k], marker, value) for k in base)
    if isinstance(base, (list, tuple)):
        return isinstance(got, type(base)) and len(base) == len(got) and all(same(x, y, marker, value) for x, y in zip(base, got))
    return base == got


def fits(form, base, text, marker, value):
    try:
        return same(base, PARSERS[form](text), marker, value)
    except (ValueError, yaml.YAMLError, xml.etree.ElementTree.ParseError):
        return False


def debconf(selections):
    """What debconf-set-selections(1) says that [(text, question, value)] have, beside ours: how many it reads otherwise."""
    if not shutil.which("debconf-set-selections"):
        print("skipped: debconf-set-selections is not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/seed", "w") as f:
            f.writelines(re.sub(r"^(\S+\s+)", rf"\g<1>case{i}/", text, flags=re.M) + "\n" for i, (text, _, _) in enumerate(selections))
        subprocess.run(["debconf-set-selections", f"{folder}/seed"], check=True, env={**os.environ, "DEBCONF_DB_REPLACE": f"File{{{folder}/db}}"})
        with open(f"{folder}/db", newline="\n") as f:
            stanzas = [dict(x.split(": ", 1) for x in s.split("\n") if ": " in x) for s in f.read().split("\n\n")]
    got = {s["Name"]: s.get("Value", "") for s in stanzas if "Name" in s}
    wanted = {f"case{i}/{question}": value for i, (_, question, value) in enumerate(selections)}
    wrong = {k for k in got.keys() | wanted.keys() if got.get(k) != wanted.get(k)}
    for k in sorted(wrong)[:10]:
        print(f"debconf-set-selections: {k} is {got.get(k)!r}, not {wanted.get(k)!r}", file=sys.stderr)
    print(f"{len(wanted)} selections read by debconf-set-selections, {len(wrong)} otherwise")
    return len(wrong)


def changed_selections(base, text):
    """The lines that differ, and what we read there; nothing when they are a part of one."""
    a, b = base.split("\n"), text.split("\n")
    while a and b and a[0] == b[0]:
        a.pop(0), b.pop(0)
    while a and b and a[-1] == b[-1]:
        a.pop(), b.pop()
    if all(x.startswith("d-i ") and not x.endswith("\\") for x in b):
        for line in b:
            for _, question, _, value in preseed(line):
                yield line, question, value


def main():
    selections = []
    settings = tried = placed = refused = left = 0
    for line in sys.stdin:
        row = json.loads(line)
        settings += 1
        base = {k: PARSERS[v["format"]](v["text"]) for k, v in row.get("base", {}).items()}
        for one in row["tries"]:
            tried += 1
            if "refused" in one:
                refused += 1
                continue
            for k, v in one["files"].items():
                if v["format"] == "preseed" and "marker" in row:
                    selections += changed_selections(row["base"][k]["text"], v["text"])
            bad = [k for k, v in one["files"].items()
                   if "marker" in row and not fits(v["format"], base[k], v["text"], row["marker"], one["value"])]
            if bad:
                left += 1
                print(f"{row['profile']}: {row['setting']} {one['value']!r} leaves its place in {', '.join(bad)}", file=sys.stderr)
            else:
                placed += 1
    print(f"{settings} settings, {tried} values: {placed} in their place, {refused} refused, {left} left their place")
    return (left or debconf(selections)) != 0


sys.exit(main())
