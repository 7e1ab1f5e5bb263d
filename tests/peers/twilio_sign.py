"""Signs a webhook as Twilio does, with Twilio's own library.

Reads {"token": ..., "url": ..., "params": {...}} from stdin, prints the value of X-Twilio-Signature.
"""

import json
import sys

from twilio.request_validator import RequestValidator

request = json.load(sys.stdin)
print(RequestValidator(request["token"]).compute_signature(request["url"], request["params"]))
