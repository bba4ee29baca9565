// SPDX-License-Identifier: GPL-2.0-or-later
// Fields with their labels, help and faults.
import { el } from "./dom.js";

let serial = 0;

export class Form {
	constructor() {
		this.fields = new Map(); // name: {node, input, problem, only}
		this.touched = new Set();
	}

	of(name) {
		return this.fields.get(name);
	}

	add(name, label, input, { help, only, required, setting = false } = {}) {
		const id = `field-${++serial}`, problem = el("p.field-problem", { id: `${id}-problem`, hidden: true });
		input.id = id;
		input.setAttribute("aria-describedby", `${id}-problem${help ? ` ${id}-help` : ""}`);
		input.addEventListener("input", () => this.touched.add(name));
		input.addEventListener("blur", () => input.value && this.touched.add(name));
		const node = el("div.field", {}, el("label", { for: id }, label, required ? el("span.required", { title: "required" }, " *") : null), input, help ? el("p.help", { id: `${id}-help` }, help) : null, problem);
		this.fields.set(name, { node, input, problem, only, setting, required, label });
		return node;
	}

	text(name, label, { type = "text", numeric = false, value = "", ...more } = {}) {
		return this.add(name, label, el("input", { type, name, value, autocomplete: type === "password" ? "new-password" : "off", spellcheck: "false", inputmode: numeric ? "numeric" : null }), more);
	}

	area(name, label, more = {}) {
		return this.add(name, label, el("textarea", { name, rows: 3, spellcheck: "false" }), more);
	}

	select(name, label, options, { value, ...more } = {}) {
		return this.add(name, label, el("select", { name }, options.map(([v, text]) => el("option", { value: v, selected: v === value }, text))), more);
	}

	check(name, label, only) {
		const input = el("input", { type: "checkbox", name });
		const node = el("label.check", {}, input, el("span", {}, label));
		this.fields.set(name, { node, input, problem: el("p"), only, setting: false });
		return node;
	}

	choice(name, label, options, value) {
		const boxes = options.map(([v]) => el("input", { type: "radio", name, value: v, checked: v === value }));
		const node = el("fieldset.kinds", {}, el("legend.sr", {}, label), options.map(([, title, help], i) => el("label.kind", {}, boxes[i], el("b", {}, title), el("span.dim", {}, help))));
		const chosen = () => boxes.find((b) => b.checked).value;
		this.fields.set(name, { node, input: { get value() { return chosen(); } }, problem: el("p"), setting: false });
		return { node, value: chosen };
	}

	value(name) {
		const f = this.fields.get(name);
		if (!f)
			return "";
		return f.input.type === "checkbox" ? f.input.checked : f.input.value.trim();
	}

	missing() {
		return [...this.fields].filter(([, f]) => f.required && !f.node.hidden && !f.input.value.trim()).map(([name]) => name);
	}

	dropSettings() {
		for (const [name, f] of this.fields)
			if (f.setting)
				this.fields.delete(name);
	}

	// Those that were filled in.
	settings() {
		const all = {};
		for (const [name, f] of this.fields)
			if (f.setting && f.input.value !== "")
				all[name.slice("set ".length)] = f.input.value;
		return all;
	}

	showOnly(kind) {
		for (const f of this.fields.values())
			f.node.hidden = !!f.only && f.only !== kind;
	}

	// The field that a request's key comes from; what is hidden has none.
	whose(key) {
		const name = key?.startsWith("settings.") ? `set ${key.slice("settings.".length)}` : key;
		return this.fields.has(name) && !this.fields.get(name).node.hidden ? name : null;
	}

	// Puts each fault at its field, where somebody has been there already. Returns those that have no place.
	placeFaults(faults) {
		for (const f of this.fields.values()) {
			f.problem.hidden = true;
			f.input.removeAttribute?.("aria-invalid");
		}
		return faults.filter(({ field, error }) => {
			const name = this.whose(field);
			if (!name || !this.touched.has(name))
				return true;
			const f = this.fields.get(name);
			f.problem.textContent = error;
			f.problem.hidden = false;
			f.input.setAttribute("aria-invalid", "true");
			return false;
		});
	}

	unplaced(left, faults) {
		return left.length || !faults.length ? [] : ["See the marked field."];
	}
}
