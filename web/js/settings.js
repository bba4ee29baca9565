// SPDX-License-Identifier: GPL-2.0-or-later
// The settings of a profile as fields.
import { el } from "./dom.js";

const expected = {
	number: "a number", boolean: "yes or no", hostname: "a host name", address: "an address", url: "a URL", size: "a size, as 20G", timezone: "a time zone, as Europe/Berlin",
	list: "words with blanks between", password: "a password, or its hash", disk: "a disk, as vda, serial=… or smallest-ssd", disks: "disks, or all", cards: "MAC addresses", pairs: "name=value, one after another", user: "a user's name",
};

export function settingFields(form, profile) {
	form.dropSettings();
	if (!profile)
		return [el("p.dim", {}, "Choose a profile.")];
	if (profile.error || profile.missing)
		return [el("p.problem", {}, profile.error || `It lacks: ${profile.missing}`), ...fields(form, profile)];
	return profile.settings?.length ? fields(form, profile) : [el("p.dim", {}, "It has none.")];
}

const fields = (form, profile) => (profile.settings || []).map((s) => field(form, s));

function field(form, s) {
	const name = `set ${s.name}`, label = s.name.replaceAll("_", " ");
	const help = [s.help, s.default && !s.secret ? `if left out: ${s.default}` : null].filter(Boolean).join("; ");
	const more = { help, required: s.required, setting: true };
	const none = ["", s.default ? `${s.default} (the profile's)` : "not set"];
	if (s.values)
		return form.select(name, label, [none, ...s.values.split("|").map((v) => [v, v])], more);
	if (s.type === "boolean")
		return form.select(name, label, [none, ["yes", "yes"], ["no", "no"]], more);
	const node = form.text(name, label, { ...more, type: s.secret ? "password" : "text", numeric: s.type === "number" });
	form.of(name).input.placeholder = s.default && !s.secret ? s.default : s.type === "number" && s.max ? `${s.min} to ${s.max}` : expected[s.type] || "";
	return node;
}
