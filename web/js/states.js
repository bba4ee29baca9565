// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine's state looks like: a word, a shape and a tone, so that none of them is needed alone. How far an attempt is.
import { svg } from "./dom.js";

// Shapes are drawn in a square of 12.
const shapes = {
	ring: { d: "M6 2a4 4 0 1 0 0 8a4 4 0 1 0 0-8z", line: true },
	diamond: { d: "M6 1L11 6L6 11L1 6z" },
	play: { d: "M3 1.5L10.5 6L3 10.5z" },
	half: { d: "M6 1.5a4.5 4.5 0 0 1 0 9z", ring: "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z" },
	disc: { d: "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z" },
	square: { d: "M2 2h8v8H2z" },
	cross: { d: "M2.5 2.5l7 7M9.5 2.5l-7 7", line: true },
	wave: { d: "M1 6q1.25-5 2.5 0t2.5 0t2.5 0t2.5 0", line: true },
	warning: { d: "M6 1L11.5 10.5H.5z" },
};

export const states = {
	failed: { word: "failed", shape: "cross", rank: 0 },
	stuck: { word: "stuck", shape: "warning", rank: 1 },
	installing: { word: "installing", shape: "half", rank: 2 },
	booting: { word: "booting", shape: "play", rank: 3 },
	armed: { word: "armed", shape: "diamond", rank: 4 },
	installed: { word: "installed", shape: "square", rank: 5 },
	live: { word: "live", shape: "wave", rank: 6 },
	up: { word: "up", shape: "disc", rank: 7 },
	known: { word: "known", shape: "ring", rank: 8 },
};

export const meanings = {
	known: "It has a record. Nothing is to be installed.",
	armed: "It installs when it boots from the network.",
	booting: "It has fetched its boot script.",
	installing: "Its installer is at work.",
	installed: "Its installer is done. It has yet to boot from its disk.",
	up: "The installed system has booted.",
	live: "It boots a system in its memory at every boot.",
	failed: "Its last attempt failed.",
	stuck: "Its attempt is stuck. The machine's page says why.",
};

export const underWay = (m) => ["armed", "booting", "installing", "installed"].includes(m.state) && !!m.attempt;

export const isStuck = (m) => !!m.attempt?.cause && m.state !== "failed" && m.state !== "up";

// One of `states`.
export const stateOf = (m) => (isStuck(m) ? "stuck" : states[m.state] ? m.state : "known");

export function shape(state, size = 12) {
	const s = shapes[states[state]?.shape || "ring"];
	return svg("svg", { class: `shape tone-${state}`, viewBox: "0 0 12 12", width: size, height: size, "aria-hidden": "true" },
		s.ring ? svg("path", { d: s.ring, class: "line" }) : null, svg("path", { d: s.d, class: s.line ? "line" : "full" }));
}

// --- an attempt's bar --------------------------------------------------------------------------------------------------

export const stages = ["power", "network", "boot", "install", "first boot"];

const stageOfStep = {
	"power-on": 0, "dhcp-request": 1, lease: 1, "boot-program": 2, "boot-script": 2, kernel: 2, answers: 2, installer: 3, "first-boot": 4,
};

const steps = {
	"power-on": "waits to be switched on", "dhcp-request": "waits for its DHCP request", lease: "waits for its address",
	"boot-program": "waits for its boot program", "boot-script": "waits for its boot script", kernel: "loads its kernel",
	answers: "starts its installer", installer: "installs", "first-boot": "boots from its disk",
};

export const stepText = (step) => steps[step] || step || "";

const stageOfState = { armed: 0, booting: 2, installing: 3, installed: 4 };

// {stage: 0 to 4 (5: all done), share: of that stage, 0 to 1, words}; null: no attempt.
export function progress(m) {
	if (!m.attempt || m.state === "known" || m.state === "live")
		return null;
	if (m.state === "up")
		return { stage: 5, share: 0, words: "up" };
	const percent = m.percent ?? m.last_event?.percent ?? null;
	if (m.state === "failed")
		// how far it came: it booted, and its installer has reported
		return { stage: percent !== null ? 3 : m.attempt.boots ? 2 : 0, share: percent === null ? 0.5 : percent / 100, words: m.attempt.reason || "failed" };
	const stage = stageOfStep[m.attempt.waits_for] ?? stageOfState[m.state] ?? 0;
	const share = stage === 3 && percent !== null ? percent / 100 : 0.35;
	return { stage, share, words: words(m, stage, percent) };
}

function words(m, stage, percent) {
	if (stage === 3 && percent !== null)
		return `installs, ${percent} %`;
	return stepText(m.attempt.waits_for) || m.state;
}
