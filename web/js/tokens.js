// SPDX-License-Identifier: GPL-2.0-or-later
// Tokens of the API: who may do what, and until when.
import { el } from "./dom.js";
import { get, post, remove } from "./api.js";
import { openDialog, toast, trying } from "./dialog.js";
import { session } from "./session.js";
import { moment, since } from "./format.js";
import { Form } from "./form.js";

const DAY_S = 86400;

export function tokensView(root) {
	const box = el("div.card.flush");
	root.append(el("div.page-head", {}, el("h1", {}, "Tokens"), el("button.button", { type: "button", "data-action": "new-token", on: { click: () => make(draw) } }, "New token…")), box);
	const draw = () => trying(async () => {
		const { tokens } = await get("/tokens");
		box.replaceChildren(tokens.length ? table(tokens, draw) : el("p.empty", {}, "There is none."));
	});
	draw();
}

function table(tokens, again) {
	return el("table.plain", {}, el("thead", {}, el("tr", {}, ["Name", "Role", "Made", "By", "Ends", "Last used", ""].map((h) => el("th", { scope: "col" }, h || el("span.sr", {}, "Actions"))))),
		el("tbody", {}, tokens.map((t) => el("tr", {}, el("td", {}, el("b", {}, t.name)), el("td", {}, el("span.chip", {}, t.role)), el("td", {}, moment(t.created)), el("td", {}, t.by || ""), el("td", {}, t.expires ? moment(t.expires) : "never", t.expires && Date.parse(t.expires) < Date.now() ? [" ", el("span.chip.bad", {}, "expired")] : null), el("td", {}, t.last_used ? `${since(t.last_used)} ago` : "never"),
			el("td.end", {}, el("button.button.danger-quiet.small", { type: "button", on: { click: () => drop(t, again) } }, "Revoke…"))))));
}

function make(again) {
	const form = new Form();
	openDialog({ title: "New token", content: el("div.fields", {}, form.text("name", "Name", { required: true, help: "the timeline names it" }), form.select("role", "May", [["view", "look (view)"], ["operate", "operate machines (operate)"], ["admin", "do everything (admin)"]]), form.select("days", "For", [["1", "a day"], ["30", "30 days"], ["365", "a year"], ["", "ever"]], { value: "30" })),
		buttons: [{ label: "Make it", act: async (dialog) => {
			const body = { name: form.value("name"), role: form.value("role") };
			if (form.value("days"))
				body.expires_s = Number(form.value("days")) * DAY_S;
			const t = await post("/tokens", body);
			again();
			dialog.close();
			shown(t);
			return true;
		} }] });
}

function shown(t) {
	openDialog({ title: `Token ${t.name}`, content: [el("p.says", {}, "Copy it now. usher keeps only its hash, and cannot show it again."), el("pre.code.secret", { tabindex: 0 }, t.token),
		el("button.button.quiet", { type: "button", on: { click: () => navigator.clipboard.writeText(t.token).then(() => toast("Copied"), () => toast("The browser does not let this page copy: select the text", "bad")) } }, "Copy")] });
}

const mine = (t) => session.by === "token" && session.name === t.name;

function drop(t, again) {
	openDialog({ title: `Revoke ${t.name}`, content: el("p.says", {}, mine(t) ? "This page uses it: it asks for another one at once. Anyone else using it is refused too." : "Anyone using it is refused from now on."), buttons: [{ label: "Revoke", kind: "danger", act: async () => {
		await remove(`/tokens/${encodeURIComponent(t.name)}`);
		toast(`${t.name} is revoked`);
		again();
	} }] });
}
