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

// Writes only what is another text: a live region is not read out again, and nothing is laid out anew.
export function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function setClass(node, name) {
	if (node.getAttribute("class") !== name)
		node.setAttribute("class", name);
}

export const $ = (selector, below = document) => below.querySelector(selector);

// f, at most once in `ms`, and once more for what came meanwhile.
export function throttled(f, ms) {
	let timer = null, again = false;
	const run = () => {
		timer = setTimeout(() => {
			timer = null;
			if (again) {
				again = false;
				run();
				f();
			}
		}, ms);
	};
	return () => {
		if (timer !== null) {
			again = true;
			return;
		}
		run();
		f();
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
