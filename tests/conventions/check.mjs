// Holds every name that a span can carry against the conventions as OpenTelemetry publishes them for
// JavaScript: the constants of `@opentelemetry/semantic-conventions`, of the release whose version
// the spans name as their schema. What is emitted stands in a snapshot that a test of
// crates/llmwatch-quality/src/spans/names.rs writes from the lists the code itself takes names from.
//
// 1.41.1 is the last release that holds the conventions for generative AI: from 1.42.0 on the
// constants are deprecated ("Moved to the OpenTelemetry GenAI semantic conventions repository").
//
//   node check.mjs [snapshot]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as incubating from "@opentelemetry/semantic-conventions/incubating";

const PACKAGE = "node_modules/@opentelemetry/semantic-conventions";
const SNAPSHOT = "../../crates/llmwatch-quality/src/spans/snapshots/llmwatch_quality__spans__names__tests__all.snap";
const read = (path) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

const constants = Object.entries(incubating).filter(([, value]) => typeof value === "string");
const of = (prefix) => new Map(constants.flatMap(([key, value]) => (key.startsWith(prefix) ? [[value, key]] : [])));
const attributes = of("ATTR_");
const events = of("EVENT_");
// Names that go on with a key, such as `http.request.header.`, are functions of it.
const families = Object.entries(incubating)
  .filter(([key, value]) => key.startsWith("ATTR_") && typeof value === "function")
  .map(([, value]) => value(""));

// The types say in a comment what is deprecated.
const deprecated = new Set();
for (const file of ["stable_attributes", "experimental_attributes", "stable_events", "experimental_events"]) {
  const declarations = read(`${PACKAGE}/build/src/${file}.d.ts`);
  for (const [, comment, key] of declarations.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export declare const (\w+)/g)) {
    if (comment.includes("@deprecated")) deprecated.add(key);
  }
}

// The words of an attribute: constants of its own name with `_VALUE_` between.
function words(attribute) {
  const prefix = `${attributes.get(attribute)?.replace(/^ATTR_/, "")}_VALUE_`;
  return of(prefix);
}

const problems = [];
const hold = (is, problem) => is || problems.push(problem);

function published(kind, name, all) {
  hold(all.has(name), `${name}: no ${kind} of the conventions`);
  hold(!deprecated.has(all.get(name)), `${name}: deprecated by the conventions`);
}

function unknown(name) {
  const taken = constants.some(([key, value]) => /^(ATTR|EVENT|METRIC|ENTITY)_/.test(key)
    && (value === name || value.startsWith(`${name}.`) || name.startsWith(`${value}.`)));
  hold(!taken && !families.some((family) => name.startsWith(family)), `${name}: a name of the conventions`);
  hold(name.startsWith("llmwatch."), `${name}: not under llmwatch.`);
}

const snapshot = process.argv[2] ? readFileSync(process.argv[2], "utf8") : read(SNAPSHOT);
const { schema_url, conventions, own } = JSON.parse(snapshot.slice(snapshot.indexOf("\n---\n") + 5));
const { version } = JSON.parse(read(`${PACKAGE}/package.json`));

// Were one of these empty, nothing below could fail.
hold(attributes.size > 500 && events.size > 10 && families.length > 5, "the package is of another form");
hold(deprecated.has("ATTR_GEN_AI_SYSTEM"), "the package does not say what is deprecated where it did");
hold(conventions.attributes.length > 0 && own.attributes.length > 0, "the snapshot is of another form");

hold(schema_url === `https://opentelemetry.io/schemas/${version}`, `${schema_url}: the package is of version ${version}`);
for (const name of conventions.attributes) published("attribute", name, attributes);
for (const name of conventions.events) published("event", name, events);
for (const [name, word] of conventions.words) {
  published(`word of ${name}`, word, words(name));
}
for (const name of [...own.attributes, ...own.families]) unknown(name.replace(/\.$/, ""));
for (const [name, word] of own.words) {
  published("attribute", name, attributes);
  hold(words(name).size > 0, `${name}: no attribute with words`);
  hold(!words(name).has(word), `${word}: a word of the conventions for ${name}`);
}
// Backends nest names by their dots, so that none may be the start of another.
const emitted = [...conventions.attributes, ...own.attributes, ...own.families];
for (const [at, name] of emitted.entries()) {
  hold(emitted.indexOf(name) === at, `${name}: stands twice`);
  hold(!emitted.some((other) => other.startsWith(`${name}.`)), `${name}: the start of another name`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
const ours = own.attributes.length + own.families.length;
console.log(`${conventions.attributes.length} attributes, ${conventions.events.length} event and ${conventions.words.length} words are of the conventions ${version}, ${ours} attributes and ${own.words.length} words are ours`);
