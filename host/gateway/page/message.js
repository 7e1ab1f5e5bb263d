// What messages say, in words: no page, no connection, no clock of its own.

/** How a customer is called. */
export function nameOf(workItem) {
  return workItem.customer?.name || workItem.customer?.address || workItem.conversation || "a customer";
}

/** A message's parts as one text. */
export function textOf(message) {
  const texts = (message?.parts ?? []).map((part) => {
    if (part.type === "text") return part.text;
    if (part.type === "attachment") return `[${part.name ?? part.mediaType}]`;
    return part.fallback;
  });
  return texts.join("\n") || (message ? message.interaction.name : "");
}

/** Whether a message is something said, and not the channel's word on which commands are possible. */
export function isSaid(message) {
  return message.interaction.name !== "command.status-changed";
}

/** What was said of a work item. */
export function saidIn(item) {
  return [...item.messages.values()].filter(isSaid);
}

/**
 * Whether the channel takes answers at `now` (the server's milliseconds), as it told last: until when, or why not.
 * Nothing where it never spoke of it.
 */
export function whenPossible(item, now) {
  const told = [...item.messages.values()].filter((message) => !isSaid(message));
  const states = told.flatMap((message) => message.interaction.arguments?.commands ?? []);
  const state = states.findLast(({ command }) => command === "message.send");
  if (!state) return "";
  const until = state.until ? Date.parse(state.until) : Infinity;
  const tip = state.tooltip ? ` ${state.tooltip}` : "";
  if (!state.enabled || until <= now) return `Answers don't go out now.${tip}`;
  if (until === Infinity) return "";
  return `Answers go out until ${new Date(until).toLocaleString([], { dateStyle: "short", timeStyle: "short" })}.${tip}`;
}

/** A size, rounded. */
export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  return count < 1024 * 1024 ? `${Math.round(count / 1024)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/** What an agent reads for a message's status. */
export const STATUSES = {
  sending: "sending ...", queued: "on its way", sent: "sent", delivered: "delivered", read: "read",
  unknown: "perhaps sent", failed: "failed",
};
