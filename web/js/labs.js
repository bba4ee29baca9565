// SPDX-License-Identifier: GPL-2.0-or-later
// Machines by the lab that made them.
import { el, keepingFocus, throttled } from "./dom.js";
import { byName, machines, onMachines } from "./machines.js";
import { many } from "./format.js";
import { shape, stateOf, states } from "./states.js";
import { mix } from "./bar.js";
import { actionsFor, menu } from "./actions.js";
import { to } from "./route.js";

const SHOWN = 200;

export function labsView(root) {
	const list = el("div.labs");
	root.append(el("div.page-head", {}, el("h1", {}, "Labs")), list);
	const draw = () => {
		const labs = new Map();
		for (const m of machines.all())
			if (m.lab)
				labs.get(m.lab)?.push(m) ?? labs.set(m.lab, [m]);
		keepingFocus(list, () => list.replaceChildren(...(labs.size ? [...labs].sort(([a], [b]) => a.localeCompare(b)).map(([name, of]) => lab(name, of.sort(byName))) : [el("p.empty", {}, "No machine was made by a lab. usher-lab(5) says how a lab is described; ", el("code", {}, "usher up LAB.xml"), " makes it.")])));
	};
	draw();
	return onMachines(throttled(draw, 500));
}

function lab(name, of) {
	return el("section.card.lab", {}, el("div.card-head", {}, el("h2", {}, el("a", { href: to("machines", null, { lab: name }) }, name)), el("span.dim", {}, many(of.length, "machine")), el("span.push"), menu(actionsFor(of), () => [...machines.all()].filter((m) => m.lab === name))),
		mix(of), el("ul.machine-chips", {}, of.slice(0, SHOWN).map((m) => el("li", {}, el(`a.machine-chip.tone-${stateOf(m)}`, { href: to("machine", m.name), title: states[stateOf(m)].word }, shape(stateOf(m)), m.name, el("span.sr", {}, `, ${states[stateOf(m)].word}`))))));
}
