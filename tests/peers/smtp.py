"""An SMTP server with STARTTLS and AUTH. Takes JSON on stdin: certificate, key, user, password. Prints its port, then
each mail as a line of JSON; ends with its stdin."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode(),
            "user": session.auth_data.login.decode(),
            "tls": session.ssl is not None,
        }
        print(json.dumps(mail), flush=True)
        return "250 kept"


async def main():
    given = json.loads(sys.stdin.readline())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given["certificate"], given["key"])

    def authenticate(server, session, envelope, mechanism, data):
        good = data.login == given["user"].encode() and data.password == given["password"].encode()
        return AuthResult(success=good, handled=False, auth_data=data)

    def protocol():
        return SMTP(
            Keep(),
            hostname="relay.example",
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
