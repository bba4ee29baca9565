// SPDX-License-Identifier: GPL-2.0-or-later
// Installation media: what there is, what is being fetched, and import of more, by path or as a copy from this browser.
import { el, factRow as row, keepingFocus, redraw } from "./dom.js";
import { get, post, put, remove } from "./api.js";
import { openDialog, toast, trying } from "./dialog.js";
import { bytes, many, moment } from "./format.js";
import { fetchMeter } from "./bar.js";
import { poll } from "./poll.js";
import { may } from "./session.js";
import { Form } from "./form.js";

const EVERY_MS = 2000;

export function mediaView(root) {
	const list = el("div.cards"), fetching = el("div", { "aria-live": "off" });
	root.append(el("div.page-head", {}, el("h1", {}, "Media"), may("admin") ? el("button.button", { type: "button", "data-action": "import", on: { click: () => importDialog(draw) } }, "Import…") : null), fetching, list);
	const draw = () => polled.again();
	const polled = poll(async () => {
		const [m, f] = await Promise.all([get("/media"), get("/fetches")]);
		keepingFocus(fetching, () => fetching.replaceChildren(...(f.fetching.length ? [el("h2.part", {}, "Being fetched"), ...f.fetching.map((one) => fetchMeter(one.url, one))] : [])));
		redraw(list, JSON.stringify(m.media), () => (m.media.length ? m.media.map((one) => medium(one, draw)) : [el("p.dim", {}, "There are no media. usher(1), import, says how they are added.")]));
	}, EVERY_MS);
	return polled.end;
}


function medium(m, again) {
	const good = m.state === "ready";
	return el("section.card", {}, el("div.card-head", {}, el("h2", {}, m.name), el(`span.chip.${good ? "good" : "bad"}`, {}, m.state === "gone" ? "not there" : m.state)),
		m.title ? el("p", {}, m.title) : null, m.problem ? el("p.problem", {}, m.problem) : null,
		!good && m.source === "profile" && m.profiles?.length ? el("p.dim", {}, "How it is got: ", el("code", {}, `usher profiles ${m.profiles[0]}`), " on the server.") : null,
		m.verifying?.failed ? el("p.problem", {}, m.verifying.failed)
			: m.verifying ? el("div.fetch", {}, el("span", {}, "Computing its checksum"), el("progress.meter", { max: m.verifying.total || 1, value: m.verifying.done, "aria-label": `Checksum of ${m.name}` })) : null,
		el("dl.facts", {}, row("Path", el("code", {}, m.path)), row("Kind", m.kind), row("Size", m.size ? bytes(m.size) : null), row("From", m.source), row("Verified", m.verified ? moment(m.verified) : null), row("Profiles", m.profiles?.join(", ")), row("Machines", m.machines?.length ? many(m.machines.length, "machine") : null)),
		may("admin") && m.source === "imported" ? el("div.actions", {}, m.kind === "folder" ? null : el("button.button.quiet.small", { type: "button", on: { click: () => trying(async () => {
			await post(`/media/${encodeURIComponent(m.name)}/verify`);
			again();
		}) } }, "Verify"), el("button.button.danger-quiet.small", { type: "button", on: { click: () => drop(m, again) } }, "Remove…")) : null);
}

function drop(m, again) {
	openDialog({ title: `Remove ${m.name}`, content: el("p.says", {}, m.copied ? "The copy in usher's folder is deleted." : "usher forgets it. The file stays where it is."),
		buttons: [{ label: `Remove ${m.name}`, kind: "danger", act: async () => {
			await remove(`/media/${encodeURIComponent(m.name)}`);
			toast(`${m.name} is removed`);
			again();
		} }] });
}

function importDialog(again) {
	const form = new Form();
	const file = el("input", { type: "file", accept: ".iso,.img,.qcow2,.raw,.xz,.zst,.gz" });
	const meter = el("progress.meter", { hidden: true, max: 1, value: 0, "aria-label": "Copied" });
	openDialog({ title: "Import media", content: [el("p.says", {}, "An image or folder that the server has, by its path; or an image from this computer, which is copied there."),
		el("div.fields.wide", {}, form.text("path", "Path on the server"), form.add("file", "Or a file from here", file), form.text("name", "Name", { help: "if left out: what usher recognises" }), form.check("force", "Also if usher does not recognise it")), meter],
	buttons: [{ label: "Import", stop: "Stop", act: async (dialog, signal) => {
		const body = { force: form.value("force") };
		if (form.value("name"))
			body.name = form.value("name");
		if (file.files[0])
			body.copy = await upload(file.files[0], meter, signal);
		else
			body.path = form.value("path");
		const m = await post("/media", body);
		toast(`${m.name} is imported`);
		again();
	} }] });
}

// In pieces of the size that the service asks for; its id.
async function upload(file, meter, signal) {
	const { id, piece } = await post("/copies", { name: file.name, size: file.size });
	meter.hidden = false;
	try {
		signal.throwIfAborted();
		for (let at = 0; at < file.size; at += piece) {
			await put(`/copies/${encodeURIComponent(id)}`, file.slice(at, at + piece), { at }, signal);
			meter.value = Math.min(1, (at + piece) / file.size);
		}
	} catch (e) {
		remove(`/copies/${encodeURIComponent(id)}`).catch(() => {});
		throw e;
	}
	return id;
}
