"""Decides as pywa does which webhooks are genuine.

Reads {"secret": ..., "requests": [{"body": base64, "signature": text or null}]} from stdin, prints a list of booleans.
"""

import base64
import json
import sys

from pywa.utils import webhook_updates_validator

asked = json.load(sys.stdin)


def is_genuine(request):
    if not request["signature"]:
        return False
    body = base64.b64decode(request["body"])
    return webhook_updates_validator(asked["secret"], body, request["signature"])


print(json.dumps([is_genuine(request) for request in asked["requests"]]))
