// What a driver in JavaScript is written with: it fills in what the specification wants to see and a driver seldom
// has, and turns what JavaScript has (exceptions, numbers) into what the specification has (errors, 64-bit integers).
// Copy it beside your driver.

/** What the bindings take for the error of a `result`: they look for `payload`. Any other exception is a trap. */
export class Failure extends Error {
  /** @param {string} code of the catalogue in message.wit, or `your-driver/code` @param {string} text for people */
  constructor(code, text, { retryAfterMs, attributes = [] } = {}) {
    super(`${code}: ${text}`);
    this.payload = { code, text, retryAfterMs, attributes };
  }
}

/** The `payload` of an error that a call of the host threw, or of one of our own. */
export function errorOf(thrown, code = 'permanent') {
  const payload = thrown?.payload;
  if (payload?.code !== undefined) return payload;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code, text: text.slice(0, 4000), retryAfterMs: undefined, attributes: [] };
}

/** A handler that returns `result<_, error>`: whatever is thrown in it is answered as an error, not as a trap. */
export function handler(run) {
  return async (...given) => {
    try {
      return await run(...given);
    } catch (thrown) {
      const payload = errorOf(thrown);
      throw new Failure(payload.code, payload.text, payload);
    }
  };
}

/** The handler `deliver`, which returns an outcome: what is thrown in it is the outcome `failure`. */
export function delivery(run) {
  return async (given) => {
    try {
      return await run(given);
    } catch (thrown) {
      return { tag: 'failure', val: errorOf(thrown) };
    }
  };
}

/** The outcome of a delivery that the channel took, with the channel's ids of what was sent. */
export function receipt(externalIds, { conversation, status = 'sent', attributes = [] } = {}) {
  return { tag: 'receipt', val: { externalIds, conversation, status, attributes } };
}

/** The handler `configure`: what is thrown is shown to the operator, with the place in the settings. */
export function configuration(run) {
  return (context, settings) => {
    try {
      return run(context, JSON.parse(settings));
    } catch (thrown) {
      const { key = '', remedy = 'correct it', message } = thrown;
      throw Object.assign(new Error(message), { payload: { key, text: message, remedy, attributes: [] } });
    }
  };
}

/** A setting that can't be used: throw it in `configure`. */
export class BadSetting extends Error {
  /** @param {string} key JSON Pointer into the settings */
  constructor(key, text, remedy) {
    super(text);
    Object.assign(this, { key, remedy });
  }
}

/** A descriptor: name, version, title, `mediaTypes`, `interactions` and whatever else differs from nothing. */
export function descriptor(given) {
  const named = (name) => ({ name, attributes: [] });
  const media = { realTime: false, weight: undefined, offerTimeoutMs: undefined, interruptible: true, attributes: [] };
  return {
    vendor: '',
    title: given.name,
    commands: [],
    secrets: [],
    capabilities: [],
    instances: [],
    headers: [],
    limits: [],
    attributes: [],
    ...given,
    mediaTypes: given.mediaTypes.map((type) => ({ ...media, ...(typeof type === 'string' ? { name: type } : type) })),
    interactions: given.interactions.map(named),
    settingsSchema: JSON.stringify(given.settingsSchema ?? { type: 'object' }),
  };
}

/** The request `support-request`: what a customer said. `occurredAt` is a Date, or a number of milliseconds. */
export function supportRequest({ eventId, externalId, mediaType, conversation, customer, text, occurredAt }) {
  return {
    eventId,
    externalId: externalId ?? eventId,
    mediaType,
    occurredAt: occurredAt === undefined ? undefined : BigInt(Number(occurredAt)),
    workItem: {
      conversation,
      customer: { aliases: [], attributes: [], ...customer },
      attributes: [],
    },
    interaction: { kind: 'request', name: 'support-request', arguments: '{}' },
    parts: [{ tag: 'text', val: { text, format: 'plain', attributes: [] } }],
    attributes: [],
  };
}

/** The texts of a message, one below the other. */
export function textOf(message) {
  return message.parts.map(({ tag, val }) => (tag === 'text' ? val.text : (val.fallback ?? ''))).join('\n');
}

/** A response to a webhook, with a JSON body. */
export function json(status, value) {
  const bytes = (text) => new TextEncoder().encode(text);
  return {
    status,
    headers: [{ name: 'content-type', value: bytes('application/json') }],
    body: { tag: 'bytes', val: bytes(JSON.stringify(value)) },
    attributes: [],
  };
}

/** The body of a webhook as JSON; throws what `handler` answers as an error where it is none. */
export function parsed(request) {
  if (request.body.tag !== 'bytes') throw new Failure('too-large', 'the body is too large');
  return JSON.parse(new TextDecoder().decode(request.body.val));
}
