// SPDX-License-Identifier: GPL-2.0-or-later
// Who has which address, and until when.
import { $, el, settled, setText } from "./dom.js";
import { get } from "./api.js";
import { many, moment, since } from "./format.js";
import { collator } from "./machines.js";
import { poll } from "./poll.js";
import { Table } from "./table.js";
import { to } from "./route.js";
import { viewKeys } from "./keys.js";

const EVERY_MS = 10000;
const by = (key) => (a, b) => collator.compare(a[key] || "", b[key] || "");

const columns = [
	{ id: "address", title: "Address", by: by("address"), cell: (l) => l.address },
	{ id: "lease-state", title: "State", by: by("state"), cell: (l) => el(`span.chip.${l.state === "bound" ? "good" : ["declined", "in-use"].includes(l.state) ? "bad" : "plain"}`, {}, l.state) },
	{ id: "name", title: "Machine", by: by("machine"), cell: (l) => (l.machine ? el("a.name", { href: to("machine", l.machine) }, l.machine) : el("span.dim", {}, l.hostname || "no record")) },
	{ id: "mac", title: "MAC", by: by("mac"), cell: (l) => l.mac || "" },
	{ id: "segment", title: "Segment", by: by("segment"), cell: (l) => l.segment || "" },
	{ id: "expires", title: "Ends", by: by("expires"), cell: (l) => el("span", { title: moment(l.expires) }, Date.parse(l.expires) > Date.now() ? `in ${since(new Date(2 * Date.now() - Date.parse(l.expires)).toISOString())}` : moment(l.expires)) },
];

export function leasesView(root) {
	let all = [];
	const table = new Table({ columns, key: (l) => `${l.segment} ${l.address}`, label: "Leases", sort: { id: "address", down: false }, onSort: () => draw(), empty: "No lease." });
	const search = el("input.search", { type: "search", placeholder: "Search   /", "aria-label": "Search leases", on: { input: settled(() => draw(), 120) } });
	const shown = el("p.shown");
	root.append(el("div.toolbar", {}, el("h1", {}, "Leases"), search), table.node, el("div.foot", {}, shown));
	const draw = () => {
		const words = search.value.toLowerCase().split(/\s+/);
		const list = all.filter((l) => words.every((w) => [l.address, l.mac, l.machine, l.hostname, l.segment, l.state].join(" ").toLowerCase().includes(w)));
		table.show(table.sorted(list));
		setText(shown, many(list.length, "lease"));
	};
	const polled = poll(async () => {
		all = (await get("/leases")).leases;
		draw();
	}, EVERY_MS);
	viewKeys({ "/": ["Search", () => $(".search").focus()], j: ["Down", () => table.move(1)], k: ["Up", () => table.move(-1)] });
	return () => {
		polled.end();
		table.end();
	};
}
