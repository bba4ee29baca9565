// SPDX-License-Identifier: GPL-2.0-or-later
// A room full of machines on one screen: a tile for each, no controls.
import { el, setClass, setText, throttled } from "./dom.js";
import { byName, machines, onMachines, state } from "./machines.js";
import { count } from "./format.js";
import { progress, shape, stateOf, states } from "./states.js";
import { counts } from "./bar.js";
import { needsEye } from "./actions.js";
import { go, to } from "./route.js";
import { viewKeys } from "./keys.js";

const LEAST = [[150, 92, "big"], [104, 58, "middle"], [58, 34, "small"], [22, 22, "dot"]]; // width, height, name

export function wallView(root) {
	const totals = el("div.wall-totals"), time = el("time.wall-clock"), grid = el("div.wall", { role: "list", "aria-label": "Machines" }), more = el("p.wall-more", { hidden: true });
	const full = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
	root.append(el("h1.sr", {}, "Wall"), el("div.wall-head", {}, totals, el("span.push"), time, el("button.button.quiet.small", { type: "button", title: "Full screen  f", on: { click: full } }, "Full screen")), grid, more);
	const tiles = new Map();
	const draw = () => {
		const list = [...machines.all()].sort(byName), fit = fitting(grid, list.length);
		// where not all have room, those come first that somebody should look at
		const shown = list.length <= fit.most ? list : [...list.filter(needsEye), ...list.filter((m) => !needsEye(m))].slice(0, fit.most);
		grid.dataset.size = fit.name;
		grid.style.setProperty("--columns", fit.columns);
		grid.style.setProperty("--rows", Math.max(1, Math.ceil(shown.length / fit.columns)));
		const kept = new Map(shown.map((m) => [m.name, tile(tiles.get(m.name), m, fit.name)]));
		for (const [name, t] of tiles)
			if (!kept.has(name))
				t.node.remove();
		let at = grid.firstChild;
		for (const { node } of kept.values()) {
			if (node === at)
				at = at.nextSibling;
			else
				grid.insertBefore(node, at);
		}
		tiles.clear();
		kept.forEach((t, name) => tiles.set(name, t));
		grid.hidden = !list.length;
		more.hidden = list.length > 0 && shown.length === list.length;
		setText(more, list.length ? `and ${count(list.length - shown.length)} more` : state.loaded ? "There are no machines yet." : "Reading machines");
		drawTotals(totals);
	};
	const soon = throttled(draw, 400);
	const off = onMachines(soon), watch = new ResizeObserver(soon);
	watch.observe(grid);
	const tick = setInterval(() => setText(time, new Date().toTimeString().slice(0, 5)), 1000);
	viewKeys({ f: ["Full screen", full], Escape: ["Back to the machines", () => go("machines")] });
	draw();
	return () => {
		off();
		watch.disconnect();
		clearInterval(tick);
	};
}

// The largest kind of tile of which all have room.
function fitting(grid, n) {
	const w = grid.clientWidth || 800, h = grid.clientHeight || 500, gap = 6;
	for (const [least, tall, name] of LEAST) {
		const columns = Math.max(1, Math.floor((w + gap) / (least + gap))), rows = Math.max(1, Math.floor((h + gap) / (tall + gap)));
		if (columns * rows >= n || name === "dot")
			return { name, columns: name === "dot" ? columns : spread(n, columns, rows, w, h), most: columns * rows };
	}
	return null;
}

// As few columns as leave room for all: tiles are as large as may be, and about twice as wide as tall.
function spread(n, most, rows, w, h) {
	for (let columns = 1; columns < most; columns++) {
		const lines = Math.ceil(n / columns);
		if (lines <= rows && w / columns <= (h / lines) * 2.4)
			return columns;
	}
	return most;
}

const isOff = (m) => m.guest_state && m.guest_state !== "running";

function tile(t, m, size) {
	if (t && t.of === m && t.size === size)
		return t;
	const now = stateOf(m), p = progress(m);
	t ||= { node: el("div", { role: "listitem" }) };
	setClass(t.node, `tile tone-${now}${needsEye(m) ? " eye" : ""}`);
	t.node.title = `${m.name}: ${states[now].word}${p ? `, ${p.words}` : ""}`;
	t.node.setAttribute("aria-label", t.node.title);
	t.node.style.setProperty("--fill", p && m.state !== "up" ? ((p.stage + p.share) / 5).toFixed(3) : m.state === "up" ? 1 : 0);
	t.node.replaceChildren(el("a.tile-name", { href: to("machine", m.name), tabindex: -1 }, m.name), el("span.tile-state", {}, shape(now, 14), el("span", {}, states[now].word)), el("span.tile-what", {}, (m.attempt?.cause && m.attempt.cause.text) || (p && m.state !== "up" ? p.words : isOff(m) ? `guest ${m.guest_state}` : m.profile || "")));
	Object.assign(t, { of: m, size });
	return t;
}

function drawTotals(node) {
	const all = counts(machines.all());
	const key = JSON.stringify(all);
	if (node.dataset.of === key)
		return;
	node.dataset.of = key;
	node.replaceChildren(...Object.keys(states).filter((s) => all[s]).map((s) => el(`span.total.tone-${s}`, {}, shape(s, 16), el("b", {}, count(all[s])), states[s].word)));
}
