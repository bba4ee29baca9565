// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's events, newest first.
import { el, throttled } from "./dom.js";
import { onEvents } from "./machines.js";
import { clock, day } from "./format.js";

const SHOWN = 500;

export function eventsTab(root, { name, events }) {
	const list = el("ol.events", { reversed: true });
	const more = el("p.dim", { hidden: true });
	const draw = () => {
		let before = null;
		const items = [];
		for (const e of events.slice(-SHOWN).reverse()) {
			if (day(e.at) !== before)
				items.push(el("li.day", {}, before = day(e.at)));
			items.push(line(e));
		}
		list.replaceChildren(...items);
		more.hidden = events.length <= SHOWN;
		more.textContent = `${Math.max(events.length - SHOWN, 0)} earlier ones are not shown: usher timeline ${name}`;
	};
	root.append(list, more);
	draw();
	const soon = throttled(draw, 300);
	return onEvents((e) => e.machine === name && queueMicrotask(soon));
}

function line(e) {
	return el(`li.event.kind-${e.kind}`, {}, el("time", { datetime: e.at, title: e.at }, clock(e.at)), el("b", {}, e.kind),
		el("span.text", {}, e.text, e.percent !== null && !e.text.includes("%") ? ` ${e.percent} %` : ""), e.by ? el("span.chip.by", { title: "Who asked for it" }, e.by) : null);
}
