// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine gets: its boot script, kernel's command line and answers, with what linters find in them.
import { el } from "./dom.js";
import { get, machinePath } from "./api.js";

const parts = [["answers", "Answers"], ["script", "Boot script"], ["cmdline", "Command line"]];

export function renderedTab(root, { name }) {
	const which = el("select.compact", { "aria-label": "Which part", on: { change: () => show() } }, parts.map(([id, title]) => el("option", { value: id }, title)));
	const now = el("input", { type: "checkbox", on: { change: () => show() } });
	const note = el("p.dim", { hidden: true }), findings = el("ul.findings", { hidden: true, "aria-label": "Findings" }), text = el("pre.code.numbered", { tabindex: 0 });
	root.append(el("div.bar-line", {}, which, el("label.check", {}, now, el("span", {}, "as a reinstall would make it now"))), note, findings, text);

	async function show() {
		let answer;
		try {
			answer = await get(machinePath(name, `/render/${which.value}`), now.checked ? { now: 1 } : {});
		} catch (e) {
			answer = { text: "", note: e.message };
		}
		note.hidden = !answer.note;
		note.textContent = answer.note || "";
		drawFindings(findings, answer.findings || []);
		drawText(text, answer.text, answer.findings || []);
	}
	show();
}

export function drawFindings(list, found) {
	list.hidden = !found.length;
	list.replaceChildren(...found.map((f) => el(`li.finding.${f.level}`, {}, el("b", {}, f.level), el("code", {}, [f.file, f.line, f.column].filter(Boolean).join(":")), el("span", {}, f.text))));
}

function drawText(pre, text, found) {
	const lines = text.replace(/\n$/, "").split("\n");
	pre.replaceChildren(...lines.map((line, i) => {
		const here = found.filter((f) => f.line === i + 1);
		const row = el(`span.line${here.length ? `.${here.some((f) => f.level === "error") ? "error" : "warning"}` : ""}`, here.length ? { title: here.map((f) => f.text).join("\n") } : {}, `${line}\n`);
		return row;
	}));
}
