"""Sends with pywa what the drivers send, to a Graph API on this machine.

Reads {"base": URL, "number": ..., "token": ..., "to": ..., "keys": [text, picture, template]} from stdin.
"""

import json
import sys

import httpx
from pywa import WhatsApp
from pywa.types.templates import BodyText, TemplateLanguage

asked = json.load(sys.stdin)
local = httpx.URL(asked["base"])


class Here(httpx.HTTPTransport):
    """Sends everything to this machine."""

    def handle_request(self, request):
        request.url = request.url.copy_with(scheme=local.scheme, host=local.host, port=local.port)
        return super().handle_request(request)


client = WhatsApp(
    phone_id=asked["number"], token=asked["token"], session=httpx.Client(transport=Here()), api_version=23.0
)
text, picture, template = asked["keys"]
client.send_message(to=asked["to"], text="Täxt", tracker=text)
media = client.upload_media(media=b"the bytes", mime_type="image/png", filename="a.png")
client.send_image(to=asked["to"], image=media.id, caption="look", tracker=picture)
client.send_template(
    to=asked["to"],
    name="order_update",
    language=TemplateLanguage.ENGLISH_US,
    params=[BodyText.params("Ann", "7")],
    tracker=template,
)
