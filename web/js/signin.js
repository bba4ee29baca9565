// SPDX-License-Identifier: GPL-2.0-or-later
import { el } from "./dom.js";
import { token } from "./api.js";

const AGAIN_MS = 5000;

// The service does not answer: what is known of it, and another try of `begin`, by itself or at once.
export function troubleView(root, why, begin) {
	document.title = "usher";
	document.body.dataset.view = "signin";
	const timer = setTimeout(begin, AGAIN_MS);
	const again = () => {
		clearTimeout(timer);
		begin();
	};
	root.replaceChildren(el("main", { id: "main", tabindex: -1 }, el("div.signin.card", {}, el("img", { src: "/web/icon.svg", alt: "", width: 44, height: 44 }), el("h1", {}, "usher"),
		el("p.problem", { role: "alert" }, why), el("button.button.primary", { type: "button", on: { click: again } }, "Try again"))));
}

// Shows the form in `root`; `then` goes on with the token.
export function signInView(root, why, then) {
	document.title = "Sign in · usher";
	document.body.dataset.view = "signin";
	const field = el("input", { type: "password", name: "token", autocomplete: "off", required: true, placeholder: "usher_…", "aria-describedby": "signin-help", spellcheck: "false" });
	const problem = el("p.problem", { role: "alert", hidden: !why }, why);
	const form = el("form.signin.card", { on: { submit: (e) => {
		e.preventDefault();
		token.set(field.value.replace(/[^\x21-\x7e]/g, ""));
		then();
	} } }, el("img", { src: "/web/icon.svg", alt: "", width: 44, height: 44 }), el("h1", {}, "usher"), el("label.field", {}, el("span", {}, "Token"), field), problem,
	el("button.button.primary", { type: "submit" }, "Sign in"),
	el("p.dim", { id: "signin-help" }, "An administrator makes one on the server: ", el("code", {}, "usher token create NAME --role operate"), ". It stays in this tab and is forgotten when the tab is closed."));
	root.replaceChildren(el("main", { id: "main", tabindex: -1 }, form));
	field.focus();
}
