// Signs a body as GitHub or Stripe do: reads {scheme, secret, body} from stdin, prints the header's value.

import { readFileSync } from "node:fs";
import { sign } from "@octokit/webhooks-methods";
import Stripe from "stripe";

const { scheme, secret, body } = JSON.parse(readFileSync(0, "utf8"));
const signers = {
  github: () => sign(secret, body),
  stripe: () => Stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
};
console.log(await signers[scheme]());
