// Slack's own receiver of requests, @slack/bolt, beside ours.
//
// Reads {secret} as the first line of stdin and prints its port; then for each line prints the texts that reached its
// listeners since the line before. Ends with its stdin.

import readline from "node:readline";
import bolt from "@slack/bolt";

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { secret } = JSON.parse((await lines.next()).value);

const receiver = new bolt.HTTPReceiver({ signingSecret: secret, logLevel: "error" });
const app = new bolt.App({
  receiver,
  logLevel: "error",
  authorize: async () => ({ botToken: "xoxb-x", botId: "B1", botUserId: "UBOT" }),
});
let heard = [];
app.message(async ({ message }) => heard.push(message.text));
app.command(/.*/, async ({ ack, command }) => {
  await ack();
  heard.push(`${command.command} ${command.text}`);
});
app.action(/.*/, async ({ ack, action }) => {
  await ack();
  heard.push(action.text.text);
});
await app.start({ port: 0, host: "127.0.0.1" });
console.log(String(receiver.server.address().port));

for await (const _ of lines) {
  console.log(JSON.stringify(heard));
  heard = [];
}
process.exit(0);
