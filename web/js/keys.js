// SPDX-License-Identifier: GPL-2.0-or-later
// The keyboard: one table for each view, and what every view has.
import { el } from "./dom.js";
import { dialogIsOpen, openDialog } from "./dialog.js";

const everywhere = new Map();
let ofView = new Map();
let waitsForG = false;

// keys: {key: [what it does, f]}
export function viewKeys(keys) {
	ofView = new Map(Object.entries(keys));
}

export function globalKeys(keys) {
	for (const [key, value] of Object.entries(keys))
		everywhere.set(key, value);
	document.addEventListener("keydown", pressed);
}

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], .screen");

function pressed(e) {
	if (e.ctrlKey || e.metaKey || e.altKey || dialogIsOpen())
		return;
	if (isTyping(e.target)) {
		if (e.key === "Escape")
			e.target.blur();
		return;
	}
	// buttons and links have Enter for themselves
	if (e.key === "Enter" && e.target.closest("button, a, summary"))
		return;
	const key = waitsForG ? `g ${e.key}` : e.key;
	waitsForG = e.key === "g" && !waitsForG;
	const found = ofView.get(key) || everywhere.get(key);
	if (!found)
		return;
	e.preventDefault();
	found[1]();
}

export function showKeys() {
	const rows = [...ofView, ...everywhere].map(([key, [what]]) => el("div.key-row", {},
		el("dt", {}, key.split(" ").map((k) => el("kbd", {}, k === "Escape" ? "Esc" : k))), el("dd", {}, what)));
	openDialog({ title: "Keyboard", content: el("dl.keys", {}, rows) });
}
