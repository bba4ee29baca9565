// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's serial console: recorded, and live. What it prints goes to a terminal (xterm.js, of the distribution), which draws it.
import { el, setText } from "./dom.js";
import { get, machinePath, post } from "./api.js";
import { isDark } from "./theme.js";
import { may } from "./session.js";

const XTERM = "/web/xterm/xterm.js", XTERM_STYLE = "/web/xterm/xterm.css";
const TAIL = 65536; // bytes before the end to begin with

let xterm = null;

function loadXterm() {
	xterm ||= new Promise((done) => {
		document.head.append(el("link", { rel: "stylesheet", href: XTERM_STYLE }));
		document.head.append(el("script", { src: XTERM, on: { load: () => done(globalThis.Terminal || null), error: () => done(null) } }));
	});
	return xterm;
}

const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

export function consoleTab(root, { name, machine }) {
	if (machine()?.kind !== "guest") {
		root.append(el("p.dim", {}, "The serial console of bare metal goes by its controller: ", el("code", {}, `usher console ${name}`)));
		return null;
	}
	const said = el("span.dim", { role: "status" }, "Opening");
	const box = el("div.terminal", { "aria-label": `Console of ${name}` });
	const recorded = el("button.button.quiet.small", { type: "button", on: { click: () => again(0) } }, "From the beginning");
	const lately = el("button.button.quiet.small", { type: "button", on: { click: () => again(null) } }, "Only the end");
	root.append(el("div.bar-line", {}, said, el("span.push"), recorded, lately), box);
	let ender = new AbortController(), terminal = null;

	async function again(from) {
		ender.abort();
		ender = new AbortController();
		terminal?.clear();
		await run(from, ender.signal);
	}
	async function run(from, signal) {
		terminal ||= await openTerminal(box, type);
		terminal.reset();
		try {
			await readOn(name, from, signal, terminal, said);
		} catch (e) {
			if (!signal.aborted)
				setText(said, e.message);
		}
	}
	const type = async (text) => {
		if (!may("operate"))
			return;
		try {
			await post(machinePath(name, "/console"), { data: encode(text) });
		} catch (e) {
			setText(said, e.message);
		}
	};
	run(null, ender.signal);
	return () => {
		ender.abort();
		terminal?.end();
	};
}

async function readOn(name, from, signal, terminal, said) {
	let args = from === null ? { last: TAIL } : { after: from };
	for (;;) {
		const part = await get(machinePath(name, "/console"), args, signal);
		terminal.write(decode(part.data));
		setText(said, { on: may("operate") ? "Live: what you type goes to the guest" : "Live", opening: "Opening", off: "The guest is off: recorded output", none: "The guest has no console" }[part.state] || part.why || part.state);
		const at = part.offset + decode(part.data).length;
		args = { after: at, wait: at < part.newest ? 0 : 25 };
		if (part.state !== "on" && at >= part.newest)
			await new Promise((done) => setTimeout(done, 1500));
		if (signal.aborted)
			return;
	}
}

// {write(bytes), clear(), reset(), end()}; without xterm.js plain text.
async function openTerminal(box, type) {
	const Terminal = await loadXterm();
	if (!Terminal)
		return plainTerminal(box);
	const colours = isDark() ? { background: "#0b0f14", foreground: "#d7dee8" } : { background: "#10151c", foreground: "#e3e9f1" };
	const t = new Terminal({ cols: 100, rows: 30, scrollback: 20000, fontSize: 13, fontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace", theme: colours, screenReaderMode: false, disableStdin: !may("operate") });
	const decoder = new TextDecoder();
	t.open(box);
	(t.onData ? t.onData(type) : t.on("data", type));
	return {
		write: (bytes) => t.write(decoder.decode(bytes, { stream: true })),
		clear: () => t.clear(), reset: () => t.reset(), end: () => (t.dispose || t.destroy).call(t),
		text: () => t,
	};
}

function plainTerminal(box) {
	const pre = el("pre.code", { tabindex: 0 });
	const decoder = new TextDecoder();
	box.append(pre);
	return {
		// eslint-disable-next-line no-control-regex
		write: (bytes) => pre.append(decoder.decode(bytes, { stream: true }).replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replace(/[\x00-\x08\x0b-\x1f]/g, "")),
		clear: () => pre.replaceChildren(), reset: () => pre.replaceChildren(), end: () => {},
	};
}
