// SPDX-License-Identifier: GPL-2.0-or-later
// node judge.js DOCUMENT SCHEMA: each line of JSON on standard input, by that schema of the document; what is wrong with it.
"use strict";
const fs = require("fs");
const Ajv = require("ajv/dist/2020");

const [, , path, name] = process.argv;
const ajv = new Ajv({ strict: false, allErrors: true });
require("ajv-formats")(ajv);
ajv.addSchema(JSON.parse(fs.readFileSync(path, "utf8")), "doc");
const judge = ajv.compile({ $ref: "doc#/components/schemas/" + name });
const lines = fs.readFileSync(0, "utf8").split("\n").filter(line => line);
let wrong = 0;
for (const line of lines)
	if (!judge(JSON.parse(line))) {
		wrong++;
		console.log(ajv.errorsText(judge.errors) + ": " + line);
	}
console.log(`${lines.length} lines, ${wrong} wrong`);
process.exit(wrong || !lines.length ? 1 : 0);
