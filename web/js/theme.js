// SPDX-License-Identifier: GPL-2.0-or-later
// Dark or light: as the system says, until the user does.

const KEY = "usher-theme";
const next = { auto: "dark", dark: "light", light: "auto" };

export const theme = () => localStorage.getItem(KEY) || "auto";

export function applyTheme(name = theme()) {
	if (name === "auto") {
		localStorage.removeItem(KEY);
		delete document.documentElement.dataset.theme;
	} else {
		localStorage.setItem(KEY, name);
		document.documentElement.dataset.theme = name;
	}
}

export function nextTheme() {
	applyTheme(next[theme()]);
	return theme();
}
