"""Postfix and Dovecot (LMTP with Sieve, IMAP) for one test. Takes JSON on stdin: a folder, the ports of both and of the
driver, and perhaps a certificate with its key, and where the driver listens by SMTP; then there are TLS, a port for who
logs in, and IMAP with TLS from the first byte. Prints `ready` once they listen; ends them with its stdin. Needs root, as
mail servers do."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

VACATION = """require ["vacation"];
vacation :days 1 :addresses ["away@example.net"] "I am away.";
"""


def wait_for(port):
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def postfix(folder, ports, tls):
    config, queue, data = folder / "postfix", folder / "queue", folder / "data"
    for each in (config, queue, data):
        each.mkdir()
    subprocess.run(["chown", "postfix", data], check=True)
    transports = {
        "support.test": f"lmtp:inet:127.0.0.1:{ports['driver']}",
        "example.net": f"lmtp:inet:127.0.0.1:{ports['lmtp']}",
        # The driver knows nobody there: Postfix has taken the mail, and sends it back.
        "gone.test": f"lmtp:inet:127.0.0.1:{ports['driver']}",
    }
    if tls:
        transports["direct.test"] = f"smtp:[127.0.0.1]:{ports['direct']}"
    maps = ", ".join(f"{{{domain}={transport}}}" for domain, transport in transports.items())
    (config / "main.cf").write_text(
        f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = gw.test
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = support.test
local_recipient_maps =
transport_maps = inline:{{ {maps} }}
smtp_host_lookup = native
lmtp_host_lookup = native
smtputf8_enable = yes
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
alias_maps =
"""
    )
    services = [f"{ports['smtp']} inet n - n - - smtpd"]
    if tls:
        with (config / "main.cf").open("a") as main:
            main.write(
                f"""smtp_tls_security_level = verify
smtp_tls_CAfile = {tls['certificate']}
smtp_tls_loglevel = 1
smtpd_tls_cert_file = {tls['certificate']}
smtpd_tls_key_file = {tls['key']}
smtpd_tls_loglevel = 1
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{ports['auth']}
"""
            )
        services.append(
            f"""{ports['submission']} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"""
        )
    for line in Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
        words = line.split()
        if not line or line[0] in "# \t" or words[0] == "smtp" and words[1] == "inet":
            continue
        words[4] = "n"
        services.append(" ".join(words))
    (config / "master.cf").write_text("\n".join(services) + "\n")
    subprocess.run(["postfix", "-c", config, "start"], check=True, stdout=sys.stderr)
    return int((queue / "pid/master.pid").read_text())


def dovecot(folder, ports, tls):
    base = folder / "dovecot"
    for user, sieve in (("ann", None), ("away", VACATION), ("box", None)):
        home = base / "home" / user
        home.mkdir(parents=True)
        if sieve:
            (home / ".dovecot.sieve").write_text(sieve)
    subprocess.run(["chown", "-R", "nobody:nogroup", base / "home"], check=True)
    config = base / "dovecot.conf"
    secured = "ssl = no"
    if tls:
        secured = f"""ssl = yes
ssl_cert = <{tls['certificate']}
ssl_key = <{tls['key']}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {ports['auth']}
  }}
}}"""
    config.write_text(
        f"""base_dir = {base}/run
log_path = {folder}/dovecot.log
{secured}
disable_plaintext_auth = no
protocols = imap lmtp
listen = 127.0.0.1
first_valid_uid = 1
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={base}/home/%n allow_all_users=yes
}}
mail_location = maildir:~/Maildir
hostname = example.net
submission_host = 127.0.0.1:{ports['smtp']}
service imap-login {{
  inet_listener imap {{
    port = {ports['imap']}
  }}
  inet_listener imaps {{
    port = {ports.get('imaps', 0)}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {ports['lmtp']}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
  auth_username_format = %Ln
}}
protocol imap {{
  auth_username_format = %Ln
}}
"""
    )
    return subprocess.Popen(["dovecot", "-F", "-c", config], stdout=sys.stderr)


def main():
    given = json.loads(sys.stdin.readline())
    folder = Path(given["folder"])
    # The servers' own users have to come by.
    os.chmod(folder, 0o755)
    ports = given["ports"]
    tls = given.get("tls")
    mailboxes = dovecot(folder, ports, tls)
    try:
        master = postfix(folder, ports, tls)
        try:
            for name in ("smtp", "lmtp", "imap", "imaps", "submission", "auth"):
                if name in ports:
                    wait_for(ports[name])
            print("ready", flush=True)
            sys.stdin.read()
        finally:
            # By its number: where a test failed, the folder may be gone by now.
            os.kill(master, signal.SIGTERM)
    finally:
        mailboxes.send_signal(signal.SIGTERM)
        mailboxes.wait(20)


main()
