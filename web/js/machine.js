// SPDX-License-Identifier: GPL-2.0-or-later
// One machine: where it is and why, its timeline, console, log, answers, and its record.
import { el, factRow as row, keepingFocus, redraw, setText, throttled } from "./dom.js";
import { get, getTagged, machinePath } from "./api.js";
import { machines, onEvents, onMachines, readAgain, state } from "./machines.js";
import { address, bytes, moment, since } from "./format.js";
import { progress, stepText } from "./states.js";
import { labelChips, stateBadge } from "./bar.js";
import { actionsFor, confirmBoot, editLabels, menu } from "./actions.js";
import { drawTimeline } from "./timeline.js";
import { eventsTab } from "./events.js";
import { consoleTab } from "./console.js";
import { logTab } from "./log.js";
import { renderedTab } from "./rendered.js";
import { factsTab } from "./facts.js";
import { trying } from "./dialog.js";
import { go, replace, to } from "./route.js";
import { may } from "./session.js";
import { viewKeys } from "./keys.js";

const LOOK_MS = 15000; // what changes without an event

const tabs = [
	["events", "Events", eventsTab], ["console", "Console", consoleTab], ["log", "Installer's log", logTab],
	["rendered", "Script and answers", renderedTab], ["record", "Record", factsTab],
];

export function machineView(root, route) {
	const { name } = route;
	const head = el("div.machine-head"), cause = el("section.cause", { hidden: true, "aria-label": "Why it is stuck" });
	const picture = el("div.picture.card"), side = el("aside.side", { "aria-label": "About the machine" });
	const body = el("div.tab-body");
	const events = [];
	let drawn = null, leaveTab = () => {}, current = null, left = false;
	const strip = el("div.tabs", { role: "tablist", "aria-label": "Of this machine" }, tabs.map(([id, title]) => el("button", { type: "button", role: "tab", id: `tab-${id}`, "data-tab": id, "aria-controls": "tab-body", on: { click: () => openTab(id) } }, title)));
	body.id = "tab-body";
	body.setAttribute("role", "tabpanel");
	body.tabIndex = 0;
	root.append(head, el("div.machine-grid", {}, el("div.machine-main", {}, cause, picture, strip, body), side));

	function openTab(id) {
		leaveTab();
		current = tabs.find(([t]) => t === id) || tabs[0];
		for (const b of strip.children) {
			b.setAttribute("aria-selected", String(b.dataset.tab === current[0]));
			b.tabIndex = b.dataset.tab === current[0] ? 0 : -1;
		}
		body.setAttribute("aria-labelledby", `tab-${current[0]}`);
		body.replaceChildren();
		replace("machine", name, { tab: current[0] === "events" ? "" : current[0] });
		leaveTab = current[2](body, { name, machine: () => machines.get(name), events }) || (() => {});
	}
	strip.addEventListener("keydown", (e) => {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
		if (!by)
			return;
		openTab(tabs[(tabs.indexOf(current) + by + tabs.length) % tabs.length][0]);
		document.getElementById(`tab-${current[0]}`).focus();
	});

	const draw = () => {
		const m = machines.get(name);
		if (left)
			return;
		if (!m) {
			if (!state.loaded || head.querySelector(".gone"))
				return;
			leaveTab();
			leaveTab = () => {};
			current = null;
			root.querySelector(".machine-grid").hidden = true;
			head.replaceChildren(el("h1", {}, name), el("p.dim.gone", {}, drawn ? "It has been deleted." : "There is no machine of this name."), el("a.button", { href: to("machines") }, "All machines"));
			return;
		}
		root.querySelector(".machine-grid").hidden = false;
		if (m !== drawn) {
			drawHead(head, m);
			drawCause(cause, m);
			keepingFocus(side, () => drawSide(side, m));
		}
		drawn = m;
		if (!current)
			openTab(route.args.tab || "events");
		drawPicture();
	};
	const drawPicture = () => {
		const m = machines.get(name), width = Math.floor(picture.clientWidth - 32);
		if (!m || width < 100)
			return;
		picture.replaceChildren(drawTimeline(m, events, width) || el("p.dim", {}, `usher has not installed it yet.${may("operate") ? " “Reinstall…” arms it: then it is installed at its next boot from the network." : ""}`));
		const waits = head.querySelector(".waits");
		if (waits)
			setText(waits, waitsText(m));
	};
	const soon = throttled(draw, 200);
	const offs = [onMachines(soon), onEvents((e) => {
		if (e.machine === name) {
			events.push(e);
			soon();
		}
	})];
	const watch = new ResizeObserver(drawPicture);
	watch.observe(picture);
	const tick = setInterval(() => machines.get(name)?.attempt && !machines.get(name).attempt.ended_at && drawPicture(), 1000);
	const look = setInterval(() => document.hidden || readAgain(name), LOOK_MS);
	readAgain(name);
	trying(() => readEvents(name, events)).then(() => {
		draw();
		if (!left && current?.[0] === "events")
			openTab("events");
	});
	draw();
	viewKeys({
		Escape: ["Back to all machines", () => go("machines")],
		...Object.fromEntries(tabs.map(([id, title], i) => [String(i + 1), [title, () => openTab(id)]])),
	});
	return () => {
		left = true;
		offs.forEach((f) => f());
		clearInterval(tick);
		clearInterval(look);
		watch.disconnect();
		leaveTab();
	};
}

async function readEvents(name, into) {
	const had = into.splice(0);
	for (let after = 0; ;) {
		const page = await get("/events", { machine: name, after });
		into.push(...page.events);
		if (page.events.length < 1000)
			break;
		after = page.events.at(-1).seq;
	}
	const last = into.at(-1)?.seq || 0;
	into.push(...had.filter((e) => e.seq > last));
}

// An installer that is at work is not waited for: its last word was so long ago.
const waitsText = (m) => (m.attempt?.waits_for === "installer" ? `${progress(m)?.words || stepText("installer")}, heard of ${since(m.attempt.waits_since)} ago` : m.attempt?.waits_for ? `${stepText(m.attempt.waits_for)}, since ${since(m.attempt.waits_since)}` : `since ${since(m.since)}`);

function drawHead(head, m) {
	const a = m.attempt;
	const title = el("div.title", {}, el("a.back", { href: to("machines"), "aria-label": "All machines", title: "All machines  Esc" }, "←"), el("h1", {}, m.name), stateBadge(m), el("span.dim.waits", {}, waitsText(m)),
			m.guest_state ? el("span.chip", {}, `guest ${m.guest_state}`) : null);
	const actions = head.querySelector(".actions") || el("div.actions"), what = actionsFor([m]);
	if (actions.parentNode)
		keepingFocus(head, () => head.querySelector(".title").replaceWith(title));
	else
		head.replaceChildren(title, actions);
	redraw(actions, JSON.stringify([!!a?.waiting, what.map((one) => one.id)]), () => [a?.waiting && may("operate") ? el("button.button.primary", { type: "button", on: { click: () => confirmBoot(m) } }, "Confirm its boot…") : "", ...menu(what, () => [machines.get(m.name)].filter(Boolean))]);
}

function drawCause(node, m) {
	const c = m.attempt?.cause, reason = m.attempt?.reason;
	const failed = m.state === "failed";
	node.hidden = !c && !(failed && reason);
	if (node.hidden)
		return;
	node.className = `cause tone-${failed ? "failed" : "stuck"}`;
	node.replaceChildren(el("h2", {}, failed ? `Failed: ${reason || "no reason is known"}` : "It is stuck"),
		c ? el("dl", {}, row(c.certain ? "Cause" : "Probably", c.text), row("Seen", c.seen), row("What to do", c.fix)) : el("p.dim", {}, "No cause was seen on the network. The console and the installer's log may tell."));
}

function drawSide(side, m) {
	const g = m.guest;
	side.replaceChildren(
		el("section.card", {}, el("h2", {}, "Machine"), el("dl.facts", {}, row("Kind", m.kind === "guest" ? "guest" : "bare metal"), row("Profile", m.profile), row("Address", address(m)), row("MAC", m.nics[0]?.mac), row("Segment", m.nics[0]?.segment), row("Lab", m.lab && el("a", { href: to("machines", null, { lab: m.lab }) }, m.lab)),
			row("Memory", g?.memory && bytes(g.memory)), row("CPUs", g?.vcpus), row("Disk", g?.disk && bytes(g.disk)), row("Power", m.power), row("Attempt", m.attempt && `${m.attempt.number}, boot ${m.attempt.boots} of ${m.attempt.max_boots}`), row("Armed", moment(m.attempt?.armed_at)), row("Deadline", m.attempt && !m.attempt.ended_at ? moment(m.attempt.deadline) : null))),
		el("section.card", {}, el("div.card-head", {}, el("h2", {}, "Labels and note"), may("operate") ? el("button.button.quiet.small", { type: "button", "data-action": "labels", on: { click: () => trying(async () => {
			const { answer, etag } = await getTagged(machinePath(m.name));
			editLabels(answer, etag);
		}) } }, "Edit…") : null), el("div.labels", {}, Object.keys(m.labels || {}).length ? labelChips(m.labels) : el("span.dim", {}, "No labels")), m.note ? el("p.note", {}, m.note) : null));
}
