// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's serial console: recorded, and live.
import { el, setText } from "./dom.js";
import { get, machinePath, post } from "./api.js";
import { keepAsking, pause } from "./live.js";
import { may } from "./session.js";
import { Terminal } from "./terminal.js";

const TAIL = 65536; // bytes before the end to begin with
const TYPED_AT_ONCE = 4096; // characters

const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

export function consoleTab(root, { name, machine }) {
	if (machine()?.kind !== "guest") {
		root.append(el("p.dim", {}, "The serial console of bare metal goes by its controller: ", el("code", {}, `usher console ${name}`)));
		return null;
	}
	const said = el("span.dim", { role: "status" }, "Opening");
	const box = el("div.terminal");
	const recorded = el("button.button.quiet.small", { type: "button", on: { click: () => again(0) } }, "From the beginning");
	const lately = el("button.button.quiet.small", { type: "button", on: { click: () => again(null) } }, "Only the end");
	root.append(el("div.bar-line", {}, said, el("span.push"), recorded, lately), box);
	let ender = new AbortController();

	async function again(from) {
		ender.abort();
		ender = new AbortController();
		terminal.reset();
		const trouble = (e) => setText(said, e.message);
		await keepAsking(reader(name, from, terminal, said), ender.signal, trouble).catch(trouble);
	}
	// In order: what is typed while a request is under way goes with the next.
	let typed = "", sending = false;
	const type = async (text) => {
		typed += may("operate") ? text : "";
		if (sending)
			return;
		sending = true;
		while (typed) {
			const data = encode(typed.slice(0, TYPED_AT_ONCE));
			typed = typed.slice(TYPED_AT_ONCE);
			await post(machinePath(name, "/console"), { data }).catch((e) => setText(said, e.message));
		}
		sending = false;
	};
	const terminal = new Terminal(box, type);
	again(null);
	return () => {
		ender.abort();
		terminal.end();
	};
}

// What asks for the next part, from `from` or the end's last, and shows it.
function reader(name, from, terminal, said) {
	let args = from === null ? { last: TAIL } : { after: from };
	return async (signal) => {
		const part = await get(machinePath(name, "/console"), args, signal);
		if (signal.aborted)
			return;
		const bytes = decode(part.data), at = part.offset + bytes.length;
		terminal.write(bytes);
		setText(said, { on: may("operate") ? "Live: what you type goes to the guest. Shift+Tab leaves it." : "Live", opening: "Opening", off: "The guest is off: recorded output", none: "The guest has no console" }[part.state] || part.why || part.state);
		args = { after: at, wait: at < part.newest ? 0 : 25 };
		if (part.state !== "on" && at >= part.newest)
			await pause(1500, signal);
	};
}
