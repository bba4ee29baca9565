// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON API, usher-api(7), with the token of this tab.

const BASE = "/api/v1";
const KEY = "usher-token";

let onUnauthorized = () => {};

export const token = {
	get: () => sessionStorage.getItem(KEY),
	set: (text) => sessionStorage.setItem(KEY, text),
	forget: () => sessionStorage.removeItem(KEY),
};

// Called when the token is missing, wrong or expired.
export function whenUnauthorized(f) {
	onUnauthorized = f;
}

export class ApiError extends Error {
	constructor(status, answer) {
		super(answer?.error || (status ? `The service answered ${status}` : "The service cannot be reached"));
		this.status = status;
		this.findings = answer?.findings || [];
	}
}

export function headers(more = {}) {
	const text = token.get();
	return text ? { ...more, Authorization: `Bearer ${text}` } : more;
}

export const url = (path, args) => {
	const query = new URLSearchParams(Object.entries(args || {}).filter(([, v]) => v !== undefined && v !== null && v !== ""));
	return BASE + path + (query.size ? `?${query}` : "");
};

async function ask(method, path, { args, body, signal, more, raw } = {}) {
	const request = { method, signal, headers: headers(more) };
	if (raw) {
		request.body = raw;
	} else if (body !== undefined) {
		request.body = JSON.stringify(body);
		request.headers["Content-Type"] = "application/json";
	}
	let response;
	try {
		response = await fetch(url(path, args), request);
	} catch (e) {
		if (e.name === "AbortError")
			throw e;
		throw new ApiError(0);
	}
	const answer = await response.json().catch(() => null);
	if (response.status === 401)
		onUnauthorized();
	if (!response.ok)
		throw new ApiError(response.status, answer);
	return { status: response.status, answer, etag: response.headers.get("ETag") };
}

export const get = async (path, args, signal) => (await ask("GET", path, { args, signal })).answer;
export const getTagged = (path) => ask("GET", path);
export const post = async (path, body = {}, args) => (await ask("POST", path, { body, args })).answer;
// With its status: 202 tells that files are being fetched, and that the request must come again.
export const postFull = (path, body = {}) => ask("POST", path, { body });

// A fault that another try may not meet: no answer, too many requests, a restart.
export const passes = (e) => e.status === 0 || e.status === 429 || e.status >= 500;

export const put = async (path, raw, args, signal) => (await ask("PUT", path, { raw, args, signal })).answer;
export const patch = async (path, body, etag) =>
	(await ask("PATCH", path, { body, more: etag ? { "If-Match": etag } : {} })).answer;
export const remove = async (path, args) => (await ask("DELETE", path, { args })).answer;

export const machinePath = (name, rest = "") => `/machines/${encodeURIComponent(name)}${rest}`;

export const requestId = () => crypto.randomUUID();
