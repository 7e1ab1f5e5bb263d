// Decides as whatsapp-api-js does: reads {secret, requests: [{body (base64), signature}]} and prints which are genuine,
// or {token, queries: [{...}]} and prints each one's challenge, null where it is refused.

import { readFileSync } from "node:fs";
import { WhatsAppAPI } from "whatsapp-api-js";

const { secret, requests, token, queries } = JSON.parse(readFileSync(0, "utf8"));
const api = new WhatsAppAPI({ token: "t", appSecret: secret, webhookVerifyToken: token, v: "v23.0" });

async function isGenuine({ body, signature }) {
  if (!signature) return false;
  return api.verifyRequestSignature(Buffer.from(body, "base64").toString("utf8"), signature);
}
function challenge(query) {
  try {
    return api.get(query) ?? null;
  } catch {
    return null;
  }
}
console.log(JSON.stringify(requests ? await Promise.all(requests.map(isGenuine)) : queries.map(challenge)));
