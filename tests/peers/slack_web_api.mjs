// What Slack's library for Node sends: reads {base, token, message} from stdin and posts the message, the wire to be looked
// at where `base` leads.

import { readFileSync } from "node:fs";
import { WebClient } from "@slack/web-api";

const { base, token, message } = JSON.parse(readFileSync(0, "utf8"));
await new WebClient(token, { slackApiUrl: base, logLevel: "error" }).chat.postMessage(message);
