// SPDX-License-Identifier: GPL-2.0-or-later
// What happens, as it happens: the stream of events, or long polls where there is no stream. EventSource cannot send a token.
import { get, headers, url } from "./api.js";

const SILENCE_MS = 40000; // the stream has a comment every 15 s
const PAUSE_MS = [500, 1000, 2000, 5000, 10000];

// Calls onEvent for each event after `after`; onState with "live", "polling" or "away". Returns what ends it.
export function follow({ after, onEvent, onState }) {
	const ender = new AbortController();
	const place = { after };
	run(place, ender.signal, onEvent, onState);
	return () => ender.abort();
}

async function run(place, signal, onEvent, onState) {
	let failures = 0, stream = true;
	const take = (event) => {
		failures = 0;
		place.after = Math.max(place.after, event.seq);
		onEvent(event);
	};
	while (!signal.aborted) {
		try {
			if (stream)
				stream = await readStream(place, signal, take, onState);
			else
				await poll(place, signal, take, onState);
		} catch (e) {
			if (signal.aborted || e.status === 401)
				return;
			failures++;
		}
		if (failures) {
			onState("away");
			await new Promise((done) => setTimeout(done, PAUSE_MS[Math.min(failures, PAUSE_MS.length) - 1]));
		}
	}
}

async function poll(place, signal, take, onState) {
	onState("polling");
	const answer = await get("/events", { after: place.after, wait: 25 }, signal);
	answer.events.forEach(take);
}

// False: this service has no stream, or no more streams to give.
async function readStream(place, signal, take, onState) {
	const silence = new AbortController();
	const either = AbortSignal.any([signal, silence.signal]);
	const response = await fetch(url("/events", { after: place.after }), {
		headers: headers({ Accept: "text/event-stream" }), signal: either,
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
