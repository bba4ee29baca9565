// SPDX-License-Identifier: GPL-2.0-or-later
// The part of the address after "#": /machines?state=failed, /machine/web01.

export function here() {
	const [path, query] = (location.hash.startsWith("#/") ? location.hash.slice(2) : "").split("?");
	const [view = "", ...rest] = path.split("/").map(decode);
	return { view: view || "machines", name: rest[0] || null, part: rest[1] || null, args: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

export function to(view, name, args) {
	const query = new URLSearchParams(Object.entries(args || {}).filter(([, v]) => v));
	return `#/${[view, name].filter(Boolean).map(encodeURIComponent).join("/")}${query.size ? `?${query}` : ""}`;
}

export const go = (...where) => {
	location.hash = to(...where);
};

// Other arguments of the same view: no new entry of the history, and no new view.
export const replace = (...where) => history.replaceState(null, "", to(...where));
