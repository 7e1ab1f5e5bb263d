"""What Slack's Python SDK signs, takes for genuine and sends.

Reads JSON from stdin. {"secret", "sign": [[time, body]]} prints a signature a line; {"secret", "verify": [[time, signature,
body]]} prints `true` or `false` a line; {"base", "token", "channel", "thread", "text", "file"} posts the text and the
file into the thread, the wire to be looked at where `base` leads.
"""

import json
import sys

from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

given = json.load(sys.stdin)
if "secret" in given:
    verifier = SignatureVerifier(given["secret"])
    for time, body in given.get("sign", []):
        print(verifier.generate_signature(timestamp=str(time), body=body))
    for time, signature, body in given.get("verify", []):
        print(json.dumps(verifier.is_valid(body, time, signature)))
else:
    client = WebClient(token=given["token"], base_url=given["base"] + "/")
    client.chat_postMessage(channel=given["channel"], text=given["text"], thread_ts=given["thread"])
    client.files_upload_v2(
        channel=given["channel"],
        thread_ts=given["thread"],
        filename=given["file"]["name"],
        title=given["file"]["name"],
        content=given["file"]["content"],
    )
