"""Runs a command for as long as somebody holds the other end of the standard input.

A process of its own, by path and on the standard library alone, between the program and its engine:
the kernel closes a pipe however its owner ends, SIGKILL included. The parent-death signal of Linux
would save this process, but it fires when the *thread* that started the child ends, needs code
between fork and exec, which is unsafe in a program with threads, and exists nowhere else.

Arguments: a scratch directory, then the command. The command's process id is the one line written
to the standard output; everything the command writes goes to the standard error. The scratch
directory is removed when the owner has gone, and left to the owner when the command ends by itself.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

GRACE = 3.0
"""Seconds between the request to end and the kill. Nothing in an engine is worth saving."""


def main(scratch: str, command: list[str]) -> int:
    """Run the command to its end, or to the owner's; answer its exit code."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    print(child.pid, flush=True)
    owner_gone = threading.Event()
    threading.Thread(target=_end_with_owner, args=(child, owner_gone), daemon=True).start()
    code = child.wait()
    if owner_gone.is_set():
        shutil.rmtree(scratch, ignore_errors=True)
    return code


def _end_with_owner(child: subprocess.Popen[bytes], owner_gone: threading.Event) -> None:
    # Not through sys.stdin: its lock would still be held when the command ends before the owner.
    while os.read(0, 4096):
        pass
    owner_gone.set()
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
