"""What a driver in Python is written with: it fills in what the specification wants to see and a driver seldom has
(the bindings' records have no defaults), and turns exceptions into errors. Copy it beside your driver.
"""

import functools
import json

from componentize_py_types import Err
from wit_world.exports import driver as exported
from wit_world.imports import http, http_types, message, secrets


class Failure(Exception):
    """What went wrong, with a code of the catalogue in message.wit, or `your-driver/code`."""

    def __init__(self, code, text, retry_after_ms=None, attributes=()):
        super().__init__(f"{code}: {text}")
        self.error = message.Error(code, text, retry_after_ms, list(attributes))


class BadSetting(Exception):
    """A setting that can't be used; `key` is a JSON Pointer into the settings. Raise it in `configure`."""

    def __init__(self, key, text, remedy):
        super().__init__(text)
        self.key, self.remedy = key, remedy


def error_of(raised, code="permanent"):
    """The error of an exception: of a call of the host, one of our own, or any other."""
    if isinstance(raised, Failure):
        return raised.error
    if isinstance(raised, Err):
        value = raised.value
        if isinstance(value, message.Error):
            return value
        if hasattr(value, "code"):
            return message.Error(value.code, value.text, None, [])
    return message.Error(code, f"{type(raised).__name__}: {raised}"[:4000], None, [])


def handler(run):
    """A handler that returns `result<_, error>`: what is raised in it is answered as an error, not as a trap."""

    @functools.wraps(run)
    def guarded(*given):
        try:
            return run(*given)
        except Exception as raised:
            raise Err(error_of(raised)) from raised

    return guarded


def delivery(run):
    """The handler `deliver`, which returns an outcome: what is raised in it is the outcome `failure`."""

    @functools.wraps(run)
    def guarded(*given):
        try:
            return run(*given)
        except Exception as raised:
            return exported.Outcome_Failure(error_of(raised))

    return guarded


def configuration(run):
    """The handler `configure`, given the settings as read: what is raised is shown to the operator."""

    @functools.wraps(run)
    def guarded(self, context, settings):
        try:
            return run(self, context, json.loads(settings))
        except Exception as raised:
            key, remedy = getattr(raised, "key", ""), getattr(raised, "remedy", "correct it")
            raise Err(exported.SettingsError(key, str(raised), remedy, [])) from raised

    return guarded


def receipt(external_ids, conversation=None, status="sent", attributes=()):
    """The outcome of a delivery that the channel took, with the channel's ids of what was sent."""
    return exported.Outcome_Receipt(exported.Receipt(list(external_ids), conversation, status, list(attributes)))


def secret(name, title, required=True):
    """A secret that the operator has to give."""
    return exported.WantedSecret(name, title, required, [])


def capability(name, targets, reason, required=True):
    """Something outside that the driver wants to reach."""
    return exported.WantedCapability(name, list(targets), reason, required, [])


def descriptor(name, version, media_types, interactions, title="", vendor="", settings_schema=None, **others):
    """A descriptor: whatever isn't given is empty. A media type is a name, or an `exported.MediaType`."""
    rest = {"commands": [], "secrets": [], "capabilities": [], "instances": [], "headers": [], "limits": []}

    def media(given):
        return exported.MediaType(given, False, None, None, True, []) if isinstance(given, str) else given

    return exported.Descriptor(
        name=name,
        version=version,
        vendor=vendor,
        title=title or name,
        media_types=[media(given) for given in media_types],
        interactions=[exported.SupportedInteraction(named, []) for named in interactions],
        settings_schema=json.dumps(settings_schema or {"type": "object"}),
        attributes=[],
        **(rest | others),
    )


def support_request(event_id, media_type, conversation, customer_address, text, occurred_at=None, name=None):
    """The request `support-request`: what a customer said. `occurred_at`: seconds, as `time.time()` has them."""
    customer = message.Customer(customer_address, [], name, None, [])
    return message.Message(
        id=None,
        event_id=event_id,
        external_id=event_id,
        channel=None,
        driver=None,
        media_type=media_type,
        direction=None,
        occurred_at=None if occurred_at is None else int(occurred_at * 1000),
        received_at=None,
        cause=None,
        digest=None,
        work_item=message.WorkItemInfo(None, conversation, customer, None, None, None, None, []),
        agent=None,
        queue=None,
        statistics=None,
        connection=None,
        rule=None,
        interaction=message.Interaction(message.Kind.REQUEST, "support-request", "{}", None, None),
        parts=[message.Part_Text(message.TextPart(text, "plain", None, []))],
        attributes=[],
    )


def text_of(given):
    """The texts of a message, one below the other."""

    def text(part):
        return part.value.text if isinstance(part, message.Part_Text) else getattr(part.value, "fallback", "")

    return "\n".join(text(part) for part in given.parts)


def body_of(given):
    """The bytes of a request's or response's body."""
    if not isinstance(given.body, http_types.Body_Bytes):
        raise Failure("too-large", "the body is too large")
    return given.body.value


def json_response(status, value):
    """A response to a webhook, with a JSON body."""
    headers = [http_types.Header("content-type", b"application/json")]
    return http_types.Response(status, headers, http_types.Body_Bytes(json.dumps(value).encode()), [])


def has_secret(name):
    """Whether the operator gave this secret."""
    return name in secrets.names()


def post_json(url, value, headers=None, bearer=None):
    """Sends JSON and waits for the answer. `bearer`: a secret's name; the host puts it in, it is never seen here."""

    def text(given):
        return [secrets.Piece_Text(given)]

    lines = {"content-type": "application/json", **(headers or {})}
    fields = [http.Field(name, text(given)) for name, given in lines.items()]
    if bearer:
        fields.append(http.Field("authorization", [secrets.Piece_Text("Bearer "), secrets.Piece_Secret(bearer)]))
    options = http.Options(None, None, 0, False, [], [])
    return http.send(http.Outgoing("POST", text(url), fields, text(json.dumps(value)), options))
