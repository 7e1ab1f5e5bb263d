// Sends with whatsapp-api-js what the drivers send, to a Graph API on this machine.
// Reads {base, number, token, to, keys: [text, picture, template]}.

import { readFileSync } from "node:fs";
import { WhatsAppAPI } from "whatsapp-api-js";
import { BodyComponent, BodyParameter, Image, Language, Template, Text } from "whatsapp-api-js/messages";

const { base, number, token, to, keys } = JSON.parse(readFileSync(0, "utf8"));
const here = (url, options) => fetch(url.replace("https://graph.facebook.com", base), options);
const api = new WhatsAppAPI({ token, secure: false, v: "v23.0", ponyfill: { fetch: here } });
const recipient = { phone: to };
const [text, picture, template] = keys;

await api.sendMessage(number, recipient, new Text("Täxt"), undefined, text);
const form = new FormData();
form.set("file", new Blob(["the bytes"], { type: "image/png" }), "a.png");
form.set("messaging_product", "whatsapp");
const { id } = await api.uploadMedia(number, form);
await api.sendMessage(number, recipient, new Image(id, true, "look"), undefined, picture);
const body = new BodyComponent(new BodyParameter("Ann"), new BodyParameter("7"));
await api.sendMessage(number, recipient, new Template("order_update", new Language("en_US"), body), undefined, template);
