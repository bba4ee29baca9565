// SPDX-License-Identifier: GPL-2.0-or-later
// What a view reads again and again.
import { toast } from "./dialog.js";

// Calls read() now and `ms` after it has ended, not while nobody sees the page. A failure is said once, until it works again.
// again() reads at once; end() ends it.
export function poll(read, ms) {
	let timer = null, under = false, once = false, ended = false, failed = false;

	async function look() {
		if (ended)
			return;
		if (under) {
			once = true;
			return;
		}
		clearTimeout(timer);
		under = true;
		do {
			once = false;
			try {
				await read();
				failed = false;
			} catch (e) {
				if (!failed && !ended)
					toast(e.message, "bad");
				failed = true;
			}
		} while (once && !ended);
		under = false;
		wait();
	}
	function wait() {
		if (!ended)
			timer = setTimeout(() => (document.hidden ? wait() : look()), ms);
	}
	look();
	return {
		again: look,
		end: () => {
			ended = true;
			clearTimeout(timer);
		},
	};
}
