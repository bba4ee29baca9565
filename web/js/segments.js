// SPDX-License-Identifier: GPL-2.0-or-later
// Segments that usher serves, and the networks of libvirt.
import { el, factRow as row, redraw } from "./dom.js";
import { get, post, remove } from "./api.js";
import { openDialog, toast } from "./dialog.js";
import { poll } from "./poll.js";
import { may } from "./session.js";
import { Form } from "./form.js";
import { many } from "./format.js";
import { to } from "./route.js";

const EVERY_MS = 15000;

export function segmentsView(root) {
	const served = el("div.cards"), networks = el("div.cards");
	root.append(el("div.page-head", {}, el("h1", {}, "Segments"), may("admin") ? el("button.button", { type: "button", on: { click: () => makeNetwork(draw) } }, "New network…") : null), served, el("h2.part", {}, "Networks of libvirt"), networks);
	const draw = () => polled.again();
	const polled = poll(async () => {
		const s = await get("/status");
		const n = s.libvirt ? await get("/networks") : { networks: [] };
		redraw(served, JSON.stringify(s.segments), () => s.segments.map(segment));
		redraw(networks, JSON.stringify([n.networks, !!s.libvirt]), () => (n.networks.length ? n.networks.map((one) => network(one, draw)) : [el("p.dim", {}, s.libvirt ? "There are none." : "libvirt does not answer.")]));
	}, EVERY_MS);
	return polled.end;
}

const range = (a, b) => (a ? `${a} to ${b}` : null);
const rogues = (others) => (others?.length ? el("p.problem", {}, `Another DHCP server answers here: ${others.map((o) => `${o.address} (${o.mac}${o.forged ? ", with usher's name" : ""})`).join(", ")}`) : null);

function segment(s) {
	const good = !s.problem && s.serving !== false;
	return el("section.card", {}, el("div.card-head", {}, el("h2", {}, s.name), el(`span.chip.${good ? "good" : "bad"}`, {}, good ? "served" : "not served")),
		s.problem ? el("p.problem", {}, s.problem) : null, rogues(s.others),
		el("dl.facts", {}, row("Subnet", s.subnet && `${s.subnet}/${s.prefix}`), row("Server", s.server), row("Pool", range(s.pool_first, s.pool_last)), row("Mode", { own: "usher leases", proxy: "beside another server" }[s.mode] || s.mode), row("Interface", s.interface), row("Relayed", s.relayed ? "yes" : null), row("IPv6", s.ipv6?.prefix), row("URL", s.url)),
		el("p", {}, el("a", { href: to("machines", null, { segment: s.name }) }, "Its machines")));
}

function network(n, again) {
	return el("section.card", {}, el("div.card-head", {}, el("h2", {}, n.name), el(`span.chip.${n.active ? "good" : "bad"}`, {}, n.active ? "active" : "not active"), n.serving ? el("span.chip.good", {}, "served") : null),
		n.problem ? el("p.problem", {}, n.problem) : null, rogues(n.others),
		el("dl.facts", {}, row("Subnet", n.subnet || n.ipv6), row("Bridge", n.bridge), row("Forward", n.forward), row("Leases by", n.leases_by), row("Leases", n.leases), row("Machines", n.machines), row("Lab", n.lab)),
		n.made_by_usher && may("admin") ? el("button.button.danger-quiet.small", { type: "button", on: { click: () => dropNetwork(n, again) } }, "Delete…") : null);
}

function dropNetwork(n, again) {
	openDialog({ title: `Delete network ${n.name}`, content: el("p.says", {}, `The network ${n.subnet || ""} is taken out of libvirt. ${n.machines ? `It has ${many(n.machines, "machine")}: that will be refused.` : "No machine is on it."}`),
		buttons: [{ label: `Delete ${n.name}`, kind: "danger", act: async () => {
			await remove(`/networks/${encodeURIComponent(n.name)}`);
			toast(`Network ${n.name} is deleted`);
			again();
		} }] });
}

function makeNetwork(again) {
	const form = new Form();
	openDialog({ title: "New network", content: [el("p.says", {}, "A network of libvirt is made, and usher leases there at once."), el("div.fields", {}, form.text("name", "Name", { required: true }), form.text("subnet", "Subnet", { help: "if left out: one that is free" }), form.select("forward", "Forward", [["none", "isolated"], ["nat", "NAT"], ["route", "routed"]]))],
		buttons: [{ label: "Make it", act: async () => {
			const body = { name: form.value("name"), forward: form.value("forward") };
			if (form.value("subnet"))
				body.subnet = form.value("subnet");
			await post("/networks", body);
			toast(`Network ${body.name} is made`);
			again();
		} }] });
}
