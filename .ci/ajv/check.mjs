// Compiles config/schema.json in ajv's strict mode, and holds every example of a pipeline's file against it: those of
// config/testdata, of which all good ones pass and most bad ones do not, and the YAML of the documentation.
//
//   node check.mjs MODULES ROOT
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const [modules, root] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "node_modules", "_"));
const Ajv = require("ajv").default;
const YAML = require("yaml");

const ajv = new Ajv({ strict: true, allErrors: true });
const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join(root, "config/schema.json"), "utf8")));

let failed = 0;
const wrong = (message) => { failed++; console.error(message); };
const judge = (text) => {
  let data;
  try {
    data = YAML.parse(text);
  } catch (e) {
    return "no YAML: " + e.message.split("\n")[0];
  }
  return validate(data) ? "" : ajv.errorsText(validate.errors, { separator: "\n  " });
};

let good = 0, bad = 0, refused = 0, pages = 0;
for (const kind of ["good", "bad"]) {
  const dir = path.join(root, "config/testdata", kind);
  for (const file of fs.readdirSync(dir).filter((f) => f.endsWith(".yml"))) {
    const said = judge(fs.readFileSync(path.join(dir, file), "utf8"));
    if (kind === "good") {
      good++;
      if (said) wrong(`config/testdata/good/${file} should be valid:\n  ${said}`);
    } else {
      bad++;
      if (said) refused++;
    }
  }
}
// A file of the documentation is a block of YAML that begins a stage or a pipeline; others are parts of one.
for (const page of ["README.md", ...fs.readdirSync(path.join(root, "docs")).filter((f) => f.endsWith(".md")).map((f) => "docs/" + f)]) {
  for (const [, text] of fs.readFileSync(path.join(root, page), "utf8").matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)) {
    if (!/^(stages|pipelines):/m.test(text)) continue;
    pages++;
    const said = judge(text);
    if (said) wrong(`an example of ${page} should be valid:\n${text}\n  ${said}`);
  }
}
if (good === 0 || pages === 0) wrong("there are no examples to look at");
if (refused < bad * 0.7) wrong(`the schema refuses ${refused} of ${bad} bad files, expected 70 % at least`);
console.log(`the schema compiles; ${good} good files and ${pages} examples of the documentation are valid; ${refused} of ${bad} bad files are refused`);
process.exit(failed ? 1 : 0);
