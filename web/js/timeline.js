// SPDX-License-Identifier: GPL-2.0-or-later
// An attempt as a picture: its stages with their durations, from arming over the first lease to up, and what happened in each.
import { svg } from "./dom.js";
import { clock, fine } from "./format.js";
import { stages, stateOf, stepText } from "./states.js";

const DOTS = 400;
const TOP = 26, TALL = 40, LEAST = 84, TODO = 72, GAP = 4, LETTER = 7.2, NAMED = 52, CLOCK = 62;

// [{name, from, to (null: it goes on), mark: done | now | failed | over | todo}], times in ms; null: there is no attempt.
export function stagesOf(m, events, now = Date.now()) {
	const a = m.attempt;
	if (!a?.armed_at)
		return null;
	const start = Date.parse(a.armed_at) - 50;
	const of = events.filter((e) => Date.parse(e.at) >= start);
	const first = (...kinds) => {
		const found = of.find((e) => kinds.includes(e.kind));
		return found ? Date.parse(found.at) : null;
	};
	const at = [Date.parse(a.armed_at), first("leased"), first("booting"), first("installing", "progress"), first("installed"), first("up")];
	if (a.tool || m.state === "live")
		at[4] = at[5] = at[4] ?? at[5];
	// a stage whose beginning nobody saw begins with the next one
	for (let i = at.length - 2; i >= 0; i--)
		at[i] ??= at[i + 1];
	const over = m.state === "failed" ? Date.parse(a.ended_at || m.since) : null;
	return stages.map((name, i) => {
		if (at[i] === null)
			return { name, from: null, to: null, mark: "todo" };
		if (at[i + 1] !== null)
			return { name, from: at[i], to: at[i + 1], mark: "done" };
		if (a.ended_at && m.state !== "failed" && m.state !== "installed") // taken back here
			return { name, from: at[i], to: Math.max(at[i], Date.parse(a.ended_at)), mark: "over" };
		return { name, from: at[i], to: over ?? now, mark: over ? "failed" : "now" };
	});
}

export function timelineText(list, m) {
	return list.filter((s) => s.mark !== "todo").map((s) => {
		const time = fine(s.to - s.from);
		return s.mark === "now" ? `${s.name}: since ${time}, ${stepText(m.attempt.waits_for)}` : `${s.name}: ${time}${s.mark === "failed" ? ", failed here" : ""}`;
	}).join("; ");
}

export function drawTimeline(m, events, width) {
	const list = stagesOf(m, events);
	if (!list)
		return null;
	layOut(list, width);
	const g = [];
	for (const s of list)
		g.push(...block(s, m, events));
	for (const e of events.slice(-DOTS))
		g.push(dot(e, list));
	const seen = list.filter((s) => s.mark !== "todo"), last = seen.at(-1);
	const y = TOP + TALL + 48;
	g.push(text(list[0].x, y, clock(list[0].from), "tick"));
	if (last && last.mark !== "now" && last.x + last.w - list[0].x > 140)
		g.push(text(last.x + last.w, y, clock(last.to), "tick end"));
	const whole = `${fine(last.to - list[0].from)} in all`, middle = (list[0].x + last.x + last.w) / 2;
	if (middle - (whole.length * LETTER) / 2 > CLOCK)
		g.push(text(middle, y, whole, "tick middle"));
	else
		g.push(text(CLOCK, y, whole, "tick"));
	return svg("svg", { class: `timeline tone-${stateOf(m)}`, width, height: y + 8, viewBox: `0 0 ${width} ${y + 8}`, role: "img", "aria-label": `Timeline. ${timelineText(list, m)}` }, g);
}

// The room that is left goes to the stages as the square root of their time: a short one stays readable.
function layOut(list, width) {
	const scale = Math.min(1, width / 560), least = LEAST * scale, todo = Math.max(TODO * scale, NAMED);
	const seen = list.filter((s) => s.mark !== "todo");
	const weight = (s) => Math.sqrt(Math.max(1, s.to - s.from));
	const all = seen.reduce((n, s) => n + weight(s), 0) || 1;
	const free = width - GAP * (list.length - 1) - seen.length * least - (list.length - seen.length) * todo;
	let x = 0;
	for (const s of list) {
		s.x = x;
		s.w = s.mark === "todo" ? todo : least + Math.max(0, free) * (weight(s) / all);
		x += s.w + GAP;
	}
}

const text = (x, y, words, name) => svg("text", { x, y, class: name }, words);

function block(s, m, events) {
	const middle = s.x + s.w / 2;
	const parts = [text(s.x + 1, TOP - 9, s.name, `stage ${s.mark}`), svg("rect", { x: s.x, y: TOP, width: s.w, height: TALL, rx: 6, class: `block ${s.mark}` })];
	if (s.name === "install" && s.mark !== "todo")
		parts.push(curve(s, events));
	if (s.mark !== "todo")
		parts.push(text(middle, TOP + TALL / 2 + 4.5, timeOf(s), `time ${s.mark}`));
	if (s.mark === "failed")
		parts.push(svg("path", { d: `M${s.x + s.w - 16} ${TOP + 6}l8 8m0 -8l-8 8`, class: "mark" }));
	return parts;
}

// As much as the block has room for: "since 1 min 38 s", "1 min 38 s", "1 min".
function timeOf(s) {
	const time = fine(s.to - s.from);
	return [s.mark === "now" ? `since ${time}` : time, time, time.split(" ").slice(0, 2).join(" ")].find((words) => words.length * LETTER < s.w) || "";
}

// How far the installer was, over its time.
function curve(s, events) {
	const span = Math.max(1, s.to - s.from), points = events.filter((e) => e.percent !== null && Date.parse(e.at) >= s.from && Date.parse(e.at) <= s.to)
		.map((e) => [s.x + ((Date.parse(e.at) - s.from) / span) * s.w, TOP + TALL - (e.percent / 100) * TALL]);
	if (!points.length)
		return svg("g");
	const end = s.x + s.w, last = points.at(-1)[1];
	return svg("path", { class: "curve", d: `M${s.x} ${TOP + TALL}${points.map(([x, y]) => `L${x.toFixed(1)} ${y.toFixed(1)}`).join("")}L${end.toFixed(1)} ${last.toFixed(1)}V${TOP + TALL}Z` });
}

function dot(e, list) {
	const at = Date.parse(e.at), s = list.find((one) => one.mark !== "todo" && at >= one.from && at <= one.to);
	if (!s)
		return svg("g");
	const x = s.x + ((at - s.from) / Math.max(1, s.to - s.from)) * s.w, y = TOP + TALL + 16;
	const title = svg("title", {}, `${clock(e.at)}  ${e.kind}  ${e.text}`);
	if (e.kind === "stuck" || e.kind === "failed")
		return svg("path", { d: `M${x} ${y - 6}l6 11h-12z`, class: `dot kind-${e.kind}` }, title);
	return svg("circle", { cx: x.toFixed(1), cy: y, r: e.kind === "progress" ? 2.5 : 4, class: `dot kind-${e.kind}` }, title);
}
