// SPDX-License-Identifier: GPL-2.0-or-later
// The frame: who is signed in, the header, and which view is shown.
import { $, el, setClass, setText } from "./dom.js";
import { token, whenUnauthorized } from "./api.js";
import { end, onMachines, start, state } from "./machines.js";
import { may, session, signOut, whoAmI } from "./session.js";
import { go, here, to } from "./route.js";
import { globalKeys, showKeys, viewKeys } from "./keys.js";
import { applyTheme, nextTheme, theme } from "./theme.js";
import { signInView, troubleView } from "./signin.js";
import { closeDialogs, toast } from "./dialog.js";
import { listView } from "./list.js";
import { machineView } from "./machine.js";
import { createView } from "./create.js";
import { segmentsView } from "./segments.js";
import { leasesView } from "./leases.js";
import { mediaView } from "./media.js";
import { labsView } from "./labs.js";
import { discoveredView } from "./discovered.js";
import { tokensView } from "./tokens.js";
import { wallView } from "./wall.js";
import { watchStatus } from "./status.js";

const views = {
	machines: { title: "Machines", show: listView, key: "m" },
	labs: { title: "Labs", show: labsView, key: "l" },
	discovered: { title: "Discovered", show: discoveredView, key: "d" },
	segments: { title: "Segments", show: segmentsView, key: "s" },
	leases: { title: "Leases", show: leasesView, key: "a" },
	media: { title: "Media", show: mediaView, key: "i" },
	tokens: { title: "Tokens", show: tokensView, key: "t", role: "admin" },
	wall: { title: "Wall", show: wallView, key: "w" },
	machine: { title: "Machine", show: machineView, hidden: true, under: "machines" },
	create: { title: "Create a machine", show: createView, hidden: true, role: "operate" },
};

const READ_AGAIN_MS = 10000;
const GONE_MS = 2000; // a stream that begins anew is no trouble

let leave = () => {};
let frame = null;

function show() {
	const route = here(), view = Object.hasOwn(views, route.view) ? views[route.view] : views.machines;
	leave();
	closeDialogs();
	viewKeys({});
	const main = el("main", { id: "main", tabindex: -1, class: `view-${route.view}` });
	frame.main.replaceWith(main);
	frame.main = main;
	document.title = `${route.name || view.title} · usher`;
	document.body.dataset.view = route.view;
	for (const a of frame.nav.querySelectorAll("a"))
		a.toggleAttribute("aria-current", a.dataset.view === (view.under || route.view));
	frame.nav.querySelectorAll("a[aria-current]").forEach((a) => a.setAttribute("aria-current", "page"));
	frame.nav.querySelector("a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
	leave = (view.role && !may(view.role) ? refused : view.show)(main, route) || (() => {});
}

// A view that this token's role has no part in.
function refused(root, { view }) {
	root.append(el("p.empty", {}, `This takes a token of the role ${views[view].role}, and yours is of the role ${session.role}.`));
}

function header() {
	const nav = el("nav", { "aria-label": "Views" }, Object.entries(views).filter(([, v]) => !v.hidden && (!v.role || may(v.role))).map(([name, v]) => el("a", { href: to(name), "data-view": name }, v.title)));
	const link = el("span.link", { role: "status" }, el("i", { "aria-hidden": "true" }), el("span", {}));
	const trouble = el("div.trouble", { role: "alert", hidden: true });
	const themeButton = el("button.icon", { type: "button", on: { click: () => sayTheme(nextTheme()) } });
	const sayTheme = (name) => {
		setText(themeButton, { auto: "◐", dark: "●", light: "○" }[name]);
		themeButton.setAttribute("aria-label", `Colours: ${{ auto: "as the system", dark: "dark", light: "light" }[name]}. Change`);
		themeButton.title = `Colours: ${{ auto: "as the system", dark: "dark", light: "light" }[name]}`;
	};
	sayTheme(theme());
	const who = el("details.who", {}, el("summary", {}, session.name || "socket"), el("div.card", {}, el("p", {}, el("b", {}, session.name), ` may ${{ view: "look", operate: "operate machines", admin: "do everything" }[session.role]}`),
		session.expires ? el("p.dim", {}, `until ${session.expires.slice(0, 16).replace("T", " ")} UTC`) : null, el("p.dim.version", {}), token.get() ? el("button.button.quiet", { type: "button", on: { click: signOut } }, "Sign out") : null));
	const head = el("header", {}, el("a.brand", { href: to("machines") }, el("img", { src: "/web/icon.svg", alt: "", width: 22, height: 22 }), "usher"), nav,
		el("div.tools", {}, may("operate") ? el("a.button.primary.small", { href: to("create") }, "Create") : null, link, themeButton,
			el("button.icon", { type: "button", "aria-label": "Keyboard", title: "Keyboard  ?", on: { click: showKeys } }, "?"), who));
	let told = null, gone = false, timer = null;
	const drawTrouble = () => {
		const text = gone ? "The service does not answer. What is shown may be old. This page goes on by itself when it is back." : told;
		trouble.hidden = !text;
		setText(trouble, text || "");
	};
	const offs = [onMachines(() => {
		setClass(link, `link ${state.link}`);
		setText(link.lastChild, { live: "live", polling: "live", away: "offline" }[state.link]);
		if (state.link === "away" && state.loaded) {
			timer ??= setTimeout(() => {
				gone = true;
				drawTrouble();
			}, GONE_MS);
			return;
		}
		clearTimeout(timer);
		timer = null;
		gone = false;
		drawTrouble();
	}), watchStatus((s) => {
		told = s.trouble;
		drawTrouble();
		setText($(".version", who), `usher ${s.version}`);
	})];
	return { head, nav, trouble, end: () => {
		clearTimeout(timer);
		offs.forEach((f) => f());
	} };
}

async function begin() {
	try {
		await whoAmI();
	} catch (e) {
		if (e.status === 401 || e.status === 429) // not by itself again: each wrong token counts
			askForToken(token.get() ? e.message : "");
		else
			troubleView($("#page"), e.message, begin);
		return;
	}
	frame = { ...header(), main: el("main") };
	$("#page").replaceChildren(frame.head, frame.trouble, frame.main);
	addEventListener("hashchange", show);
	show();
	read(frame);
}

// All machines; again, until the service gives them.
async function read(mine) {
	try {
		await start();
	} catch (e) {
		if (e.status === 401 || frame !== mine)
			return;
		toast(e.message, "bad");
		setTimeout(() => frame === mine && read(mine), READ_AGAIN_MS);
	}
}

function askForToken(why) {
	leave();
	leave = () => {};
	closeDialogs();
	end();
	frame?.end();
	frame = null;
	removeEventListener("hashchange", show);
	viewKeys({});
	signInView($("#page"), why, begin);
}

applyTheme();
$(".skip").addEventListener("click", (e) => {
	e.preventDefault();
	$("#main")?.focus();
});
whenUnauthorized(() => frame && askForToken("The token is not accepted any more: it has expired or was revoked."));
globalKeys({
	"?": ["This list", showKeys],
	...Object.fromEntries(Object.entries(views).filter(([, v]) => v.key).map(([name, v]) => [`g ${v.key}`, [v.title, () => go(name)]])),
});
begin();
