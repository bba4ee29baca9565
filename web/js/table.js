// SPDX-License-Identifier: GPL-2.0-or-later
// A table of any number of rows of which only those in sight are elements. Where the screen is narrow its rows are cards.
import { el, keepingFocus, setClass, setText } from "./dom.js";

const BEYOND = 8; // rows above and below what is in sight

// columns: [{id, title, cell(item) -> nodes, by(a, b), wide, number}]; key(item) -> text; rowClass(item)
export class Table {
	constructor({ columns, key, label, onOpen, rowClass = () => "", selection = null, sort = null, onSort = () => {}, onSelect = () => {}, empty = "Nothing here." }) {
		Object.assign(this, { columns, key, onOpen, rowClass, selection, sort, onSort, onSelect });
		this.items = [];
		this.rows = new Map(); // key: {tr, item, at, ...}
		this.cursor = -1;
		this.above = el("tr.gap", { "aria-hidden": "true" }, el("td", { colspan: columns.length + 1 }));
		this.below = this.above.cloneNode(true);
		this.body = el("tbody", {}, this.above, this.below);
		this.table = el("table.rows", { "aria-label": label }, el("thead", {}, this.headRow()), this.body);
		this.nothing = el("p.empty", { hidden: true }, empty);
		this.node = el("div.scroller", { tabindex: 0, role: "region", "aria-label": label }, this.table, this.nothing);
		this.voice = el("p.sr", { role: "status" }); // the row that j and k come to
		this.node.append(this.voice);
		this.node.addEventListener("scroll", () => this.draw(), { passive: true });
		this.watch = new ResizeObserver(() => this.measure());
		this.watch.observe(this.node);
		this.body.addEventListener("click", (e) => this.clicked(e));
	}

	headRow() {
		const cells = this.columns.map((c) => el(`th.c-${c.id}`, { scope: "col", "aria-sort": this.ariaSort(c) },
			c.by ? el("button.sort", { type: "button", on: { click: () => this.sortBy(c) } }, c.title, el("span.arrow", { "aria-hidden": "true" })) : c.title));
		if (this.selection) {
			this.allBox = el("input", { type: "checkbox", "aria-label": "Select all", on: { change: () => this.selectAll(this.allBox.checked) } });
			cells.unshift(el("th.c-select", { scope: "col" }, this.allBox));
		}
		return el("tr", {}, cells);
	}

	ariaSort(c) {
		return this.sort?.id !== c.id ? (c.by ? "none" : null) : this.sort.down ? "descending" : "ascending";
	}

	sortBy(column) {
		this.sort = { id: column.id, down: this.sort?.id === column.id && !this.sort.down };
		this.table.querySelectorAll("th[aria-sort]").forEach((th, i) => th.setAttribute("aria-sort", this.ariaSort(this.columns.filter((c) => c.by)[i])));
		this.onSort(this.sort);
	}

	sorted(items) {
		const c = this.columns.find((one) => one.id === this.sort?.id);
		if (c?.by)
			items.sort(this.sort.down ? (a, b) => c.by(b, a) : c.by);
		return items;
	}

	measure() {
		this.height = Number.parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 36;
		this.draw();
	}

	// Other items; the one under the cursor stays under it.
	show(items) {
		const at = this.cursor >= 0 && this.items[this.cursor] ? this.key(this.items[this.cursor]) : null;
		this.items = items;
		if (at !== null)
			this.cursor = items.findIndex((i) => this.key(i) === at);
		this.table.setAttribute("aria-rowcount", items.length + 1);
		this.nothing.hidden = items.length > 0;
		this.draw();
	}

	draw() {
		if (!this.height)
			return;
		const first = Math.max(0, Math.floor(this.node.scrollTop / this.height) - BEYOND);
		const last = Math.min(this.items.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / this.height) + BEYOND);
		const kept = new Map();
		for (let i = first; i < last; i++)
			kept.set(this.key(this.items[i]), this.row(this.items[i], i));
		for (const [key, { tr }] of this.rows)
			if (!kept.has(key))
				tr.remove();
		this.rows = kept;
		this.place([...kept.values()].map((r) => r.tr));
		this.gap(this.above, first);
		this.gap(this.below, this.items.length - last);
		this.drawAllBox();
	}

	gap(tr, rows) {
		tr.hidden = rows <= 0;
		tr.firstElementChild.style.height = `${Math.max(0, rows) * this.height}px`;
	}

	// Only what stands elsewhere is moved, so that focus and hover stay.
	place(trs) {
		let at = this.above.nextSibling;
		for (const tr of trs) {
			if (tr === at)
				at = at.nextSibling;
			else
				this.body.insertBefore(tr, at);
		}
	}

	row(item, at) {
		const key = this.key(item);
		let r = this.rows.get(key);
		const same = r && r.item === item;
		if (!r)
			r = { tr: el("tr") };
		if (!same)
			keepingFocus(r.tr, () => r.tr.replaceChildren(...this.cells(item, key)));
		r.item = item;
		r.tr.dataset.key = key;
		r.tr.setAttribute("aria-rowindex", at + 2);
		const selected = this.selection?.has(key);
		setClass(r.tr, [this.rowClass(item), selected ? "selected" : "", at === this.cursor ? "cursor" : ""].filter(Boolean).join(" "));
		if (this.selection)
			r.tr.querySelector("input").checked = selected;
		return r;
	}

	cells(item, key) {
		const cells = this.columns.map((c) => el(`td.c-${c.id}`, {}, c.cell(item)));
		if (this.selection)
			cells.unshift(el("td.c-select", {}, el("input", { type: "checkbox", "aria-label": `Select ${key}` })));
		return cells;
	}

	clicked(e) {
		const tr = e.target.closest("tr[data-key]");
		if (!tr)
			return;
		if (e.target.matches("input[type=checkbox]"))
			this.select(tr.dataset.key, e.target.checked, e.shiftKey);
		else if (!e.target.closest("a, button, input") && !getSelection().toString())
			this.onOpen?.(this.rows.get(tr.dataset.key).item);
	}

	// With shift: all from the one before.
	select(key, on, range = false) {
		const at = this.items.findIndex((i) => this.key(i) === key);
		const anchor = range ? this.items.findIndex((i) => this.key(i) === this.anchor) : -1, from = anchor < 0 ? at : anchor;
		for (let i = Math.min(from, at); i <= Math.max(from, at); i++)
			this.selection[on ? "add" : "delete"](this.key(this.items[i]));
		this.anchor = key;
		this.draw();
		this.onSelect();
	}

	selectAll(on) {
		for (const item of this.items)
			this.selection[on ? "add" : "delete"](this.key(item));
		this.draw();
		this.onSelect();
	}

	drawAllBox() {
		if (!this.selection)
			return;
		const all = this.items.length > 0 && this.items.every((i) => this.selection.has(this.key(i)));
		this.allBox.checked = all;
		this.allBox.indeterminate = !all && this.selection.size > 0;
	}

	// --- the keyboard ---

	move(by) {
		if (!this.items.length)
			return;
		this.cursor = Math.max(0, Math.min(this.items.length - 1, this.cursor + by));
		const top = this.cursor * this.height, head = this.table.tHead.offsetHeight;
		if (top < this.node.scrollTop)
			this.node.scrollTop = top;
		else if (top + this.height + head > this.node.scrollTop + this.node.clientHeight)
			this.node.scrollTop = top + this.height + head - this.node.clientHeight;
		this.draw();
		const tr = this.rows.get(this.key(this.current()))?.tr;
		setText(this.voice, tr ? [...tr.cells].map((td) => td.textContent).filter(Boolean).join(", ") : "");
	}

	current() {
		return this.items[this.cursor];
	}

	toggleCurrent() {
		const item = this.current();
		if (item && this.selection)
			this.select(this.key(item), !this.selection.has(this.key(item)));
	}

	end() {
		this.watch.disconnect();
	}
}
