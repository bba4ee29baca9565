// SPDX-License-Identifier: GPL-2.0-or-later
// What can be done to machines: to which ones, what it does to them in words, and how it is asked for.
import { get, machinePath, passes, patch, post, postFull, remove, requestId } from "./api.js";
import { el } from "./dom.js";
import { openDialog, toast } from "./dialog.js";
import { readAgain } from "./machines.js";
import { pause } from "./live.js";
import { bytes, count, many } from "./format.js";
import { isStuck } from "./states.js";
import { may } from "./session.js";
import { stateBadge } from "./bar.js";

const AT_ONCE = 100; // machines of one bulk call, so that the dialog can tell how far it is
const TRIES = 3, TRY_AGAIN_MS = 3000; // of a part
const FETCH_LOOK_MS = 2000;
const SLOW_MS = 800; // what takes longer is told
const LISTED = 200;  // in a dialog
const LOOKED_AT = 20; // whose disks are asked for before they are deleted

const isGuest = (m) => m.kind === "guest";
const installs = (m) => ["armed", "booting", "installing"].includes(m.state);

const bareMetal = (m) => (m.power === null ? "it is bare metal, and usher does not know its controller" : "it is bare metal: use Power");

// not(m): why it does not apply to this one, or null. ask: fields of the dialog that go into the request.
const actions = [
	{
		id: "reinstall", label: "Reinstall", kind: "primary",
		says: "They will be armed: at their next boot from the network they are installed again, and everything on the target disk is lost. usher boots guests, and bare metal whose power it can switch, at once; any other you boot yourself.",
		not: (m) => (m.template ? "it is a template" : installs(m) ? "an install is under way" : null),
	},
	{
		id: "disarm", label: "Disarm", kind: "primary",
		says: "They are armed no more: nothing is installed at their next boot. An install under way fails; the machine is switched off and its disk left as it is.",
		not: (m) => (installs(m) || m.state === "live" ? null : "it is not armed"),
	},
	{
		id: "start", label: "Start", kind: "primary", says: "These guests are started, or resumed where they are paused.",
		not: (m) => (!isGuest(m) ? bareMetal(m) : m.guest_state === "running" ? "it runs already" : null),
	},
	{
		id: "stop", label: "Stop", kind: "primary", says: "These guests are asked to shut down. usher waits for two minutes.",
		not: (m) => (!isGuest(m) ? bareMetal(m) : m.guest_state === "off" ? "it is off already" : null),
		fields: (list) => [check("force", list.length === 1 ? "Cut its power instead of asking. What it has not written is lost." : "Cut their power instead of asking. What they have not written is lost.")],
		body: (form) => (form.force.checked ? { force: true } : {}),
	},
	{
		id: "power", label: "Power", kind: "primary", says: "usher tells the controller of each machine what to do.",
		not: (m) => (isGuest(m) ? "it is a guest: use Start and Stop" : m.power === null ? "usher does not know its controller" : null),
		fields: () => [choice("do", [["on", "Switch on"], ["off", "Switch off, at once"], ["cycle", "Switch off and on again"], ["netboot", "Boot from the network next time"]])],
		body: (form) => ({ do: form.do.value }),
	},
	{
		id: "delete", label: "Delete", kind: "danger", typed: true,
		says: "Their records are deleted, with their addresses, settings, labels and recorded consoles. Guests lose their domains and all their disks. This cannot be undone.",
		not: (m) => (m.deleting ? "it is being deleted" : null),
		fields: (list) => (list.some(isGuest) ? [check("keep", "Keep the disks of guests")] : []),
		body: (form) => (form.keep?.checked ? { keep_disks: true } : {}),
		lost: true,
	},
];

function check(name, text) {
	return el("label.check", {}, el("input", { type: "checkbox", name }), el("span", {}, text));
}

function choice(name, options) {
	return el("fieldset.choice", {}, el("legend.sr", {}, "What to do"), options.map(([value, label], i) => el("label.check", {}, el("input", { type: "radio", name, value, checked: i === 0 }), el("span", {}, label))));
}

export function actionsFor(list) {
	if (!may("operate"))
		return [];
	return actions.filter((a) => list.some((m) => !a.not(m)));
}

// A button for each; `which()` tells the machines when it is pressed.
export function menu(list, which, done = () => {}) {
	return list.map((a) => el(`button.button.${a.kind === "danger" ? "danger-quiet" : "quiet"}`, { type: "button", "data-action": a.id, on: { click: () => ask(a, which(), done) } }, `${a.label}…`));
}

function ask(action, all, done) {
	const list = all.filter((m) => !action.not(m)), others = all.filter((m) => action.not(m));
	if (!list.length) {
		toast(`${all[0]?.name}: ${all[0] && action.not(all[0])}`, "bad");
		return;
	}
	const who = list.length === 1 ? list[0].name : many(list.length, "machine");
	const names = el("ul.names", { tabindex: 0, "aria-label": "Machines" }, list.slice(0, LISTED).map((m) => el("li", { "data-name": m.name }, stateBadge(m), el("b", {}, m.name), el("span.dim", {}, isGuest(m) ? "guest" : "bare metal"))),
		list.length > LISTED ? el("li.dim", {}, `and ${count(list.length - LISTED)} more`) : null);
	const typed = action.typed && list.length > 1 ? String(list.length) : null;
	const fields = action.fields?.(list) || [];
	const dialog = openDialog({
		title: `${action.label} ${who}`,
		content: [el("p.says", {}, list.length === 1 ? singular(action.says) : action.says), names,
			others.length ? el("details", {}, el("summary", {}, `${many(others.length, "other")} left out`), el("ul.names", {}, others.slice(0, LISTED).map((m) => el("li", {}, el("b", {}, m.name), el("span.dim", {}, action.not(m)))))) : null,
			fields,
			typed ? el("label.field", {}, el("span", {}, `Type ${typed}, their number, to go on`), el("input", { name: "typed", autocomplete: "off", inputmode: "numeric", on: { input: (e) => { button().disabled = e.target.value.trim() !== typed; } } })) : null],
		buttons: [{ label: `${action.label} ${who}`, kind: action.kind, disabled: !!typed, stop: list.length > AT_ONCE ? "Stop after this part" : "Close", act: (d, signal) => carryOut(action, list, d, signal, done) }],
	});
	const button = () => dialog.querySelector(".dialog-actions .button:last-child");
	if (action.lost)
		sayLost(names, list);
}

const singular = (text) => text.replace("They will be armed: at their next boot", "It will be armed: at its next boot").replace("they are installed again", "it is installed again")
	.replace(/^Their install is/, "Its install is").replace("These guests are started, or resumed where they are paused", "This guest is started, or resumed where it is paused")
	.replace("These guests are asked", "This guest is asked").replace("the controller of each machine", "its controller")
	.replace(/^Their records are deleted, with their addresses/, "Its record is deleted, with its addresses").replace("Guests lose their domains and all their disks", "A guest loses its domain and all its disks");

// What goes with each: its disks.
async function sayLost(names, list) {
	for (const m of list.slice(0, LOOKED_AT).filter(isGuest)) {
		const full = await get(machinePath(m.name)).catch(() => null);
		const li = names.querySelector(`[data-name="${CSS.escape(m.name)}"]`);
		if (full?.guest && li) {
			const disks = [full.guest.disk, ...(full.guest.disks || []).map((d) => d.size)].filter(Boolean);
			li.append(el("span.dim", {}, `${many(disks.length, "disk")}, ${disks.map(bytes).join(" and ")}`));
		}
	}
}

async function carryOut(action, list, dialog, signal, done) {
	const form = dialog.querySelector("form").elements;
	const body = action.body?.(form) || {}, names = list.map((m) => m.name);
	const meter = el("progress.meter", { max: names.length, value: 0, hidden: names.length <= AT_ONCE, "aria-label": "Done" });
	const said = el("p.dim", { role: "status" });
	const timer = setTimeout(() => { said.textContent = names.length <= AT_ONCE ? "The service is at it. It goes on if you close this." : ""; }, SLOW_MS);
	dialog.querySelector(".dialog-body").append(meter, said);
	const results = await (names.length === 1 ? one(action.id, names[0], body).then((r) => [r]) : bulk(action.id, names, body, meter, signal)).finally(() => {
		clearTimeout(timer);
		said.textContent = "";
	});
	await fetched(action.id, results, body, said, signal);
	if (action.id !== "delete")
		names.forEach(readAgain);
	tell(action, results, list);
	done();
}

function tell(action, results, list) {
	const bad = results.filter((r) => r.error), good = results.length - bad.length;
	if (list.length === 1 && bad.length)
		throw new Error(bad[0].error);
	if (good)
		toast(`${action.label}: ${list.length === 1 ? list[0].name : many(good, "machine")}`);
	if (bad.length)
		showBad(action, bad, good);
}

async function one(id, name, body) {
	if (id === "delete")
		await remove(machinePath(name), body.keep_disks ? { keep_disks: 1 } : {});
	else
		return { machine: name, status: (await postFull(machinePath(name, `/${id}`), body)).status, error: null };
	return { machine: name, status: 200, error: null };
}

// Part after part, until the dialog is closed or the service is gone: the rest has an error that says so.
async function bulk(id, names, body, meter, signal) {
	const results = [];
	for (let why = null; results.length < names.length;) {
		const part = names.slice(results.length, results.length + AT_ONCE);
		why ||= signal.aborted ? "not asked for: it was stopped before" : null;
		try {
			if (!why)
				results.push(...(await askPart({ do: id, machines: part, with: body, request_id: requestId() }, signal)));
		} catch (e) {
			why = `not known to be done: ${e.message}`;
		}
		if (why) {
			results.push(...part.map((machine) => ({ machine, status: 0, error: why })));
			why = why.replace("not known to be done", "not asked for");
		}
		meter.value = results.length;
	}
	return results;
}

// The same request again where its answer was lost: what is done is not done again.
async function askPart(wanted, signal) {
	for (let tries = 1; ; tries++) {
		try {
			return (await post("/bulk", wanted)).results;
		} catch (e) {
			if (!passes(e) || tries === TRIES || signal.aborted)
				throw e;
			await pause(TRY_AGAIN_MS, signal);
		}
	}
}

// Where files have to be fetched first (202) nothing has been done: it is asked for again until they are there.
async function fetched(id, results, body, said, signal) {
	for (let left; (left = results.filter((r) => r.status === 202)).length;) {
		said.textContent = `${many(left.length, "machine")}: files are being fetched first. Keep this open.`;
		await pause(FETCH_LOOK_MS, signal);
		for (const r of left.slice(0, signal.aborted ? left.length : AT_ONCE))
			Object.assign(r, signal.aborted ? { status: 0, error: "not done: its files are still being fetched" } : await one(id, r.machine, body).catch((e) => ({ status: e.status, error: e.message })));
	}
}

function showBad(action, bad, good) {
	openDialog({
		title: `${action.label}: not done for ${many(bad.length, "machine")}`,
		content: [el("p.says", {}, `${count(good)} of ${many(good + bad.length, "machine")} done.`), el("ul.names", {}, bad.slice(0, LISTED).map((r) => el("li", {}, el("b", {}, r.machine), el("span", {}, r.error))),
			bad.length > LISTED ? el("li.dim", {}, `and ${count(bad.length - LISTED)} more`) : null)],
	});
}

// --- a sealed machine --------------------------------------------------------------------------------------------------

export function confirmBoot(m) {
	const code = el("input", { name: "code", inputmode: "numeric", autocomplete: "off", maxlength: 6, pattern: "[0-9]{6}" });
	openDialog({
		title: `Confirm the boot of ${m.name}`,
		content: [el("p.says", {}, "Type the code of six digits that the machine's own screen shows. Five wrong codes end this boot."), el("label.field", {}, el("span", {}, "Code"), code)],
		buttons: [{ label: "Confirm", act: async () => {
			await post(machinePath(m.name, "/confirm"), { code: code.value.trim() });
			readAgain(m.name);
			toast(`${m.name}: this boot goes on`);
		} }],
	});
	code.focus();
}

// --- labels and the note ------------------------------------------------------------------------------------------------

const labelLine = /^([a-z0-9._/-]{1,63})(?:\s*[=:]\s*(.{0,63}))?$/;

export function editLabels(m, etag) {
	const lines = el("textarea", { name: "labels", rows: 5, spellcheck: "false", placeholder: "rack: 7\nowner: web team" });
	lines.value = Object.entries(m.labels || {}).map(([k, v]) => `${k}: ${v}`).join("\n");
	const note = el("textarea", { name: "note", rows: 4, maxlength: 1024 });
	note.value = m.note || "";
	openDialog({
		title: `Labels and note of ${m.name}`,
		content: [el("label.field", {}, el("span", {}, "Labels, one a line: key: value"), lines), el("label.field", {}, el("span", {}, "Note"), note)],
		buttons: [{ label: "Save", act: async () => {
			await patch(machinePath(m.name), { labels: labelChanges(m.labels || {}, lines.value), note: note.value }, etag);
			readAgain(m.name);
		} }],
	});
}

// What is no longer there is null.
function labelChanges(before, text) {
	const after = Object.fromEntries(Object.keys(before).map((k) => [k, null]));
	for (const line of text.split("\n").map((l) => l.trim()).filter(Boolean)) {
		const found = labelLine.exec(line);
		if (!found)
			throw new Error(`"${line}" is no label: a key of a-z, 0-9 and . _ / -, a colon, a value of up to 63 characters`);
		after[found[1]] = (found[2] || "").trim();
	}
	return after;
}

export const needsEye = (m) => m.state === "failed" || isStuck(m) || !!m.attempt?.waiting;
