// SPDX-License-Identifier: GPL-2.0-or-later
// Dialogs (the browser's own element: focus stays inside, Esc closes) and short notices.
import { $, el } from "./dom.js";

// content: elements. buttons: [{label, kind, act(dialog) -> promise; true: it stays open}]. Resolves when it is closed.
export function openDialog({ title, content, buttons = [], wide = false, onClose }) {
	const actions = el("div.dialog-actions", {}, el("button.button", { type: "button", on: { click: () => dialog.close() } }, buttons.length ? "Cancel" : "Close"));
	const dialog = el(`dialog.dialog${wide ? ".wide" : ""}`, { "aria-labelledby": "dialog-title" },
		el("form", { method: "dialog", on: { submit: (e) => e.preventDefault() } },
			el("h2", { id: "dialog-title" }, title), el("div.dialog-body", {}, content), el("p.problem", { role: "alert", hidden: true }), actions));
	for (const b of buttons)
		actions.append(actionButton(b, dialog));
	dialog.addEventListener("close", () => {
		dialog.remove();
		onClose?.();
	});
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}

function actionButton({ label, kind = "primary", act, disabled = false }, dialog) {
	const button = el(`button.button.${kind}`, { type: "submit", disabled }, label);
	button.addEventListener("click", async (e) => {
		e.preventDefault();
		button.disabled = true;
		dialogProblem(dialog, null);
		try {
			if (!(await act(dialog)))
				dialog.close();
		} catch (err) {
			dialogProblem(dialog, err.message);
		}
		button.disabled = false;
	});
	return button;
}

export function dialogProblem(dialog, text) {
	const p = $(".problem", dialog);
	p.hidden = !text;
	p.textContent = text || "";
}

export const dialogIsOpen = () => !!$("dialog[open]");

export function toast(text, kind = "good") {
	const note = el(`div.toast.${kind}`, {}, el("span.toast-mark", { "aria-hidden": "true" }, kind === "bad" ? "!" : "✓"), el("span", {}, text),
		el("button.icon", { type: "button", "aria-label": "Dismiss", on: { click: () => note.remove() } }, "×"));
	$("#toasts").append(note);
	setTimeout(() => note.remove(), kind === "bad" ? 12000 : 5000);
}

export async function trying(f) {
	try {
		return await f();
	} catch (e) {
		toast(e.message, "bad");
		return undefined;
	}
}
