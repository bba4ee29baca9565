// SPDX-License-Identifier: GPL-2.0-or-later
// Create a guest or enroll bare metal: a form that the service judges while it is filled in. Nothing is made by that.
import { el, setText, settled } from "./dom.js";
import { get, passes, post, postFull, requestId } from "./api.js";
import { toast, trying } from "./dialog.js";
import { readAgain } from "./machines.js";
import { bytes } from "./format.js";
import { fetchMeter } from "./bar.js";
import { settingFields } from "./settings.js";
import { drawFindings } from "./rendered.js";
import { go } from "./route.js";
import { Form } from "./form.js";
import { viewKeys } from "./keys.js";

const JUDGE_AFTER_MS = 350;
const FETCH_LOOK_MS = 1500;
const JUDGE_AGAIN_MS = 3000; // where the service did not answer
const GiB = 1024 ** 3, MiB = 1024 ** 2;

export function createView(root, route) {
	const from = route.args.from || null;
	const form = new Form();
	const settings = el("div.fields");
	const verdict = el("div.verdict.card", { role: "status", "aria-live": "polite" }, el("p.dim", {}, "What is wrong is said here."));
	const findings = el("ul.findings", { hidden: true, "aria-label": "Findings" });
	const submit = el("button.button.primary", { type: "submit", disabled: true }, "Create");
	const why = el("span.dim", { "aria-hidden": "true" }); // the verdict in short, beside the button: for eyes
	let profiles = [], profile = null, request = requestId(), round = 0;

	const judgeSoon = settled(() => judge(), JUDGE_AFTER_MS);
	const page = el("form.create", { novalidate: true, on: { submit: (e) => {
		e.preventDefault();
		make();
	}, input: () => {
		request = requestId();
		judgeSoon();
	} } });
	root.append(el("div.page-head", {}, el("h1", {}, from ? "Enroll a discovered machine" : "Create or enroll")), el("div.create-grid", {}, page, el("aside.side", {}, verdict, findings)));

	async function begin() {
		const [p, s, d] = await Promise.all([get("/profiles"), get("/status"), from ? get(`/discovered/${encodeURIComponent(from)}`) : null]);
		profiles = p.profiles.filter((one) => !one.tool);
		const kind = form.choice("kind", "Kind", [["guest", "Guest", "a virtual machine on this host"], ["bare-metal", "Bare metal", "a machine that boots from the network"]], from || !s.libvirt ? "bare-metal" : "guest");
		page.append(kind.node, el("div.fields", {},
			form.text("name", "Name", { help: "a-z, 0-9 and -", required: true }),
			form.select("profile", "Profile", [["", "Choose"]].concat(profiles.map((one) => [one.name, one.error || one.missing ? `${one.name} (not ready)` : one.title && one.title !== one.name ? `${one.name}: ${one.title}` : one.name])), { required: true, value: route.args.profile }),
			form.select("segment", "Segment", [["", s.segments.length > 1 ? "The one that fits" : "The only one"], ...s.segments.map((one) => [one.name, `${one.name}  ${one.subnet ? `${one.subnet}/${one.prefix}` : ""}`])], { value: d?.segment }),
			form.text("address", "Address", { help: "if left out: the lowest that is free" }),
			form.text("mac", "MAC", { only: "bare-metal", required: !from, value: d?.mac || "", help: from ? "of the card that it booted from" : "of the card that boots" }),
			form.text("power", "Power", { only: "bare-metal", help: "ipmi://USER@ADDRESS, redfish://…, wol:, or a program" }),
			form.text("power_password", "Controller's password", { only: "bare-metal", type: "password" }),
			form.text("memory", "Memory, MiB", { only: "guest", numeric: true }),
			form.text("vcpus", "CPUs", { only: "guest", numeric: true }),
			form.text("disk", "Disk, GiB", { only: "guest", numeric: true })),
		el("h2", {}, "Settings of the profile"), settings,
		el("details.more", {}, el("summary", {}, "SSH keys, labels and a note"), el("div.fields.wide", {}, form.area("ssh_keys", "SSH keys that may log in, one a line"), form.area("labels", "Labels, one a line: key: value"), form.area("note", "Note"))),
		form.check("arm", "Install it now", "bare-metal"),
		el("div.form-end", {}, submit, why));
		kind.node.hidden = !!from;
		form.of("profile").input.addEventListener("change", pickProfile);
		page.addEventListener("change", () => kindChanged(kind.value()));
		kindChanged(kind.value());
		pickProfile();
		form.of("name").input.focus();
	}

	function kindChanged(value) {
		form.showOnly(value);
		submit.textContent = value === "guest" ? "Create" : "Enroll";
	}

	function pickProfile() {
		profile = profiles.find((p) => p.name === form.of("profile").input.value) || null;
		settings.replaceChildren(...settingFields(form, profile));
		for (const [name, value] of [["memory", profile?.guest?.memory && profile.guest.memory / MiB], ["vcpus", profile?.guest?.vcpus], ["disk", profile?.guest?.disk && profile.guest.disk / GiB]])
			form.of(name).input.placeholder = value ? String(value) : "";
		judge();
	}

	function body() {
		const kind = form.value("kind"), guest = kind === "guest";
		const text = (name) => form.value(name) || undefined;
		const number = (name, unit) => (isNumber(form.value(name)) ? Math.round(Number(form.value(name)) * unit) : undefined);
		const lines = (name) => form.value(name).split("\n").map((l) => l.trim()).filter(Boolean);
		return JSON.parse(JSON.stringify({
			kind, name: form.value("name"), profile: text("profile"), segment: text("segment"), address: text("address"), settings: form.settings(),
			ssh_keys: lines("ssh_keys").length ? lines("ssh_keys") : undefined, note: text("note"),
			labels: lines("labels").length ? Object.fromEntries(lines("labels").map((l) => l.split(/\s*[:=]\s*(.*)/s).slice(0, 2)).map(([k, v]) => [k, v || ""])) : undefined,
			...(guest ? { memory: number("memory", MiB), vcpus: number("vcpus", 1), disk: number("disk", GiB) }
				: { mac: text("mac"), power: text("power"), power_password: text("power_password"), arm: form.value("arm") || undefined, from: from || undefined }),
		}));
	}

	// They are left out of what is judged.
	const wrongNumbers = () => ["memory", "vcpus", "disk"].filter((name) => !form.of(name).node.hidden && form.value(name) && !isNumber(form.value(name)))
		.map((name) => ({ field: name, error: `${form.of(name).label}: a number is expected` }));

	async function judge() {
		const mine = ++round, missing = form.missing();
		let answer;
		try {
			answer = missing.includes("profile") ? {} : await post("/judge", { machines: [{ ...body(), ...standIns(missing) }] });
		} catch (e) {
			answer = { faults: [{ error: e.message, findings: e.findings }] };
			if (passes(e))
				setTimeout(() => mine === round && root.isConnected && judge(), JUDGE_AGAIN_MS);
		}
		if (mine !== round)
			return;
		const faults = (answer.faults || []).map((f) => ({ ...f, error: plain(f.error) })).concat(missing.map((name) => ({ field: name, error: `${form.of(name).label} is missing` })), wrongNumbers());
		const left = form.placeFaults(faults).map((f) => f.error);
		submit.disabled = faults.length > 0;
		setText(why, faults[0]?.error || "");
		verdict.className = `verdict card ${faults.length ? "bad" : "good"}`;
		verdict.replaceChildren(el("h2", {}, faults.length ? "Not yet" : form.value("kind") === "guest" ? "It can be created" : "It can be enrolled"),
			...(faults.length ? left.concat(form.unplaced(left, faults)).map((t) => el("p", {}, t)) : [el("p.dim", {}, summary()), noLogin() ? el("p.dim", {}, "No SSH key and no password are given: nobody can log in, unless the profile itself says who.") : ""]), ...(answer.warning ? [el("p.warn", {}, answer.warning)] : []));
		drawFindings(findings, faults.flatMap((f) => f.findings || []).concat(answer.findings || []));
	}

	function summary() {
		const b = body(), g = profile?.guest;
		return b.kind === "guest" ? `${b.name} gets ${bytes(b.memory || g?.memory) || "the profile's"} of memory and a disk of ${bytes(b.disk || g?.disk) || "the profile's size"}. It boots from the network and installs itself.`
			: b.arm ? `${b.name} is installed at its next boot from the network. What is on its disk is lost.` : `${b.name} gets a record and an address. Nothing is installed until you say so.`;
	}

	const noLogin = () => profile?.settings?.some((s) => s.type === "password") && !form.value("ssh_keys") && !profile.settings.some((s) => s.type === "password" && form.value(`set ${s.name}`));

	async function make() {
		submit.disabled = true;
		setText(why, "The service is at it.");
		const wanted = { ...body(), request_id: request };
		let lost = false; // nobody knows whether it was done: the same request again finds out
		await trying(async () => {
			for (;;) {
				const { status, answer } = await postFull("/machines", wanted).catch((e) => {
					lost = passes(e);
					throw e;
				});
				if (status !== 202) {
					readAgain(answer.name);
					toast(`${answer.name} is ${wanted.kind === "guest" ? "created" : "enrolled"}${answer.state === "armed" ? " and armed" : ""}`);
					if (root.isConnected)
						go("machine", answer.name);
					return;
				}
				await showFetching(verdict, answer.fetching);
				if (!root.isConnected)
					return;
			}
		});
		if (!lost)
			request = requestId();
		submit.disabled = false;
		setText(why, "");
	}
	viewKeys({ Escape: ["Back", () => go("machines")] });
	trying(begin);
}

// What is still missing does not keep the service from judging the rest.
const isNumber = (text) => Number(text) > 0;

const standIns = (missing) => Object.fromEntries(missing.map((name) => [name, { name: `new-${Date.now().toString(36)}`, mac: "02:00:5e:00:53:fe" }[name]]).filter(([, v]) => v));

// The service words a fault for the command line too: here a field is meant.
const plain = (text) => text.replace(/^--[a-z-]+: /, "").replace(/: --[a-z-]+ [A-Z]+$/, "").replace(/, like --[a-z-]+ \S+$/, "");

async function showFetching(verdict, wanted) {
	const now = (await get("/fetches")).fetching;
	verdict.replaceChildren(el("h2", {}, "Fetching its files first"), ...wanted.map((w) => fetchMeter(w.url, now.find((one) => one.key === w.key))));
	await new Promise((done) => setTimeout(done, FETCH_LOOK_MS));
}
