// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers and times as people read them.

export const count = (n) => n.toLocaleString("en");

export const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

// 12 s, 3 min 20 s, 4 h 10 min, 3 d
export function duration(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	if (s < 60)
		return `${s} s`;
	if (s < 3600)
		return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
	return `${Math.floor(s / 86400)} d`;
}

export const fine = (ms) => (ms < 9950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : duration(ms));

export const since = (iso, now = Date.now()) => (iso ? duration(now - Date.parse(iso)) : "");

export function bytes(n) {
	if (n === null || n === undefined)
		return "";
	for (const unit of ["B", "KiB", "MiB", "GiB"]) {
		if (n < 1024)
			return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
		n /= 1024;
	}
	return `${n.toFixed(1)} TiB`;
}

const pad = (n) => String(n).padStart(2, "0");

export function clock(iso) {
	const t = new Date(iso);
	return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
}

export function day(iso) {
	const t = new Date(iso);
	return `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
}

export const moment = (iso) => (iso ? `${day(iso)} ${clock(iso)}` : "");

export const address = (m) => m.nics?.[0]?.addresses?.[0] || "";
export const addresses = (m) => (m.nics || []).flatMap((n) => n.addresses);
export const segmentOf = (m) => m.nics?.[0]?.segment || "";
