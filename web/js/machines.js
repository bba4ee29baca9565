// SPDX-License-Identifier: GPL-2.0-or-later
// All machines: read once in pages, and kept up to date by events. After an event its machine alone is read again.
import { get, machinePath, passes } from "./api.js";
import { follow } from "./live.js";
import { throttled } from "./dom.js";
import { address, addresses } from "./format.js";

const PAGE = 1000;
const AT_ONCE = 4; // machines that are read again beside each other
const TELL_MS = 150;

const all = new Map();
const listeners = new Set(), eventListeners = new Set();
const waiting = new Set(); // names to read again
const reading = new Set();
const again = new Set(); // changed while they were being read
const LOOK_MS = 15000;
const RETRY_MS = 3000;
let stop = null, newest = 0;
let round = 0; // begins anew with each end(): what was asked before it is not kept

export const state = { loaded: false, link: "away" };

export const machines = {
	all: () => all.values(),
	get: (name) => all.get(name),
	count: () => all.size,
};

const tell = throttled(() => listeners.forEach((f) => f()), TELL_MS);

// f() after changes, at most every 150 ms. Returns what ends it.
export function onMachines(f) {
	listeners.add(f);
	return () => listeners.delete(f);
}

// f(event) for each event.
export function onEvents(f) {
	eventListeners.add(f);
	return () => eventListeners.delete(f);
}

export async function start() {
	stop?.();
	const mine = round;
	// what happens while the list is read is in the events after this
	newest = (await get("/events", { after: Number.MAX_SAFE_INTEGER })).newest;
	await readAll();
	if (mine !== round)
		return;
	const end = follow({ after: newest, onEvent: take, onState: link });
	const timer = setInterval(() => document.hidden || lookAgain(mine), LOOK_MS);
	stop = () => {
		end();
		clearInterval(timer);
	};
}

export function end() {
	stop?.();
	stop = null;
	round++;
	all.clear();
	[waiting, again].forEach((names) => names.clear());
	state.loaded = false;
}

// What changes without an event: why one is stuck, and what it waits for.
async function lookAgain(mine) {
	const { machines: list } = await get("/machines", { state: "armed,booting,installing,installed,live", limit: PAGE }).catch(() => ({ machines: [] }));
	if (mine !== round)
		return;
	for (const m of list)
		if (all.has(m.name) && !reading.has(m.name))
			keep(m);
	if (list.length)
		tell();
}

function link(to) {
	if (state.link === to)
		return;
	state.link = to;
	tell();
}

async function readAll() {
	const seen = new Set(), mine = round;
	for (let from; from !== null;) {
		const page = await get("/machines", { limit: PAGE, from });
		if (mine !== round)
			return;
		for (const m of page.machines) {
			seen.add(m.name);
			keep(m);
		}
		from = page.next ?? null;
		tell();
	}
	for (const name of all.keys())
		if (!seen.has(name))
			all.delete(name);
	state.loaded = true;
	tell();
}

// A machine's newest percentage outlives later events of other kinds, as long as the attempt is the same.
function keep(m) {
	const before = all.get(m.name);
	const same = before?.attempt && m.attempt?.number === before.attempt.number && before.uuid === m.uuid;
	m.percent = m.last_event?.percent ?? (same ? before.percent : null) ?? null;
	m.search = [m.name, m.profile, m.lab, m.note, ...addresses(m), ...m.nics.map((n) => n.mac),
		...Object.entries(m.labels || {}).flatMap(([k, v]) => [k, `${k}:${v}`, v]), m.attempt?.cause?.text, m.attempt?.reason,
	].filter(Boolean).join("\n").toLowerCase();
	// the list says less than the machine itself
	all.set(m.name, before?.uuid === m.uuid ? { ...before, ...m } : m);
}

function take(event) {
	newest = Math.max(newest, event.seq);
	eventListeners.forEach((f) => f(event));
	if (event.machine)
		changed(event);
}

// Progress changes nothing but what is in the event itself.
function changed(event) {
	const m = all.get(event.machine);
	if (event.kind === "deleted") {
		all.delete(event.machine);
		tell();
	} else if (m && event.kind === "progress" && m.state === "installing" && !m.attempt?.cause) {
		const percent = event.percent ?? m.percent;
		all.set(m.name, { ...m, last_event: event, percent });
		tell();
	} else {
		readAgain(event.machine);
	}
}

export function readAgain(name) {
	if (reading.has(name))
		again.add(name);
	else
		waiting.add(name);
	next();
}

function next() {
	for (const name of waiting) {
		if (reading.size >= AT_ONCE)
			return;
		waiting.delete(name);
		reading.add(name);
		readOne(name);
	}
}

async function readOne(name) {
	const mine = round;
	try {
		const m = await get(machinePath(name));
		if (mine === round)
			keep(m);
	} catch (e) {
		if (e.status === 404)
			all.delete(name);
		else if (passes(e))
			setTimeout(() => mine === round && readAgain(name), RETRY_MS);
	}
	reading.delete(name);
	if (again.delete(name))
		waiting.add(name);
	tell();
	next();
}

// By what the list may be filtered: {state, profile, lab, segment, label, q}.
export function matches(m, f, stateOf) {
	return (!f.state || stateOf(m) === f.state || m.state === f.state) && (!f.profile || m.profile === f.profile) &&
		(!f.lab || m.lab === f.lab) && (!f.segment || m.nics.some((n) => n.segment === f.segment)) &&
		(!f.label || hasLabel(m, f.label)) && (!f.q || f.q.toLowerCase().split(/\s+/).every((w) => m.search.includes(w)));
}

function hasLabel(m, label) {
	const [key, ...value] = label.split(":");
	return m.labels?.[key] !== undefined && (!value.length || m.labels[key] === value.join(":"));
}

// web2 before web10
export const collator = new Intl.Collator("en", { numeric: true });
export const byName = (a, b) => collator.compare(a.name, b.name);
export const byAddress = (a, b) => collator.compare(address(a), address(b));
