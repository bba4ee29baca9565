// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's record: cards, settings, keys, and what it reported of its hardware.
import { el } from "./dom.js";
import { get, machinePath } from "./api.js";
import { trying } from "./dialog.js";
import { bytes, moment } from "./format.js";

export function factsTab(root, { name }) {
	trying(async () => root.append(...facts(await get(machinePath(name)))));
}

function facts(m) {
	const part = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);
	const table = (heads, rows) => el("table.plain", {}, el("thead", {}, el("tr", {}, heads.map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, rows.map((r) => el("tr", {}, r.map((c) => el("td", {}, c))))));
	const pairs = (o) => el("dl.facts", {}, Object.entries(o).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, String(v))]));
	return [
		part("Network cards", table(["MAC", "Segment", "Addresses"], m.nics.map((n) => [n.mac, n.segment, n.addresses.join(", ")]))),
		part("Settings", Object.keys(m.settings || {}).length ? pairs(m.settings) : el("p.dim", {}, "The profile's own.")),
		m.ssh_keys?.length ? part("SSH keys that may log in", el("ul.keys-list", {}, m.ssh_keys.map((k) => el("li", {}, el("code", {}, k))))) : null,
		m.host_keys?.length ? part("SSH host keys that it reported", table(["Type", "Fingerprint"], m.host_keys.map((k) => [k.type, k.fingerprint]))) : null,
		m.unreadable?.length ? part("Secrets that cannot be decrypted", el("p", {}, m.unreadable.join(", "))) : null,
		m.inventory ? part("What it reported when it was discovered", el("pre.code", { tabindex: 0 }, JSON.stringify(m.inventory, null, 2))) : null,
		part("Record", pairs({ UUID: m.uuid, Created: moment(m.created), Sealed: m.sealed === null ? "as its segment" : m.sealed ? "yes" : "no", "First-boot script": m.first_boot ? "yes" : "no", ...(m.guest?.pool ? { Pool: m.guest.pool } : {}), ...(m.guest?.disk ? { Disk: bytes(m.guest.disk) } : {}) })),
	].filter(Boolean);
}
