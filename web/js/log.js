// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine's installer logged, as it comes.
import { el, setText } from "./dom.js";
import { get, machinePath } from "./api.js";
import { keepAsking } from "./live.js";
import { clock, many } from "./format.js";

const KEPT = 2000; // lines in sight; more are on disk
const TAIL = 131072;
const bad = ["emerg", "alert", "crit", "err", "error"];

export function logTab(root, { name }) {
	const ender = new AbortController();
	const said = el("span.dim", { role: "status" }, "Reading");
	const filter = el("input.search.small", { type: "search", placeholder: "Only lines with", "aria-label": "Only lines with", on: { input: () => sift() } });
	const only = el("input", { type: "checkbox", on: { change: () => sift() } });
	const list = el("ol.log", { tabindex: 0, "aria-label": `Log of ${name}` });
	root.append(el("div.bar-line", {}, filter, el("label.check", {}, only, el("span", {}, "errors only")), el("span.push"), said), list);

	const shown = (li) => (!only.checked || li.classList.contains("bad")) && li.textContent.toLowerCase().includes(filter.value.toLowerCase());
	const sift = () => {
		for (const li of list.children)
			li.hidden = !shown(li);
	};
	const add = (lines) => {
		const stays = list.scrollTop + list.clientHeight > list.scrollHeight - 40;
		for (const l of lines) {
			const li = line(l);
			li.hidden = !shown(li);
			list.append(li);
		}
		while (list.children.length > KEPT)
			list.firstElementChild.remove();
		if (stays)
			list.scrollTop = list.scrollHeight;
		setText(said, list.children.length ? many(list.children.length, "line") : "Its installer has logged nothing so far.");
	};
	let args = { last: TAIL };
	const ask = async (signal) => {
		const part = await get(machinePath(name, "/log"), args, signal);
		add(part.lines);
		args = { after: part.next, wait: 25 };
	};
	const trouble = (e) => setText(said, e.message);
	keepAsking(ask, ender.signal, trouble).catch(trouble);
	return () => ender.abort();
}

function line(l) {
	return el(`li${bad.includes(l.severity) ? ".bad" : l.severity === "warning" ? ".warn" : ""}`, {}, el("time", { datetime: l.at }, clock(l.at)), el("b", {}, l.program || l.facility || ""), el("span.severity", {}, l.severity || ""), el("span.text", {}, l.text));
}
