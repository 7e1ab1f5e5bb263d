// An example of a driver in JavaScript: slips of paper by HTTP.
//
// A slip comes in as POST {"id": ..., "from": ..., "text": ...}; an agent's answer goes out by `fetch` as
// POST {"to": ..., "text": ...} to the setting `reply-url`. See docs/drivers/in-javascript.md for how it is built.

import { push } from 'jackfield:channel/server@0.9.0';
import { BadSetting, Failure, configuration, delivery, descriptor, handler, json, parsed, receipt, supportRequest, textOf } from './jackfield.js';

let replyUrl;

export const driver = {
  describe: () =>
    descriptor({
      name: 'slips-js',
      version: '1.0.0',
      title: 'Slips of paper, in JavaScript',
      mediaTypes: ['slip'],
      interactions: ['message.send'],
      settingsSchema: {
        type: 'object',
        properties: { 'reply-url': { type: 'string' } },
        required: ['reply-url'],
        additionalProperties: false,
      },
      capabilities: [
        { name: 'http', targets: ['{reply-url}'], reason: 'answers are sent there', required: true, attributes: [] },
      ],
      headers: ['content-type'],
    }),

  configure: configuration((context, settings) => {
    replyUrl = settings['reply-url'];
    if (!/^https?:\/\//.test(replyUrl)) throw new BadSetting('/reply-url', 'it is not a URL', 'write a whole one, https://...');
  }),

  deliver: delivery(async ({ message, idempotencyKey }) => {
    const answer = await fetch(replyUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify({ to: message.workItem.conversation, text: textOf(message) }),
    });
    console.log(`answered ${answer.status}`);
    if (!answer.ok) throw new Failure(answer.status < 500 ? 'permanent' : 'temporary', `it answered ${answer.status}`);
    const { id } = await answer.json();
    return receipt([String(id)]);
  }),
};

export const webhook = {
  receive: handler((request) => {
    const slip = parsed(request);
    const number = Math.floor(Math.random() * 1e6);
    console.log(`slip ${slip.id} came at ${new Date().toISOString()}`);
    console.error(`its number is ${number}`);
    push(
      supportRequest({
        eventId: slip.id,
        mediaType: 'slip',
        conversation: slip.from,
        customer: { address: slip.from },
        text: slip.text,
        occurredAt: Date.now(),
      }),
    );
    return json(200, { id: slip.id, number });
  }),
};
