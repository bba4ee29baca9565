// SPDX-License-Identifier: GPL-2.0-or-later
// What the service says of itself, for the header.
import { get } from "./api.js";

const EVERY_MS = 20000;

// Returns what ends it.
export function watchStatus(f) {
	const look = async () => {
		if (document.hidden)
			return;
		const s = await get("/status").catch(() => null);
		if (!s)
			return;
		f({ version: s.version, trouble: troubleOf(s) });
	};
	const timer = setInterval(look, EVERY_MS);
	look();
	return () => clearInterval(timer);
}

function troubleOf(s) {
	if (s.store?.trouble)
		return s.store.trouble;
	const bad = s.segments.find((one) => one.problem);
	if (bad)
		return `Segment ${bad.name} is not served: ${bad.problem}`;
	const rogue = s.segments.find((one) => one.others?.length && one.mode === "own");
	return rogue ? `Another DHCP server answers in segment ${rogue.name}: ${rogue.others.map((o) => o.address).join(", ")}` : null;
}
