// SPDX-License-Identifier: GPL-2.0-or-later
// Who uses the page, and what the role allows. The service decides; the page only leaves out what would be refused.
import { get, token } from "./api.js";

const roles = ["view", "operate", "admin"];

export const session = { name: "", role: "view", by: "" };

export async function whoAmI() {
	Object.assign(session, await get("/whoami"));
	return session;
}

export const may = (role) => roles.indexOf(session.role) >= roles.indexOf(role);

export function signOut() {
	token.forget();
	location.reload();
}
