// What the agents' desktop makes of messages: its own module, given as text.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const { module } = JSON.parse(readFileSync(0, "utf8"));
const { bytes, isSaid, nameOf, saidIn, textOf, whenPossible } = await import(`data:text/javascript,${encodeURIComponent(module)}`);

const said = { interaction: { name: "support-request" }, parts: [{ type: "text", text: "hello" }, { type: "attachment", name: "a.png" }] };
const state = (fields) => ({ interaction: { name: "command.status-changed", arguments: { commands: [{ command: "message.send", ...fields }] } } });
const item = (...messages) => ({ messages: new Map(messages.map((message, at) => [at, message])) });

assert.equal(textOf(said), "hello\n[a.png]");
assert.equal(nameOf({ conversation: "+1", customer: { address: "+2" } }), "+2");
assert.equal(bytes(1536), "2 KiB");
assert(isSaid(said) && !isSaid(state({ enabled: true })));
assert.deepEqual(saidIn(item(said, state({ enabled: true }))), [said]);

assert.equal(whenPossible(item(said), 0), "");
assert.equal(whenPossible(item(state({ enabled: true })), 0), "");
const until = item(state({ enabled: true, until: "2026-11-23T12:00:00Z", tooltip: "Use a template." }));
const end = Date.parse("2026-11-23T12:00:00Z");
assert.match(whenPossible(until, end - 1), /^Answers go out until .*\. Use a template\.$/);
assert.equal(whenPossible(until, end), "Answers don't go out now. Use a template.");
assert.equal(whenPossible(item(state({ enabled: true }), state({ enabled: false })), 0), "Answers don't go out now.");
process.stdout.write("told");
