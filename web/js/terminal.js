// SPDX-License-Identifier: GPL-2.0-or-later
// A terminal for serial consoles: what a VT220 and the Linux console share (ECMA-48), with colours and lines to scroll back to.
// What comes is text in elements, never markup. It never answers the guest by itself: what is shown may be a record.
import { el } from "./dom.js";

const COLS = 110, ROWS = 30;
const SCROLLBACK = 4000; // lines
const UNFINISHED = 4096; // characters of a sequence that has not ended; it is dropped then
const PLAIN = ",,";

const csi = /^\x1b\[([?>=!]?)([0-9;:]*)[ -/]*([@-~])/;
const osc = /^\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)/;
const escape = /^\x1b(?:[ #%()*+][\x20-\x7e]|[0-9=>A-Zc-~])/;

export class Terminal {
	constructor(root, type) {
		this.node = el("div.screen", { role: "log", tabindex: 0, "aria-label": "Console", "aria-live": "off", spellcheck: "false" });
		this.node.addEventListener("keydown", (e) => this.pressed(e, type));
		this.node.addEventListener("paste", (e) => type(e.clipboardData.getData("text")));
		root.append(this.node);
		this.decoder = new TextDecoder();
		this.reset();
	}

	reset() {
		this.lines = []; // {chars: [], looks: [], node}
		this.top = 0;    // of the screen, in lines
		this.rest = "";
		this.other = null; // the screen that a full-screen program covers
		this.home();
		this.dirty = new Set();
		this.cursorLine = null;
		this.node.replaceChildren();
	}

	home() {
		this.x = this.y = 0;
		this.look = PLAIN;
		this.saved = [0, 0, PLAIN];
		this.first = 0;
		this.last = ROWS - 1;
	}

	write(bytes) {
		let text = this.rest + this.decoder.decode(bytes, { stream: true });
		this.rest = "";
		while (text) {
			const run = /^[^\x00-\x1f\x7f]+/.exec(text);
			const used = run ? this.print(run[0]) : text[0] === "\x1b" ? this.sequence(text) : this.control(text[0]);
			if (!used) {
				this.rest = text.length < UNFINISHED ? text : "";
				break;
			}
			text = text.slice(used);
		}
		this.drawSoon();
	}

	// --- the screen ---

	line(y = this.y) {
		const at = this.top + y;
		while (this.lines.length <= at)
			this.lines.push({ chars: [], looks: [], node: null });
		this.dirty.add(this.lines[at]);
		return this.lines[at];
	}

	print(text) {
		for (const c of text) {
			if (this.x >= COLS) {
				this.x = 0;
				this.feed();
			}
			const l = this.line();
			while (l.chars.length < this.x) {
				l.chars.push(" ");
				l.looks.push(PLAIN);
			}
			l.chars[this.x] = c;
			l.looks[this.x++] = this.look;
		}
		return text.length;
	}

	control(c) {
		if (c === "\n" || c === "\v" || c === "\f")
			this.feed();
		else if (c === "\r")
			this.x = 0;
		else if (c === "\b")
			this.x = Math.max(0, this.x - 1);
		else if (c === "\t")
			this.x = Math.min(COLS - 1, (this.x & ~7) + 8);
		return 1;
	}

	// At the end of the region what is above goes up; into what can be scrolled back to, where the region is the screen.
	feed() {
		if (this.y !== this.last) {
			this.y = Math.min(ROWS - 1, this.y + 1);
			return;
		}
		if (this.first === 0 && this.last === ROWS - 1) {
			this.top++;
			this.line();
			this.forget();
		} else {
			this.shift(this.first, 1);
		}
	}

	forget() {
		const over = this.lines.length - SCROLLBACK;
		if (over <= 0)
			return;
		for (const l of this.lines.splice(0, over)) {
			l.node?.remove();
			this.dirty.delete(l);
		}
		this.top = Math.max(0, this.top - over);
	}

	// n > 0: lines from `from` to the region's end go up; n < 0: down.
	shift(from, n) {
		const count = Math.min(Math.abs(n), this.last - from + 1);
		for (let i = 0; i < count; i++) {
			const out = n > 0 ? from : this.last, into = n > 0 ? this.last : from;
			this.line(this.last);
			const [gone] = this.lines.splice(this.top + out, 1);
			gone.node?.remove();
			this.dirty.delete(gone);
			this.lines.splice(this.top + into, 0, { chars: [], looks: [], node: null });
			this.dirty.add(this.lines[this.top + into]);
		}
	}

	// Of line y, from column a to before b.
	erase(y, a, b) {
		if (this.top + y >= this.lines.length)
			return;
		const l = this.line(y);
		for (let x = a; x < Math.min(b, l.chars.length); x++) {
			l.chars[x] = " ";
			l.looks[x] = PLAIN;
		}
		if (b >= l.chars.length && a < l.chars.length)
			l.chars.length = l.looks.length = a;
	}

	// --- sequences ---

	sequence(text) {
		let found = csi.exec(text);
		if (found) {
			this.csi(found[1], found[2].split(/[;:]/).map((n) => (n === "" ? 0 : Math.min(9999, Number(n)))), found[3]);
			return found[0].length;
		}
		found = osc.exec(text);
		if (found)
			return found[0].length;
		found = escape.exec(text);
		if (found && !/^\x1b[P[\]X^_]/.test(text)) {
			this.escape(found[0][1]);
			return found[0].length;
		}
		// not ended yet, or none
		return /^\x1b(?:[ #%()*+]?$|\[[?>=!]?[0-9;:]*[ -/]*$|[\]PX^_])/.test(text) ? 0 : 1;
	}

	escape(c) {
		if (c === "7")
			this.saved = [this.x, this.y, this.look];
		else if (c === "8")
			[this.x, this.y, this.look] = this.saved;
		else if (c === "D")
			this.feed();
		else if (c === "E")
			[this.x] = [0, this.feed()];
		else if (c === "M")
			this.y === this.first ? this.shift(this.first, -1) : this.y = Math.max(0, this.y - 1);
		else if (c === "c")
			this.clearAll();
	}

	clearAll() {
		this.home();
		for (let y = 0; y < ROWS; y++)
			this.erase(y, 0, COLS);
	}

	csi(mark, n, what) {
		const one = n[0] || 1, at = (x, y) => {
			this.x = Math.max(0, Math.min(COLS - 1, x));
			this.y = Math.max(0, Math.min(ROWS - 1, y));
		};
		if (mark) {
			if (mark === "?" && (what === "h" || what === "l") && n.some((m) => m === 47 || m === 1047 || m === 1049))
				this.cover(what === "h");
			return;
		}
		const does = {
			A: () => at(this.x, this.y - one), B: () => at(this.x, this.y + one), e: () => at(this.x, this.y + one),
			C: () => at(this.x + one, this.y), a: () => at(this.x + one, this.y), D: () => at(this.x - one, this.y),
			E: () => at(0, this.y + one), F: () => at(0, this.y - one), G: () => at(one - 1, this.y), "`": () => at(one - 1, this.y),
			d: () => at(this.x, one - 1), H: () => at((n[1] || 1) - 1, one - 1), f: () => at((n[1] || 1) - 1, one - 1),
			J: () => this.eraseScreen(n[0]), K: () => this.erase(this.y, n[0] ? 0 : this.x, n[0] === 1 ? this.x + 1 : COLS),
			L: () => this.shift(this.y, -one), M: () => this.shift(this.y, one), S: () => this.shift(this.first, one), T: () => this.shift(this.first, -one),
			P: () => this.remove(one), "@": () => this.insert(one), X: () => this.erase(this.y, this.x, this.x + one),
			m: () => this.sgr(n), r: () => this.region(one - 1, (n[1] || ROWS) - 1),
			s: () => { this.saved = [this.x, this.y, this.look]; }, u: () => { [this.x, this.y, this.look] = this.saved; },
		};
		does[what]?.();
	}

	region(first, last) {
		if (first < last && last < ROWS)
			[this.first, this.last, this.x, this.y] = [first, last, 0, 0];
	}

	eraseScreen(how) {
		for (let y = how ? 0 : this.y; y < (how === 1 ? this.y + 1 : ROWS); y++)
			this.erase(y, y === this.y && !how ? this.x : 0, y === this.y && how === 1 ? this.x + 1 : COLS);
	}

	remove(n) {
		const l = this.line();
		l.chars.splice(this.x, n);
		l.looks.splice(this.x, n);
	}

	insert(n) {
		const l = this.line(), count = Math.min(n, COLS - this.x);
		if (this.x < l.chars.length) {
			l.chars.splice(this.x, 0, ...Array(count).fill(" "));
			l.looks.splice(this.x, 0, ...Array(count).fill(PLAIN));
			l.chars.length = l.looks.length = Math.min(COLS, l.chars.length);
		}
	}

	// A full-screen program begins or ends: below what was there, so that it can be scrolled back to.
	cover(on) {
		if (on === !!this.other)
			return;
		this.other = on;
		this.top = this.lines.length;
		this.home();
		this.line();
		this.forget();
	}

	// A look is "foreground,background,flags".
	sgr(n) {
		let [fg, bg, flags] = this.look.split(",");
		for (let i = 0; i < n.length; i++) {
			const m = n[i];
			if (m === 0)
				fg = bg = flags = "";
			else if (m === 1 || m === 4 || m === 7)
				flags = flags.replace(m, "") + m;
			else if (m === 22 || m === 24 || m === 27)
				flags = flags.replace({ 22: 1, 24: 4, 27: 7 }[m], "");
			else if ((m >= 30 && m <= 37) || (m >= 90 && m <= 97))
				fg = m < 90 ? m - 30 : m - 82;
			else if ((m >= 40 && m <= 47) || (m >= 100 && m <= 107))
				bg = m < 100 ? m - 40 : m - 92;
			else if (m === 39)
				fg = "";
			else if (m === 49)
				bg = "";
			else if (m === 38 || m === 48) {
				const colour = n[i + 1] === 5 ? palette(n[i + 2]) : `rgb(${n.slice(i + 2, i + 5).join(" ")})`;
				i += n[i + 1] === 5 ? 2 : 4;
				m === 38 ? fg = colour : bg = colour;
			}
		}
		this.look = `${fg},${bg},${flags}`;
	}

	// --- drawing ---

	drawSoon() {
		if (!this.drawing)
			this.drawing = requestAnimationFrame(() => this.draw());
	}

	draw() {
		this.drawing = 0;
		const stays = this.node.scrollTop + this.node.clientHeight > this.node.scrollHeight - 30;
		if (this.cursorLine)
			this.dirty.add(this.cursorLine);
		this.cursorLine = this.line();
		for (const l of this.dirty)
			this.drawLine(l);
		this.dirty.clear();
		if (stays)
			this.node.scrollTop = this.node.scrollHeight;
	}

	drawLine(l) {
		const at = this.lines.indexOf(l);
		if (at < 0)
			return;
		if (!l.node) {
			l.node = el("div");
			let next = at + 1;
			while (next < this.lines.length && !this.lines[next].node?.isConnected)
				next++;
			this.node.insertBefore(l.node, this.lines[next]?.node || null);
		}
		const chars = [...l.chars], looks = [...l.looks];
		if (l === this.cursorLine) {
			while (chars.length <= this.x) {
				chars.push(" ");
				looks.push(PLAIN);
			}
			looks[this.x] += "C";
		}
		l.node.replaceChildren(...runs(chars, looks));
	}

	// --- the keyboard ---

	pressed(e, type) {
		const text = keyText(e);
		if (text === null)
			return;
		e.preventDefault();
		e.stopPropagation();
		type(text);
	}

	end() {
		cancelAnimationFrame(this.drawing);
	}
}

// Neighbours that look alike become one element.
function runs(chars, looks) {
	const parts = [];
	for (let i = 0; i < chars.length;) {
		let end = i + 1;
		while (end < chars.length && looks[end] === looks[i])
			end++;
		parts.push(run(chars.slice(i, end).join(""), looks[i]));
		i = end;
	}
	return parts;
}

function run(text, look) {
	if (look === PLAIN)
		return text;
	const [fg, bg, flags] = look.split(",");
	const span = el("span", {}, text);
	const colour = (c, property) => {
		if (c.startsWith("rgb"))
			span.style.setProperty(property, c.replaceAll(" ", ", "));
		else if (c !== "")
			span.style.setProperty(property, `var(--c${c})`);
	};
	colour(fg, "--term-fg");
	colour(bg, "--term-bg");
	span.className = ["1", "4", "7", "C"].filter((f) => flags.includes(f)).map((f) => ({ 1: "bold", 4: "under", 7: "inverse", C: "cursor" })[f]).join(" ");
	return span;
}

// Of the 256: 16 named, a cube of 216, 24 greys.
function palette(n) {
	if (n < 16)
		return n;
	if (n > 231)
		return `rgb(${Array(3).fill(8 + 10 * (n - 232)).join(" ")})`;
	const level = (v) => (v ? 55 + 40 * v : 0);
	return `rgb(${[Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6].map(level).join(" ")})`;
}

const named = {
	Enter: "\r", Backspace: "\x7f", Escape: "\x1b", ArrowUp: "\x1b[A", ArrowDown: "\x1b[B", ArrowRight: "\x1b[C", ArrowLeft: "\x1b[D",
	Home: "\x1b[1~", End: "\x1b[4~", PageUp: "\x1b[5~", PageDown: "\x1b[6~", Delete: "\x1b[3~", Insert: "\x1b[2~",
	F1: "\x1bOP", F2: "\x1bOQ", F3: "\x1bOR", F4: "\x1bOS",
};

// null: not the guest's. Tab leaves the console with Shift; Ctrl+Shift+C and V are the browser's.
function keyText(e) {
	if (e.key === "Tab")
		return e.shiftKey ? null : "\t";
	if (e.ctrlKey && !e.shiftKey && !e.altKey && /^[a-z@[\]\\^_ ]$/.test(e.key) && !(e.key === "c" && getSelection().toString()) && e.key !== "v")
		return String.fromCharCode(e.key.toUpperCase().charCodeAt(0) & 31);
	if (e.ctrlKey || e.metaKey)
		return null;
	if (named[e.key])
		return named[e.key];
	return e.key.length === 1 ? (e.altKey ? "\x1b" : "") + e.key : null;
}
