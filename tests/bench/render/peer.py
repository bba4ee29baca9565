# SPDX-License-Identifier: GPL-2.0-or-later
"""peer.py ENGINE TEMPLATE CONTEXT.json SECONDS OUT: as bench_render's `text`, by a template engine of Python's. TEMPLATE is in
the engine's own language. ENGINE-once compiles it before the clock runs; without, each time, as Cobbler does."""
import json
import sys
import time


def engine(name, text):
    once = name.endswith("-once")
    name = name.removesuffix("-once")
    if name == "jinja2":
        import jinja2

        env = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined, cache_size=0)
        compile_it = env.from_string
        render = lambda template, context: template.render(context)
    elif name == "cheetah":
        from Cheetah.Template import Template

        compile_it = lambda text: Template.compile(source=text, keepRefToGeneratedCode=False, useCache=False)
        render = lambda template, context: str(template(searchList=[context]))
    else:
        import pystache

        renderer = pystache.Renderer(escape=lambda u: u, missing_tags="strict")
        compile_it = pystache.parse if once else lambda text: text
        render = renderer.render
    if once:
        template = compile_it(text)
        return lambda context: render(template, context)
    return lambda context: render(compile_it(text), context)


def main():
    name, template, context, seconds, out = sys.argv[1:]
    with open(template) as f:
        text = f.read()
    with open(context) as f:
        context = json.load(f)
    once = engine(name, text)
    result = once(context)
    start = now = time.process_time()
    n = 0
    while now < start + float(seconds):
        result = once(context)
        n += 1
        now = time.process_time()
    with open(out, "w") as f:
        f.write(result)
    print("renders=%d cpu_ns=%.0f" % (n, (now - start) * 1e9))


main()
