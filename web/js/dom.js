// SPDX-License-Identifier: GPL-2.0-or-later
// Elements without markup: what machines and people say becomes text, never HTML.

const SVG = "http://www.w3.org/2000/svg";

// el("button.primary", {type: "button", on: {click: f}}, "Text", another, null)
export function el(what, props = {}, ...children) {
	const [tag, ...classes] = what.split(".");
	const node = document.createElement(tag || "div");
	if (classes.length)
		node.className = classes.join(" ");
	return fill(node, props, children);
}

export function svg(tag, attributes = {}, ...children) {
	return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, props, children) {
	for (const [name, value] of Object.entries(props))
		setProp(node, name, value);
	node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
	return node;
}

function setProp(node, name, value) {
	if (name === "on")
		for (const [event, f] of Object.entries(value))
			node.addEventListener(event, f);
	else if (name === "text")
		node.textContent = value;
	else if (name === "vars") // custom properties: by the object model, which the content security policy allows
		for (const [key, v] of Object.entries(value))
			node.style.setProperty(key, v);
	else if (name === "value" || name === "checked" || name === "indeterminate")
		node[name] = value;
	else if (value === true)
		node.setAttribute(name, "");
	else if (value !== false && value !== null && value !== undefined)
		node.setAttribute(name, value);
}

// A row of dl.facts; nothing where there is nothing to say.
export const factRow = (word, value) => (value || value === 0 ? [el("dt", {}, word), el("dd", {}, value)] : []);

// Writes only what is another text: a live region is not read out again, and nothing is laid out anew.
export function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function setClass(node, name) {
	if (node.getAttribute("class") !== name)
		node.setAttribute("class", name);
}

// Draws `node` anew with what make() gives, where `key` says that something is another.
export function redraw(node, key, make) {
	if (node.dataset.of === key)
		return;
	node.dataset.of = key;
	keepingFocus(node, () => node.replaceChildren(...make()));
}

const can = "a, button, input, select, textarea, summary, [tabindex]";
const nameOf = (e) => [e.tagName, e.name, ...(Object.keys(e.dataset).length ? Object.values(e.dataset) : [e.getAttribute("aria-label") || (e.matches("select, textarea") ? "" : e.textContent), e.getAttribute("href")])].join("\n");

// f() replaces what is in `node`. Focus goes to what looks the same afterwards: the n-th of that name.
export function keepingFocus(node, f) {
	const at = node !== document.activeElement && node.contains(document.activeElement) ? document.activeElement : null;
	if (!at)
		return f();
	const name = nameOf(at), like = () => [...node.querySelectorAll(can)].filter((e) => nameOf(e) === name);
	const n = like().indexOf(at);
	const made = f();
	if (!at.isConnected)
		like()[n]?.focus({ preventScroll: true });
	return made;
}

export const $ = (selector, below = document) => below.querySelector(selector);

const SHARE = 8; // of all time one part may go into f

// f, at most once in `ms`, less often where it takes long, and once more for what came meanwhile.
export function throttled(f, ms) {
	let timer = null, again = false;
	const run = () => {
		const began = performance.now();
		f();
		timer = setTimeout(() => {
			timer = null;
			if (again) {
				again = false;
				run();
			}
		}, Math.max(ms, SHARE * (performance.now() - began)));
	};
	return () => {
		if (timer !== null) {
			again = true;
			return;
		}
		run();
	};
}

// f, when nothing has called for `ms`.
export function settled(f, ms) {
	let timer;
	return (...args) => {
		clearTimeout(timer);
		timer = setTimeout(f, ms, ...args);
	};
}
