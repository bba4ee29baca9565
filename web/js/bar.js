// SPDX-License-Identifier: GPL-2.0-or-later
// The small pieces that stand for a machine: its state, the bar of its attempt, its labels.
import { el } from "./dom.js";
import { bytes } from "./format.js";
import { meanings, progress, shape, stages, stateOf, states } from "./states.js";

export function badge(state) {
	return el(`span.badge.tone-${state}`, { title: meanings[state] || null }, shape(state), el("span", {}, states[state]?.word || state));
}

export const stateBadge = (m) => badge(stateOf(m));

// One field for each stage of an attempt; the one under way is filled as far as it is known to be.
export function bar(m) {
	const p = progress(m);
	if (!p)
		return el("div.bar.none", { "aria-hidden": "true" });
	const state = stateOf(m);
	const fields = stages.map((name, i) => el(`i.${i < p.stage ? "done" : i === p.stage ? "now" : "todo"}`, { vars: i === p.stage ? { "--share": p.share.toFixed(2) } : {} }));
	return el(`div.bar.tone-${state}`, { role: "progressbar", "aria-label": `Attempt of ${m.name}`, "aria-valuemin": 0, "aria-valuemax": stages.length,
		"aria-valuenow": Math.min(stages.length, p.stage + p.share).toFixed(1), "aria-valuetext": p.words, title: p.words }, fields);
}

export function labelChips(labels = {}) {
	return Object.entries(labels).map(([k, v]) => el("span.chip.label", { title: `${k}: ${v}` }, el("b", {}, k), v ? el("span", {}, v) : null));
}

// A file that is being fetched; f: what GET /fetches says of it, if it does.
export function fetchMeter(url, f) {
	return el("div.fetch.card", {}, el("code", {}, url), el("progress.meter", { max: f?.size || 1, ...(f?.size ? { value: f.have } : {}), "aria-label": `Fetching ${url}` }), el("span.dim", {}, f ? `${bytes(f.have)}${f.size ? ` of ${bytes(f.size)}` : ""}` : ""));
}

// All states of some machines in one line: a part for each, as wide as it is often, and a number.
export function mix(list) {
	const counts = new Map();
	for (const m of list)
		counts.set(stateOf(m), (counts.get(stateOf(m)) || 0) + 1);
	const parts = Object.keys(states).filter((s) => counts.has(s));
	return el("div.mix", { role: "img", "aria-label": parts.map((s) => `${counts.get(s)} ${states[s].word}`).join(", ") },
		parts.map((s) => el(`span.mix-part.tone-${s}`, { vars: { "--n": counts.get(s) }, title: `${counts.get(s)} ${states[s].word}` })));
}

export function counts(list) {
	const all = {};
	for (const m of list) {
		const s = stateOf(m);
		all[s] = (all[s] || 0) + 1;
	}
	return all;
}
