"""An example of a driver in Python: slips of paper by HTTP.

A slip comes in as POST {"id": ..., "from": ..., "text": ...}; an agent's answer goes out by `http.send` as
POST {"to": ..., "text": ...} to the setting `reply-url`, with the channel's secret `token` if it has one. See
docs/drivers/in-python.md for how it is built.
"""

import json
import random
import sys
import time

from wit_world.imports import log, server

import jackfield
from jackfield import BadSetting, Failure

settings = {}


class Driver:
    def describe(self):
        return jackfield.descriptor(
            name="slips-py",
            version="1.0.0",
            title="Slips of paper, in Python",
            media_types=["slip"],
            interactions=["message.send"],
            settings_schema={
                "type": "object",
                "properties": {"reply-url": {"type": "string"}},
                "required": ["reply-url"],
                "additionalProperties": False,
            },
            secrets=[jackfield.secret("token", "sent with answers as Bearer", required=False)],
            capabilities=[jackfield.capability("http", ["{reply-url}"], "answers are sent there")],
            headers=["content-type"],
        )

    @jackfield.configuration
    def configure(self, context, given):
        if not given["reply-url"].startswith(("https://", "http://")):
            raise BadSetting("/reply-url", "it is not a URL", "write a whole one, https://...")
        settings.update(given)

    @jackfield.delivery
    def deliver(self, delivery):
        answer = jackfield.post_json(
            settings["reply-url"],
            {"to": delivery.message.work_item.conversation, "text": jackfield.text_of(delivery.message)},
            headers={"idempotency-key": delivery.idempotency_key},
            bearer="token" if jackfield.has_secret("token") else None,
        )
        print(f"answered {answer.status}")
        if answer.status >= 300:
            raise Failure("permanent" if answer.status < 500 else "temporary", f"it answered {answer.status}")
        return jackfield.receipt([str(json.loads(jackfield.body_of(answer))["id"])])


class Webhook:
    @jackfield.handler
    def receive(self, request):
        slip = json.loads(jackfield.body_of(request))
        number = random.randrange(1_000_000)
        log.write(log.Level.INFO, f"slip {slip['id']}", [("number", str(number))])
        print(f"slip {slip['id']} came at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}")
        print(f"its number is {number}", file=sys.stderr)
        server.push(
            jackfield.support_request(
                event_id=slip["id"],
                media_type="slip",
                conversation=slip["from"],
                customer_address=slip["from"],
                text=slip["text"],
                occurred_at=time.time(),
            )
        )
        return jackfield.json_response(200, {"id": slip["id"], "number": number})
