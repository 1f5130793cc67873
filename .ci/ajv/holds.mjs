// Holds a YAML file against a JSON schema.
//
//   node holds.mjs MODULES SCHEMA FILE
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const [modules, schemaFile, file] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "node_modules", "_"));
const schema = JSON.parse(fs.readFileSync(schemaFile, "utf8"));
for (const [name, d] of Object.entries(schema.$defs ?? {})) {
  if (d.$defs?.[name]) schema.$defs[name] = d.$defs[name]; // a schema of its own, in which ajv goes round in circles
}
const Ajv = require(schema.$schema.includes("2020") ? "ajv/dist/2020" : "ajv").default;
const ajv = new Ajv({ strict: false, allErrors: true }); // the schema may be somebody else's
const YAML = require("yaml");

const validate = ajv.compile(schema);
if (!validate(YAML.parse(fs.readFileSync(file, "utf8")))) {
  console.error(`${file} does not hold against ${schemaFile}:\n  ${ajv.errorsText(validate.errors, { separator: "\n  " })}`);
  process.exit(1);
}
console.log(`${file} holds`);
