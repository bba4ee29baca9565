// SPDX-License-Identifier: GPL-2.0-or-later
// What happens, as it happens: the stream of events, or long polls where there is no stream. EventSource cannot send a token.
import { get, headers, url } from "./api.js";

const SILENCE_MS = 40000; // the stream has a comment every 15 s
const PAUSE_MS = [500, 1000, 2000, 5000, 10000];
const STEADY_MS = 10000; // what held as long has not failed again
const STREAM_AGAIN_MS = 60000;
const QUICK_MS = 1000; // an empty answer sooner than that did not wait

// Calls ask(signal) again and again until `signal` ends: after a failure with a pause, and not while nobody sees the page: a
// browser has six connections to a service for all its tabs. What another try cannot mend is thrown.
export async function keepAsking(ask, signal, onTrouble = () => {}) {
	for (let failures = 0; !signal.aborted;) {
		await inSight(signal);
		const began = Date.now(), hidden = whenHidden();
		try {
			await ask(AbortSignal.any([signal, hidden.signal]));
			failures = 0;
		} catch (e) {
			if (signal.aborted)
				return;
			if (e.status === 401 || e.status === 403 || e.status === 404)
				throw e;
			if (!hidden.signal.aborted) {
				failures = Date.now() - began > STEADY_MS ? 0 : failures;
				onTrouble(e);
				await pause(PAUSE_MS[Math.min(failures++, PAUSE_MS.length - 1)], signal);
			}
		} finally {
			hidden.end();
		}
	}
}

// {signal, which ends when the page is hidden, end()}
function whenHidden() {
	const ender = new AbortController();
	const look = () => document.hidden && ender.abort();
	document.addEventListener("visibilitychange", look);
	look();
	return { signal: ender.signal, end: () => document.removeEventListener("visibilitychange", look) };
}

// When the page is to be seen, or `signal` ends.
async function inSight(signal) {
	while (document.hidden && !signal.aborted)
		await new Promise((done) => {
			const ender = new AbortController(), both = { once: true, signal: ender.signal };
			const go = () => {
				ender.abort();
				done();
			};
			document.addEventListener("visibilitychange", go, both);
			signal.addEventListener("abort", go, both);
		});
}

// `ms`, or less where `signal` ends before.
export function pause(ms, signal) {
	return new Promise((done) => {
		const timer = setTimeout(done, ms);
		signal?.addEventListener("abort", () => {
			clearTimeout(timer);
			done();
		}, { once: true });
	});
}

// Calls onEvent for each event after `after`; onState with "live", "polling" or "away". Returns what ends it.
export function follow({ after, onEvent, onState }) {
	const ender = new AbortController();
	let newest = after, noStreamUntil = 0;
	const take = (event) => {
		newest = Math.max(newest, event.seq);
		onEvent(event);
	};
	const ask = async (signal) => {
		if (Date.now() < noStreamUntil)
			await poll(newest, signal, take, onState);
		else if (!(await readStream(newest, signal, take, onState)))
			noStreamUntil = Date.now() + STREAM_AGAIN_MS;
	};
	keepAsking(ask, ender.signal, () => onState("away")).catch(() => onState("away"));
	return () => ender.abort();
}

async function poll(after, signal, take, onState) {
	const began = Date.now();
	const answer = await get("/events", { after, wait: 25 }, signal);
	onState("polling");
	answer.events.forEach(take);
	if (!answer.events.length && Date.now() - began < QUICK_MS)
		await pause(QUICK_MS, signal);
}

// False: this service has no stream, or no more streams to give.
async function readStream(after, signal, take, onState) {
	const silence = new AbortController();
	const response = await fetch(url("/events", { after }), {
		headers: headers({ Accept: "text/event-stream" }), signal: AbortSignal.any([signal, silence.signal]),
	});
	if (response.status === 429 || response.status === 503)
		return false;
	if (!response.ok)
		throw Object.assign(new Error("no stream"), { status: response.status });
	if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
		response.body.cancel();
		return false;
	}
	onState("live");
	await readLines(response.body, silence, take);
	throw new Error("the stream has ended");
}

async function readLines(body, silence, take) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "", data = "", timer;
	const alive = () => {
		clearTimeout(timer);
		timer = setTimeout(() => silence.abort(), SILENCE_MS);
	};
	for (alive(); ; alive()) {
		const { value, done } = await reader.read();
		if (done)
			break;
		const lines = (rest + value).split(/\r?\n/);
		rest = lines.pop();
		for (const line of lines) {
			if (line.startsWith("data:"))
				data += line.slice(5).trimStart();
			else if (line === "" && data)
				data = flush(data, take);
		}
	}
	clearTimeout(timer);
}

function flush(data, take) {
	const event = JSON.parse(data);
	if (typeof event.seq === "number")
		take(event);
	return "";
}
