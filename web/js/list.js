// SPDX-License-Identifier: GPL-2.0-or-later
// Machines: the live table, its filters, and what is done to those that are selected.
import { $, el, redraw, settled, setText, throttled } from "./dom.js";
import { byAddress, byName, machines, matches, onMachines, readAgain, state } from "./machines.js";
import { address, count, many, segmentOf, since } from "./format.js";
import { progress, shape, stateOf, states, underWay } from "./states.js";
import { bar, counts, labelChips, stateBadge } from "./bar.js";
import { go, replace, to } from "./route.js";
import { actionsFor, menu } from "./actions.js";
import { Table } from "./table.js";
import { may } from "./session.js";
import { viewKeys } from "./keys.js";

const LOOK_MS = 15000;

const rank = (m) => states[stateOf(m)].rank;
const text = (get) => (a, b) => String(get(a) || "").localeCompare(String(get(b) || "")) || byName(a, b);

const columns = [
	{ id: "name", title: "Machine", by: byName, cell: (m) => [el("a.name", { href: to("machine", m.name) }, m.name), m.template ? el("span.chip", {}, "template") : null] },
	{ id: "state", title: "State", by: (a, b) => rank(a) - rank(b) || byName(a, b), cell: (m) => [stateBadge(m), guestState(m)] },
	{ id: "attempt", title: "Attempt", cell: (m) => [bar(m), el("span.what", { title: what(m) }, what(m))] },
	{ id: "since", title: "Since", by: (a, b) => Date.parse(b.since) - Date.parse(a.since), cell: (m) => el("time", { datetime: m.since, title: m.since }, since(m.since)) },
	{ id: "profile", title: "Profile", by: text((m) => m.profile), cell: (m) => m.profile || "" },
	{ id: "address", title: "Address", by: byAddress, cell: (m) => address(m) },
	{ id: "lab", title: "Lab, net", by: text((m) => (m.lab || "") + segmentOf(m)), cell: (m) => [m.lab ? el("span.chip", {}, m.lab) : null, el("span.dim", {}, segmentOf(m))] },
	{ id: "labels", title: "Labels", cell: (m) => labelChips(m.labels) },
];

const guestState = (m) => (m.guest_state && m.guest_state !== "running" ? el("span.dim.small", {}, `guest ${m.guest_state}`) : null);

function what(m) {
	if (m.attempt?.cause && m.state !== "up")
		return m.attempt.cause.text;
	return progress(m)?.words && m.state !== "up" ? progress(m).words : "";
}

export function listView(root, route) {
	const filter = { ...route.args };
	const selection = new Set();
	let left = false;
	const table = new Table({ columns, key: (m) => m.name, label: "Machines", selection, sort: { id: filter.sort || "name", down: filter.down === "1" },
		onOpen: (m) => go("machine", m.name), onSort: () => changed(), onSelect: () => drawSelection(), rowClass: (m) => `state-${stateOf(m)}${m.deleting ? " deleting" : ""}`,
		empty: "" });
	const search = el("input.search", { type: "search", placeholder: "Search   /", "aria-label": "Search machines", value: filter.q || "", spellcheck: "false",
		on: { input: settled(() => set("q", search.value), 120) } });
	const chips = el("div.chips", { role: "group", "aria-label": "States" });
	const choosers = el("div.choosers", {});
	const chosen = el("div.selection", { role: "group", "aria-label": "Actions", hidden: true });
	const shown = el("p.shown", { "aria-live": "polite" });
	root.append(el("div.toolbar", {}, el("h1.sr", {}, "Machines"), search, chips, choosers), table.node, el("div.foot", {}, shown, chosen));

	function set(name, value) {
		filter[name] = value || "";
		changed();
	}
	function clearFilter() {
		Object.keys(filter).filter((name) => name !== "sort" && name !== "down").forEach((name) => delete filter[name]);
		search.value = "";
		changed();
		search.focus();
	}
	function changed() {
		if (left)
			return;
		filter.sort = table.sort.id === "name" ? "" : table.sort.id;
		filter.down = table.sort.down ? "1" : "";
		replace("machines", null, filter);
		draw();
	}
	const draw = () => {
		if (left)
			return;
		const list = [...machines.all()].filter((m) => matches(m, filter, stateOf));
		table.show(table.sorted(list));
		drawEmpty(table.nothing, clearFilter);
		for (const name of selection)
			if (!machines.get(name))
				selection.delete(name);
		drawChips(chips, filter, set);
		drawChoosers(choosers, filter, set);
		drawSelection();
		setText(shown, !state.loaded ? `Reading machines: ${count(machines.count())}` : list.length === machines.count() ? many(list.length, "machine") : `${count(list.length)} of ${many(machines.count(), "machine")}`);
	};
	const drawSelection = () => {
		chosen.hidden = !selection.size;
		const list = [...selection].map(machines.get).filter(Boolean);
		const what = actionsFor(list);
		redraw(chosen, `${list.length} ${what.map((a) => a.id)}`, () => [el("strong", {}, `${count(list.length)} selected`), ...menu(what, () => [...selection].map(machines.get).filter(Boolean), clear),
			el("button.button.plain", { type: "button", on: { click: clear } }, "Clear")]);
	};
	const clear = () => {
		selection.clear();
		table.draw();
		drawSelection();
	};
	const tick = setInterval(() => drawTimes(table), 1000);
	// a guest that is started or stopped by others has no event
	const look = setInterval(() => document.hidden || [...table.rows.values()].forEach(({ item }) => item.kind === "guest" && readAgain(item.name)), LOOK_MS);
	const off = onMachines(throttled(draw, 250));
	viewKeys({
		"/": ["Search", () => search.focus()], j: ["Down", () => table.move(1)], k: ["Up", () => table.move(-1)],
		ArrowDown: ["Down", () => table.move(1)], ArrowUp: ["Up", () => table.move(-1)],
		x: ["Select", () => table.toggleCurrent()], Enter: ["Open", () => table.current() && go("machine", table.current().name)],
		Escape: ["Clear the selection", clear],
		...(may("operate") ? { c: ["Create a machine", () => go("create")] } : {}),
	});
	draw();
	return () => {
		left = true;
		off();
		clearInterval(tick);
		clearInterval(look);
		table.end();
	};
}

// Why there is no row, and what can be done.
function drawEmpty(node, clearFilter) {
	const none = !machines.count();
	redraw(node, `${state.loaded} ${none}`, () => {
		if (!state.loaded)
			return ["Reading machines"];
		if (!none)
			return ["No machine matches. ", el("button.button.small", { type: "button", on: { click: clearFilter } }, "Show all")];
		return ["There are no machines yet. ", may("operate") ? el("a", { href: to("create") }, "Create a guest, or enroll bare metal") : "Who has a token that may operate machines creates them",
			". What boots without a record, in a segment that discovers, is listed under ", el("a", { href: to("discovered") }, "Discovered"), "."];
	});
}

function drawTimes(table) {
	for (const { tr, item } of table.rows.values())
		if (underWay(item) || Date.now() - Date.parse(item.since) < 3700000)
			setText($("time", tr), since(item.since));
}

function drawChips(node, filter, set) {
	const all = counts(machines.all());
	const key = JSON.stringify([all, filter.state, machines.count()]);
	redraw(node, key, () => [chip("", "All", machines.count(), null), ...Object.keys(states).filter((s) => all[s] || filter.state === s).map((s) => chip(s, states[s].word, all[s] || 0, shape(s)))]);

	function chip(name, word, n, mark) {
		const on = (filter.state || "") === name;
		return el("button.chip.filter", { type: "button", "data-state": name, "aria-pressed": String(on), on: { click: () => set("state", on ? "" : name) } }, mark, el("span", {}, word), el("b", {}, count(n)));
	}
}

// What there is to choose from, of those that have more than one.
function drawChoosers(node, filter, set) {
	const found = { profile: new Set(), lab: new Set(), segment: new Set(), label: new Set() };
	for (const m of machines.all()) {
		found.profile.add(m.profile);
		found.lab.add(m.lab);
		m.nics.forEach((n) => found.segment.add(n.segment));
		Object.entries(m.labels || {}).forEach(([k, v]) => found.label.add(v ? `${k}:${v}` : k));
	}
	const key = JSON.stringify([filter.profile, filter.lab, filter.segment, filter.label, Object.values(found).map((s) => [...s].sort())]);
	redraw(node, key, () => Object.entries(found).map(([name, values]) => chooser(name, [...values].filter(Boolean).sort())).filter(Boolean));

	function chooser(name, values) {
		if (filter[name] && !values.includes(filter[name])) // none has it any more, and it filters still
			values.unshift(filter[name]);
		if (values.length < (name === "label" || name === "lab" ? 1 : 2) && !filter[name])
			return null;
		return el("select.compact", { "aria-label": `By ${name}`, class: filter[name] ? "compact on" : "compact", on: { change: (e) => set(name, e.target.value) } },
			el("option", { value: "" }, `Any ${name}`), values.slice(0, 500).map((v) => el("option", { value: v, selected: v === filter[name] }, v)));
	}
}
