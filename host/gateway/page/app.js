// The agents' desktop. What customers wrote is data: it goes into the page as text only.

import { STATUSES, bytes, isSaid, nameOf, saidIn, textOf, whenPossible } from "./message.js";

const PROTOCOL = "jackfield.agent.v1";
const RETRY_FIRST = 500;
const RETRY_MOST = 10_000;

const $ = (id) => document.getElementById(id);

/** Makes an element with classes, properties and children (elements or texts). */
function make(tag, classes, properties = {}, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  Object.assign(element, properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

// ---- what is known -------------------------------------------------------------------------------------------------

let token = tokenOfAddress();
let agent = null;
let seen = null;            // sequence of the last event; null: begin with a snapshot
let clockSkew = 0;          // how far this machine's clock is ahead of the server's
let selected = null;        // id of the work item that is shown
const offers = new Map();   // offer id -> {offer, workItem, message, customer}
const items = new Map();    // work item id -> {workItem, messages: Map, statuses: Map, drafts, unread}

function tokenOfAddress() {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}

// ---- the connection ------------------------------------------------------------------------------------------------

let socket = null;
let retry = RETRY_FIRST;
let retryTimer = null;
let commands = 0;
const session = Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
const waiting = new Map();  // command id -> {frame, resolve}

function connect() {
  clearTimeout(retryTimer);
  if (!token) return signIn("This page needs an agent's token.");
  const address = new URL("/v1/agent", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  if (seen !== null) address.searchParams.set("after", seen);
  try {
    socket = new WebSocket(address, [PROTOCOL, `bearer.${token}`]);
  } catch {
    return signIn("This token has characters that a browser can't send.");
  }
  const mine = socket;
  let opened = false;
  say("Connecting ...", "lost");
  mine.onopen = () => {
    opened = true;
    retry = RETRY_FIRST;
    say("Connected", "open");
    $("sign-in").hidden = true;
    // A command that is repeated under its id gets its first result: nothing is done twice.
    for (const { frame } of waiting.values()) mine.send(frame);
  };
  mine.onmessage = (message) => mine === socket && take(JSON.parse(message.data));
  mine.onclose = async (close) => {
    if (mine !== socket) return;
    socket = null;
    const refused = close.code === 1008 || (!opened && (await isRefused()));
    if (refused) return signIn(close.reason || "The server doesn't take this token.");
    reconnectSoon();
  };
}

/** Whether the server refuses the token: a browser doesn't say why a WebSocket was not opened. */
async function isRefused() {
  try {
    const answer = await fetch("/v1/agent", { headers: { Authorization: `Bearer ${token}` } });
    return answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  }
}

function reconnectSoon() {
  const wait = retry * (0.75 + Math.random() / 2);
  retry = Math.min(retry * 2, RETRY_MOST);
  say(`Connection lost. Next try in ${Math.ceil(wait / 1000)} s.`, "lost");
  retryTimer = setTimeout(connect, wait);
}

/** Begins anew with a snapshot. */
function beginAnew() {
  seen = null;
  const old = socket;
  socket = null;
  old?.close();
  connect();
}

function signIn(why) {
  say("Not connected", "lost");
  $("sign-in-why").textContent = why;
  $("sign-in").hidden = false;
  $("desk").hidden = true;
  $("me").hidden = true;
  $("token").focus();
}

/** Sends a command; resolves with its result. */
function command(type, fields = {}) {
  commands += 1;
  const id = `${session}-${commands}`;
  const frame = JSON.stringify({ id, type, ...fields });
  return new Promise((resolve) => {
    waiting.set(id, { frame, resolve });
    if (socket?.readyState === WebSocket.OPEN) socket.send(frame);
  });
}

/** The same, and says what went wrong. */
async function ask(type, fields) {
  const result = await command(type, fields);
  if (!result.ok) announce(result.error.message);
  return result;
}

// ---- events --------------------------------------------------------------------------------------------------------

function take(event) {
  clockSkew = Date.now() - Date.parse(event.time);
  const { data } = event;
  if (event.type === "command.result") {
    waiting.get(data.id)?.resolve(data);
    waiting.delete(data.id);
    return;
  }
  if (event.type !== "snapshot" && event.sequence !== seen + 1) return beginAnew();
  seen = event.sequence;
  HANDLERS[event.type]?.(data);
  show();
}

const HANDLERS = {
  snapshot(data) {
    agent = data.agent;
    offers.clear();
    for (const offer of data.offers) offers.set(offer.offer.id, offer);
    const before = new Map(items);
    items.clear();
    for (const { workItem, messages, statuses } of data.workItems) {
      const item = before.get(workItem.id) ?? newItem(workItem);
      item.workItem = workItem;
      item.messages = new Map(messages.map((message) => [message.id, message]));
      item.statuses = new Map(Object.entries(statuses));
      items.set(workItem.id, item);
    }
    $("desk").hidden = false;
    $("me").hidden = false;
  },
  "agent.updated": (data) => void (agent = data.agent),
  "offer.created"(data) {
    offers.set(data.offer.id, data);
    notify(`New request from ${nameOf(data.workItem)}`, textOf(data.message));
  },
  "offer.accepted"(data) {
    const message = offers.get(data.offer.id)?.message;
    offers.delete(data.offer.id);
    const item = own(data.workItem);
    if (message) item.messages.set(message.id, message);
    // Further messages may have come in while the item waited.
    reload(item);
  },
  "offer.rejected": (data) => offers.delete(data.offer.id),
  "offer.expired": (data) => gone(data, "An offer has expired."),
  "offer.rescinded": (data) => gone(data, "Somebody else took the request."),
  "offer.revoked": (data) => gone(data, "An offer was taken back."),
  "offer.failed": (data) => gone(data, "An offer has failed."),
  "work-item.updated"({ workItem }) {
    if (workItem.owner === agent.id) own(workItem);
    else leave(workItem.id);
  },
  "work-item.closed": ({ workItem }) => leave(workItem.id),
  "message.received"({ workItem, message }) {
    const item = items.get(workItem.id);
    if (!item || !message) return;
    item.workItem = workItem;
    if (item.messages.has(message.id)) return;
    item.messages.set(message.id, message);
    if (!isSaid(message)) return;
    if (workItem.id !== selected || document.hidden) {
      item.unread += 1;
      notify(nameOf(workItem), textOf(message));
    }
  },
  "message.changed": (data) => HANDLERS["message.received"](data),
  "message.status"({ workItemId, messageId, status, error }) {
    const item = items.get(workItemId);
    if (!item) return;
    item.statuses.set(messageId, { status, error });
    // Sent from another window of the same agent.
    if (!item.messages.has(messageId) && !item.sending.length) reload(item);
  },
};

function newItem(workItem) {
  return { workItem, messages: new Map(), statuses: new Map(), sending: [], draft: "", files: [], unread: 0 };
}

function own(workItem) {
  const item = items.get(workItem.id) ?? newItem(workItem);
  item.workItem = workItem;
  items.set(workItem.id, item);
  return item;
}

function leave(id) {
  items.delete(id);
  if (selected === id) select(null);
}

function gone(data, why) {
  if (offers.delete(data.offer.id)) announce(why);
}

/** Reads a conversation again. */
async function reload(item) {
  const id = item.workItem.id;
  const messages = new Map();
  const statuses = new Map();
  let next = `/v1/work-items/${encodeURIComponent(id)}/messages?limit=500`;
  while (next) {
    const answer = await request(next);
    if (!answer?.ok) return;
    const page = await answer.json();
    for (const message of page.items) if (message.interaction.name !== "message.status") messages.set(message.id, message);
    for (const [message, status] of Object.entries(page.statuses)) statuses.set(message, status);
    next = page.next;
  }
  // What came in meanwhile stays, after what was read.
  for (const [key, message] of item.messages) if (!messages.has(key)) messages.set(key, message);
  for (const [key, status] of item.statuses) statuses.set(key, status);
  item.messages = messages;
  item.statuses = statuses;
  if (selected === id) $("thread").replaceChildren();
  show();
}

async function request(path, options = {}) {
  try {
    return await fetch(path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
  } catch {
    announce("The server can't be reached.");
    return null;
  }
}

// ---- the page ------------------------------------------------------------------------------------------------------

function say(text, state) {
  $("connection").textContent = text;
  $("connection").dataset.state = state;
}

let newsTimer = null;

/** Says something in passing, to screen readers too. */
function announce(text) {
  $("news").textContent = text;
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => $("news").replaceChildren(), 6_000);
}

function notify(title, body) {
  announce(title);
  if (document.hidden && window.Notification?.permission === "granted") new Notification(title, { body, silent: true });
}

function show() {
  showMe();
  sync($("offers"), [...offers.values()], (entry) => entry.offer.id, newOffer, showOffer);
  $("no-offers").hidden = offers.size > 0;
  sync($("items"), [...items.values()], (item) => item.workItem.id, newEntry, showEntry);
  $("no-items").hidden = items.size > 0;
  showConversation();
  const unread = [...items.values()].reduce((sum, item) => sum + item.unread, offers.size);
  document.title = unread ? `(${unread}) Jackfield` : "Jackfield";
}

/** Makes a list's elements those of `entries`; elements that stay are kept, and with them the focus. */
function sync(list, entries, keyOf, create, update) {
  const old = new Map([...list.children].map((element) => [element.dataset.key, element]));
  let place = list.firstElementChild;
  for (const entry of entries) {
    const key = keyOf(entry);
    let element = old.get(key);
    if (element) old.delete(key);
    else {
      element = create(entry);
      element.dataset.key = key;
    }
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
    update(element, entry);
  }
  for (const element of old.values()) element.remove();
}

function showMe() {
  if (!agent) return;
  $("name").textContent = agent.name || agent.id;
  $("load").textContent = `${agent.load} of ${agent.capacity}`;
  if (document.activeElement !== $("presence")) $("presence").value = agent.state;
  $("notify").hidden = window.Notification?.permission !== "default";
}

function newOffer({ offer, workItem, message }) {
  const name = nameOf(workItem);
  const accept = make("button", "main", { type: "button", textContent: "Accept" });
  const reject = make("button", "", { type: "button", textContent: "Reject" });
  accept.setAttribute("aria-label", `Accept the request from ${name}`);
  reject.setAttribute("aria-label", `Reject the request from ${name}`);
  const answer = async (type) => {
    accept.disabled = reject.disabled = true;
    const result = await ask(type, { offerId: offer.id });
    accept.disabled = reject.disabled = false;
    if (result.ok && type === "offer.accept") {
      wanted = workItem.id;
      show();
    }
  };
  accept.onclick = () => answer("offer.accept");
  reject.onclick = () => answer("offer.reject");
  return make("li", "offer", {},
    make("div", "row", {}, make("span", "who grow", { textContent: name }), make("span", "quiet", { textContent: workItem.mediaType })),
    make("p", "what", { textContent: textOf(message) }),
    make("div", "row", {}, accept, reject, make("span", "quiet left")));
}

function showOffer(element, { offer }) {
  const left = Math.ceil((Date.parse(offer.expiresAt) - (Date.now() - clockSkew)) / 1000);
  element.querySelector(".left").textContent = left > 0 ? `${left} s left` : "expires";
}

function newEntry({ workItem }) {
  const button = make("button", "item", { type: "button" },
    make("span", "unread"), make("span", "who"), make("span", "quiet last"));
  button.onclick = () => select(workItem.id);
  return make("li", "", {}, button);
}

function showEntry(element, item) {
  const button = element.firstElementChild;
  button.setAttribute("aria-current", String(item.workItem.id === selected));
  button.querySelector(".who").textContent = nameOf(item.workItem);
  const unread = button.querySelector(".unread");
  unread.textContent = item.unread ? `${item.unread} new` : "";
  unread.hidden = !item.unread;
  button.querySelector(".last").textContent = textOf(saidIn(item).at(-1));
}

let wanted = null;          // a work item that is to be shown as soon as it is there

function select(id) {
  const before = items.get(selected);
  if (before) before.draft = $("text").value;
  selected = id;
  const item = items.get(id);
  if (item) item.unread = 0;
  $("thread").replaceChildren();
  $("text").value = item?.draft ?? "";
  document.body.dataset.view = item ? "conversation" : "list";
  show();
  if (item) $("text").focus();
}

function showConversation() {
  if (wanted && items.has(wanted)) {
    const id = wanted;
    wanted = null;
    return select(id);
  }
  const item = items.get(selected);
  $("conversation").hidden = !item;
  $("nothing").hidden = Boolean(item);
  if (!item) return;
  const { workItem } = item;
  $("customer").textContent = nameOf(workItem);
  const address = workItem.customer?.address;
  const about = [workItem.mediaType, address, workItem.subject, `queue ${workItem.queue}`, workItem.state];
  $("about").textContent = about.filter(Boolean).join(" · ");
  $("complete").textContent = workItem.state === "wrapping" ? "End wrap-up" : "Complete";
  showPossible(item);
  const thread = $("thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  const messages = [...saidIn(item), ...item.sending];
  sync(thread, messages, (message) => message.id ?? message.key, newMessage, (element, message) => showStatus(element, item, message));
  if (atEnd) thread.scrollTop = thread.scrollHeight;
  sync($("files"), item.files, (file) => file.key, newFile, () => {});
}

function showPossible(item) {
  $("possible").textContent = whenPossible(item, Date.now() - clockSkew);
  $("possible").hidden = !$("possible").textContent;
}

function newMessage(message) {
  const mine = message.direction !== "inbound";
  const parts = (message.parts ?? []).map((part) => (part.type === "attachment" ? attachment(part) : text(part)));
  if (!parts.length) parts.push(make("em", "quiet", { textContent: message.interaction.name }));
  const foot = make("div", "foot", {}, make("span", "", { textContent: mine ? "You" : "" }));
  const at = message.occurredAt ?? message.receivedAt;
  if (at) foot.append(make("time", "", { dateTime: at, textContent: new Date(at).toLocaleTimeString([], { timeStyle: "short" }) }));
  foot.append(make("span", "status"));
  return make("li", mine ? "message mine" : "message", {}, ...parts, foot);
}

function text(part) {
  return make("p", "text", { textContent: part.type === "text" ? part.text : part.fallback });
}

function attachment(part) {
  const name = part.name ?? part.mediaType;
  const size = part.size === null || part.size === undefined ? "" : ` (${bytes(part.size)})`;
  if (part.state !== "ready" || !part.blob) return make("p", "quiet", { textContent: `${name}: ${part.state}` });
  const button = make("button", "", { type: "button", textContent: `Download ${name}${size}` });
  button.onclick = () => download(part.blob, part.name ?? "attachment");
  return make("p", "", {}, button);
}

async function download(digest, name) {
  const answer = await request(`/v1/blobs/${encodeURIComponent(digest)}`);
  if (!answer?.ok) return announce("The file can't be had.");
  const address = URL.createObjectURL(await answer.blob());
  make("a", "", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function showStatus(element, item, message) {
  if (message.direction === "inbound") return;
  const { id } = message;
  const known = item.statuses.get(id) ?? { status: id ? "queued" : "sending", error: null };
  const place = element.querySelector(".status");
  const label = STATUSES[known.status] ?? known.status;
  const why = known.error ? `: ${known.error.message ?? known.error.code}` : "";
  if (place.dataset.shown === label + why) return;
  place.dataset.shown = label + why;
  place.classList.toggle("failed", known.status === "failed");
  place.replaceChildren(label + why);
  if (id && (known.status === "failed" || known.status === "unknown")) {
    const again = make("button", "", { type: "button", textContent: "Send again" });
    again.onclick = () => ask("message.retry", { messageId: id });
    place.append(" ", again);
  }
}

// ---- what the agent does -------------------------------------------------------------------------------------------

async function send() {
  const item = items.get(selected);
  const words = $("text").value.trim();
  if (!item || (!words && !item.files.length)) return;
  if (item.files.some((file) => !file.blob)) return announce("A file is still being uploaded.");
  const files = item.files.splice(0);
  commands += 1;
  const parts = files.map((file) => ({ type: "attachment", name: file.name, mediaType: file.mediaType, size: file.size, blob: file.blob, state: "ready" }));
  if (words) parts.unshift({ type: "text", text: words });
  const draft = { key: `draft-${commands}`, direction: "outbound", parts, occurredAt: new Date().toISOString(), interaction: { name: "message.send" } };
  item.sending.push(draft);
  item.draft = $("text").value = "";
  show();
  $("thread").scrollTop = $("thread").scrollHeight;
  const attachments = files.map(({ blob, name, mediaType }) => ({ blob, name, mediaType }));
  const result = await ask("message.send", { workItemId: item.workItem.id, text: words, attachments, idempotencyKey: `${session}-${draft.key}` });
  item.sending = item.sending.filter((other) => other !== draft);
  if (result.ok) {
    if (!item.messages.has(result.messageId)) item.messages.set(result.messageId, { ...draft, id: result.messageId });
  } else {
    item.files = [...files, ...item.files];
    restore(item, words);
  }
  show();
}

/** Gives back what could not be sent. */
function restore(item, words) {
  const open = items.get(selected) === item;
  const written = open ? $("text").value : item.draft;
  item.draft = [words, written].filter(Boolean).join("\n");
  if (open) $("text").value = item.draft;
}

function newFile(file) {
  const remove = make("button", "", { type: "button", textContent: `Remove ${file.name}` });
  remove.onclick = () => {
    const item = items.get(selected);
    if (item) item.files = item.files.filter((other) => other !== file);
    show();
  };
  return make("li", "", {}, remove);
}

async function attach(list) {
  const item = items.get(selected);
  if (!item) return;
  await Promise.all([...list].map(async (content) => {
    commands += 1;
    const file = { key: `file-${commands}`, name: content.name, mediaType: content.type || "application/octet-stream", size: content.size };
    item.files.push(file);
    show();
    const answer = await request("/v1/blobs", { method: "POST", body: content });
    if (answer?.ok) file.blob = (await answer.json()).digest;
    else {
      item.files = item.files.filter((other) => other !== file);
      announce(`${file.name} could not be uploaded.`);
    }
    show();
  }));
}

$("presence").onchange = async () => {
  const result = await ask("agent.set-state", { state: $("presence").value });
  if (!result.ok) $("presence").value = agent.state;
};
$("notify").onclick = async () => {
  await Notification.requestPermission();
  showMe();
};
$("complete").onclick = () => selected && ask("work-item.complete", { workItemId: selected });
$("back").onclick = () => select(null);
$("answer").onsubmit = (event) => {
  event.preventDefault();
  send();
};
$("text").onkeydown = (event) => {
  // While a text is being composed with an input method, Enter ends the word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
};
$("attach").onchange = async () => {
  const files = [...$("attach").files];
  $("attach").value = "";
  await attach(files);
};
$("sign-in").onsubmit = (event) => {
  event.preventDefault();
  location.hash = new URLSearchParams({ token: $("token").value.trim() });
};
window.addEventListener("hashchange", () => {
  token = tokenOfAddress();
  // Somebody else signs in: what was said and not yet heard is not theirs to say.
  waiting.clear();
  select(null);
  beginAnew();
});
window.addEventListener("online", () => socket ?? connect());
document.addEventListener("visibilitychange", () => {
  const item = items.get(selected);
  if (document.hidden || !item) return;
  item.unread = 0;
  show();
});
setInterval(() => {
  for (const element of $("offers").children) {
    const entry = offers.get(element.dataset.key);
    if (entry) showOffer(element, entry);
  }
  // What is possible ends by the clock, not by an event.
  const item = items.get(selected);
  if (item) showPossible(item);
}, 500);

connect();
