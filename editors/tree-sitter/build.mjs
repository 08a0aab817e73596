// Makes src/grammar.json of grammar.js, with what of tree-sitter's notation the grammar uses. Needs nothing but Node.
import { readFileSync, writeFileSync } from "node:fs";
import vm from "node:vm";

const here = (name) => new URL(name, import.meta.url);
const text = readFileSync(here("grammar.js"), "utf8");

const rule = (value) => {
  if (typeof value === "string") return { type: "STRING", value };
  if (typeof value?.source === "string") return { type: "PATTERN", value: value.source };
  return value;
};
const all = (values) => values.map(rule);
const choice = (...members) => ({ type: "CHOICE", members: all(members) });
const notation = {
  seq: (...members) => ({ type: "SEQ", members: all(members) }),
  choice,
  optional: (content) => choice(content, { type: "BLANK" }),
  repeat: (content) => ({ type: "REPEAT", content: rule(content) }),
  repeat1: (content) => ({ type: "REPEAT1", content: rule(content) }),
  field: (name, content) => ({ type: "FIELD", name, content: rule(content) }),
  alias: (content, symbol) => ({ type: "ALIAS", content: rule(content), named: true, value: symbol.name }),
  token: (content) => ({ type: "TOKEN", content: rule(content) }),
  prec: { right: (content) => ({ type: "PREC_RIGHT", value: 0, content: rule(content) }) },
  grammar: (grammar) => grammar,
  module: {},
};
vm.runInNewContext(text, notation);

const grammar = notation.module.exports;
const symbols = new Proxy({}, { get: (_, name) => ({ type: "SYMBOL", name }) });
const rules = {};
for (const [name, make] of Object.entries(grammar.rules)) rules[name] = rule(make(symbols));
const json = {
  name: grammar.name,
  word: grammar.word(symbols).name,
  rules,
  extras: all(grammar.extras(symbols)),
  conflicts: grammar.conflicts(symbols).map((conflict) => conflict.map((symbol) => symbol.name)),
  precedences: [],
  externals: [],
  inline: [],
  supertypes: [],
  reserved: {},
};
// So that a test without Node can tell that src/grammar.json is not of another grammar.js: FNV-1a, 64 bits.
let hash = 0xcbf29ce484222325n;
for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
writeFileSync(here("src/grammar.js.fnv"), hash.toString(16).padStart(16, "0") + "\n");
writeFileSync(here("src/grammar.json"), JSON.stringify(json, null, 1) + "\n");
