"""What python-telegram-bot sends for a call, and whom its webhook lets in.

Reads {"base", "token", "calls": [[method, arguments]]} from stdin and makes the calls, the wire to be looked at where
`base` leads; a `reply_to` among the arguments is the quoted message, a `document` text the file's content. With "secret"
besides, and "requests": [{headers, body}], it serves its webhook with that secret and prints the status that each gets.
"""

import asyncio
import json
import socket
import sys

import httpx
from telegram import Bot, InputFile, ReplyParameters
from telegram.ext import ApplicationBuilder


async def call(given):
    async with Bot(given["token"], base_url=given["base"] + "/bot") as bot:
        for method, arguments in given["calls"]:
            if "reply_to" in arguments:
                arguments["reply_parameters"] = ReplyParameters(arguments.pop("reply_to"))
            if "document" in arguments:
                arguments["document"] = InputFile(arguments["document"].encode(), filename=arguments.pop("filename"))
            await getattr(bot, method)(**arguments)


async def serve(given):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    application = ApplicationBuilder().token(given["token"]).base_url(given["base"] + "/bot").build()
    async with application:
        url = f"http://127.0.0.1:{port}/hook"
        await application.updater.start_webhook(
            listen="127.0.0.1", port=port, url_path="/hook", webhook_url=url, secret_token=given["secret"]
        )
        async with httpx.AsyncClient() as client:
            for request in given["requests"]:
                headers = {"content-type": "application/json", **request["headers"]}
                answer = await client.post(url, content=request["body"].encode(), headers=headers)
                print(answer.status_code)
        await application.updater.stop()


given = json.load(sys.stdin)
asyncio.run(serve(given) if "secret" in given else call(given))
