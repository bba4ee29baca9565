// SPDX-License-Identifier: GPL-2.0-or-later
// Machines without a record that reported what they are.
import { el, factRow as row, redraw, throttled } from "./dom.js";
import { get, post, remove } from "./api.js";
import { openDialog, toast, trying } from "./dialog.js";
import { onEvents, readAgain } from "./machines.js";
import { bytes, many, since } from "./format.js";
import { poll } from "./poll.js";
import { may } from "./session.js";
import { go, to } from "./route.js";

const EVERY_MS = 10000, SOON_MS = 2000, MINUTE_MS = 60000;
const MiB = 1024 ** 2;

export function discoveredView(root) {
	const list = el("div.cards");
	root.append(el("div.page-head", {}, el("h1", {}, "Discovered")), list);
	const draw = () => polled.again();
	const polled = poll(async () => {
		const all = (await get("/discovered")).discovered;
		redraw(list, JSON.stringify(all) + Math.floor(Date.now() / MINUTE_MS), () => (all.length ? all.map((d) => card(d, draw)) : [el("p.empty", {}, "No unknown machine has told what it is. In a segment with discover='yes' (usher.xml(5)) such machines boot a system in memory, which contrib/discover makes.")]));
	}, EVERY_MS);
	const soon = throttled(draw, SOON_MS);
	const off = onEvents((e) => ["discovered", "enrolled", "deleted"].includes(e.kind) && soon());
	return () => {
		polled.end();
		off();
	};
}

function card(d, again) {
	return el("section.card", {}, el("div.card-head", {}, el("h2", {}, [d.vendor, d.product].filter(Boolean).join(" ") || d.mac), el("code.dim", {}, d.id)),
		d.machine ? el("p", {}, "It has a record: ", el("a", { href: to("machine", d.machine) }, d.machine)) : null,
		d.resembles ? el("p.warn", {}, `It says the UUID or serial of ${d.resembles}, and has none of its cards: was a card replaced?`) : null,
		d.duplicates?.length ? el("p.warn", {}, `${many(d.duplicates.length, "other")} say the same: ${d.duplicates.map((o) => `${o.id || o.mac} (${o.shares})`).join(", ")}`) : null,
		d.refused ? el("p.dim", {}, d.refused) : null,
		el("dl.facts", {}, row("Serial", d.serial), row("MAC", d.mac), row("Segment", d.segment), row("Address", d.address), row("CPU", d.cpu && `${d.cpu}, ${d.threads} threads`), row("Memory", d.memory && bytes(d.memory * MiB)), row("Disks", d.disks && `${d.disks}, ${bytes(d.disk_bytes)}`), row("Firmware", d.firmware), row("Switch", d.switch && `${d.switch} ${d.port || ""}`), row("Last seen", `${since(d.last_seen)} ago`)),
		el("div.actions", {}, el("button.button.quiet.small", { type: "button", on: { click: () => inventory(d) } }, "Inventory"),
			may("operate") && !d.machine ? [el("button.button.small", { type: "button", on: { click: () => go("create", null, { from: d.id }) } }, "Enroll…"),
				el("button.button.small", { type: "button", on: { click: () => byRules(d, again) } }, "Enroll by rules…"), el("button.button.danger-quiet.small", { type: "button", on: { click: () => forget(d, again) } }, "Forget…")] : null));
}

const path = (d, rest = "") => `/discovered/${encodeURIComponent(d.id)}${rest}`;

function inventory(d) {
	trying(async () => openDialog({ title: `Inventory of ${d.id}`, wide: true, content: el("pre.code", { tabindex: 0 }, JSON.stringify((await get(path(d))).inventory, null, 2)) }));
}

function byRules(d, again) {
	openDialog({ title: `Enroll ${d.id} by rules`, content: el("p.says", {}, "The rules of usher.xml decide its name, its profile, and whether it is installed at once: then what is on its disk is lost."),
		buttons: [{ label: "Enroll by rules", act: async () => {
			const m = await post(path(d, "/rules"));
			readAgain(m.name);
			toast(`${m.name} is enrolled`);
			again();
		} }] });
}

function forget(d, again) {
	openDialog({ title: `Forget ${d.id}`, content: el("p.says", {}, "What it reported is deleted. When it boots again, it gets a new id."),
		buttons: [{ label: "Forget", kind: "danger", act: async () => {
			await remove(path(d));
			again();
		} }] });
}
