"""Asks a mailbox by IMAP. Takes JSON on stdin: port, user, and `append` (a mail to put in) or nothing. Prints JSON: the
threads of the INBOX by References, and the flags of its mails."""

import imaplib
import json
import sys

given = json.loads(sys.stdin.read())
box = imaplib.IMAP4("127.0.0.1", given["port"])
box.login(given["user"], "pw")
box.select("INBOX")
if given.get("append"):
    box.append("INBOX", None, None, given["append"].encode())
threads = box.thread("REFERENCES", "UTF-8", "ALL")[1][0].decode()
flags = [flags.decode() for flags in box.fetch("1:*", "(FLAGS)")[1] if flags]
print(json.dumps({"threads": threads, "flags": flags}))
box.logout()
