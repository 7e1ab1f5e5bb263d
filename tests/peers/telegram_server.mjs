// Telegram's Bot API as npm's telegram-test-api has it, and a proxy that adds the secret token, which it doesn't send.
//
// Reads {port, token, secret, webhook} as the first line of stdin (webhook: null where updates are asked for) and prints
// `ready`; then one command a line: {say: text} and {press: data} are the customer's, {history: true} prints what both
// have written. Ends with its stdin.

import http from "node:http";
import readline from "node:readline";
import TelegramServer from "telegram-test-api";

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { port, token, secret, webhook } = JSON.parse((await lines.next()).value);

const proxy = http.createServer((request, response) => {
  const headers = { ...request.headers, "x-telegram-bot-api-secret-token": secret };
  const passed = http.request(webhook, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  request.pipe(passed);
});
await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));

const server = new TelegramServer({ port, host: "127.0.0.1" });
await server.start();
if (webhook) server.setWebhook({ url: `http://127.0.0.1:${proxy.address().port}/` }, token);
const client = server.getClient(token, { userId: 5, chatId: 5, firstName: "Kim" });
console.log("ready");

// It counts an update only when the webhook has answered it: the next one before that would have the same number.
const counted = () =>
  new Promise((resolve) => {
    for (const kind of ["AddedUserMessage", "AddedUserCommand", "AddedUserCallbackQuery"]) server.once(kind, resolve);
  });

for await (const line of lines) {
  const command = JSON.parse(line);
  const done = command.say || command.press ? counted() : undefined;
  if (command.say) {
    await client[command.say.startsWith("/") ? "sendCommand" : "sendMessage"](
      client[command.say.startsWith("/") ? "makeCommand" : "makeMessage"](command.say),
    );
  }
  if (command.press) await client.sendCallback(client.makeCallbackQuery(command.press, { message: { message_id: 1 } }));
  await done;
  console.log(JSON.stringify(command.history ? server.getUpdatesHistory(token) : "done"));
}
process.exit(0);
