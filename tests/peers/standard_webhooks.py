"""Signs and verifies as Standard Webhooks describe, with their own library.

Reads {"secret", "body", "id", "time"} from stdin and prints the value of webhook-signature, or with "headers" in place
of "id" and "time" verifies the body against them and prints `genuine` or `not genuine`.
"""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

request = json.load(sys.stdin)
webhook = Webhook(request["secret"])
if "headers" in request:
    try:
        webhook.verify(request["body"], request["headers"])
        print("genuine")
    except WebhookVerificationError:
        print("not genuine")
else:
    time = datetime.fromtimestamp(request["time"], tz=timezone.utc)
    print(webhook.sign(request["id"], time, request["body"]))
