"""Proxies of a few lines, as children of the lab: one that works, and those that do what they should not."""

from __future__ import annotations

import sys
from pathlib import Path

from trioproxy.lab.wire.reading import parse_target
from trioproxy.lab.wire.target import Target

# Bytes in, bytes out: whatever one side does, the other is told. Threads, so that it is a few lines.
RELAY = """
import socket, struct, sys, threading

def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for each in (source, sink):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

def serve(client):
    try:
        upstream = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError:
        client.sendall(b"HTTP/1.1 502 Bad Gateway\\r\\ncontent-length: 0\\r\\n\\r\\n")
        client.close()
        return
    for each in (client, upstream):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pump, args=(client, upstream), daemon=True).start()
    pump(upstream, client)

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
# Says something and is gone.
LEAVES_AT_ONCE = "import sys; print('no licence', file=sys.stderr); sys.exit(3)"
SLEEPS = "import time; print('thinking', flush=True); time.sleep(1000)"
# Will not be asked to leave.
STUBBORN = """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(1000)
"""
# Leaves a daemon behind, made as they are made: of two forks, in a session of its own.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(1000)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
print("ready", flush=True)
time.sleep(float(sys.argv[2]))
"""
# Works for some connections, then dies in the middle of one.
MORTAL = RELAY.replace(
    "def serve(client):\n",
    "import os\nserved = []\ndef serve(client):\n    served.append(1)\n"
    "    if len(served) > int(sys.argv[3]): os._exit(9)\n",
)


def target(
    folder: Path, script: str, *arguments: str, more: str = "", speaks: str = "h1", start_limit_s: float = 10
) -> Target:
    """A target whose command is `script`, run by this interpreter."""
    file = folder / "script.py"
    file.write_text(script)
    command = ", ".join(f'"{word}"' for word in (sys.executable, "-S", str(file), *arguments))
    run = f"[run]\ncommand = [{command}]\nstart_limit_s = {start_limit_s}\n"
    return parse_target(f'name = "tiny"\nsays = "a test"\nspeaks = ["{speaks}"]\n{more}\n{run}', "tiny.toml")


def relay(folder: Path) -> Target:
    """A target that works."""
    return target(folder, RELAY, "{port}", "{upstream_port}")


def alive(pid: int) -> bool:
    """The process is there, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
