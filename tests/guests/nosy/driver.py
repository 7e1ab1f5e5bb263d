"""A driver in Python that looks at everything a Python program can look at. The last part of the path says what to do;
the answer is what came of it."""

import os
import random
import socket
import sys
import time

from wit_world.imports import http_types

import jackfield


def files():
    told = []
    for path in ["/", ".", "/etc/passwd"]:
        try:
            told.append(f"{path}: {os.listdir(path) if path != '/etc/passwd' else open(path).read()}")
        except OSError as error:
            told.append(f"{path}: {type(error).__name__}")
    try:
        open("/tmp/left", "w").close()
        told.append("written")
    except OSError as error:
        told.append(f"write: {type(error).__name__}")
    return " ".join(told)


def sockets():
    told = []
    for name, kind in [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)]:
        try:
            opened = socket.socket(socket.AF_INET, kind)
            opened.connect(("127.0.0.1", 9))
            told.append(f"{name}: connected")
        except Exception as error:
            told.append(f"{name}: {type(error).__name__}")
    try:
        told.append(f"name: {socket.getaddrinfo('localhost', 80)}")
    except Exception as error:
        told.append(f"name: {type(error).__name__}")
    return " ".join(told)


def stopwatch():
    begin, wall = time.monotonic(), time.time()
    time.sleep(0.05)
    return f"{time.monotonic() - begin:.3f} {wall:.0f}"


def lines():
    for number in range(200):
        print(f"noise {number} " + "x" * 6000)
    return "said"


def busy():
    while True:
        time.time()


DEEDS = {
    "environment": lambda: f"{dict(os.environ)} {sys.argv[1:]} {sys.stdin.read()!r}",
    "files": files,
    "sockets": sockets,
    "stopwatch": stopwatch,
    "random": lambda: f"{random.random()} {os.urandom(8).hex()}",
    "secret": lambda: print("the token is hidden-in-Python, is it?", file=sys.stderr) or "said",
    "half": lambda: sys.stdout.write("a line without an end") and sys.stdout.flush() or "said",
    "lines": lines,
    "sleep": lambda: time.sleep(3600) or "slept",
    "busy": busy,
    "exit": lambda: os._exit(3),
    "raise": lambda: {}["nothing"],
}


class Driver:
    def describe(self):
        return jackfield.descriptor("nosy", "1.0.0", ["noise"], [], secrets=[jackfield.secret("token", "to be kept")])

    def configure(self, context, settings):
        pass

    def deliver(self, delivery):
        return jackfield.receipt([])


class Webhook:
    @jackfield.handler
    def receive(self, request):
        told = DEEDS[request.url.rsplit("/", 1)[1]]()
        return http_types.Response(200, [], http_types.Body_Bytes(told.encode()), [])
