// SPDX-License-Identifier: GPL-2.0-or-later
// Dialogs (the browser's own element: focus stays inside, Esc closes) and short notices.
import { $, el } from "./dom.js";

// What somebody is asked to write comes first.
const writable = ".dialog-body :is(textarea, input:not([type=checkbox], [type=radio], [type=file]))";

// content: elements. buttons: [{label, kind, act(dialog, signal) -> promise; true: it stays open; stop: what Cancel is called
// meanwhile}]. `signal` ends when the dialog is closed.
export function openDialog({ title, content, buttons = [], wide = false, onClose }) {
	const cancel = el("button.button", { type: "button", on: { click: () => dialog.close() } }, buttons.length ? "Cancel" : "Close");
	const actions = el("div.dialog-actions", {}, cancel), ender = new AbortController();
	const dialog = el(`dialog.dialog${wide ? ".wide" : ""}`, { "aria-labelledby": "dialog-title" },
		el("form", { method: "dialog", on: { submit: (e) => e.preventDefault() } },
			el("h2", { id: "dialog-title" }, title), el("div.dialog-body", {}, content), el("p.problem", { role: "alert", hidden: true }), actions));
	for (const b of buttons)
		actions.append(actionButton(b, dialog, cancel, ender.signal));
	dialog.addEventListener("close", () => {
		ender.abort();
		dialog.remove();
		onClose?.();
	});
	document.body.append(dialog);
	dialog.showModal();
	$(writable, dialog)?.focus();
	return dialog;
}

function actionButton({ label, kind = "primary", act, stop = "Close", disabled = false }, dialog, cancel, signal) {
	const button = el(`button.button.${kind}`, { type: "submit", disabled }, label);
	button.addEventListener("click", async (e) => {
		e.preventDefault();
		button.disabled = true;
		dialogProblem(dialog, null);
		cancel.textContent = stop;
		try {
			if (!(await act(dialog, signal)))
				dialog.close();
		} catch (err) {
			if (!signal.aborted)
				dialogProblem(dialog, err.message);
			else if (err.name !== "AbortError")
				toast(err.message, "bad");
		}
		cancel.textContent = "Cancel";
		button.disabled = false;
	});
	return button;
}

export function dialogProblem(dialog, text) {
	const p = $(".problem", dialog);
	p.hidden = !text;
	p.textContent = text || "";
}

// Of another view, or of nobody any more.
export const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());

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
