"""A clean process that has imported Trackway and started locked workers, and forks the command line from itself.

Starting Python, importing everything and warming up workers takes seconds of a core; a fault test runs the same command
hundreds of times. The child is ``trackway`` itself from its first line on, watched by the injector; only the parent of
its workers is shared. As a script: reads orders from standard input, one JSON a line, answers with the exit status.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from injector import SECONDS, environment, python


class Nursery:
    """A ``Run`` for the injector. ``batch``: traces and places of one transaction, small so that many are cut."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, cmd: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(prefix="trackway-nursery-") as made:
            out, err = Path(made, "out"), Path(made, "err")
            order = {"argv": list(cmd), "env": dict(env), "out": str(out), "err": str(err)}
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            assert answer, "the nursery has ended"
            said = [path.read_text("utf-8", "replace") for path in (out, err)]
            return subprocess.CompletedProcess(list(cmd), int(answer), *said)


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Start one; it ends with the context."""
    watched = environment()
    with subprocess.Popen(
        python(Path(__file__)), env=watched, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the nursery did not start"
        try:
            yield Nursery(process)
        finally:
            process.stdin.close()


def main() -> None:
    import psycopg  # noqa: F401

    from trackway.acts import intake as acts  # noqa: F401  (imported here so that no child has to)
    from trackway.cli import custody, session
    from trackway.cli import intake as intake_command
    from trackway.cli import main as cli
    from trackway.intake import writer
    from trackway.sandbox.pool import Pool

    class Shared(Pool):
        """Takes its workers from the one parent of workers that the nursery has started."""

        def _start(self) -> None:
            assert started._control is not None
            self._control = socket.socket(fileno=os.dup(started._control.fileno()))
            self._control.settimeout(SECONDS)

    def be(order: Mapping[str, object]) -> None:
        """The forked child: the command line, watched."""
        for number, path in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(str(path), os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.alarm(SECONDS)
        env = order["env"]
        assert isinstance(env, dict)
        os.environ.pop("TRACKWAY_FAULT_OWNER", None)
        os.environ.update(env)
        if batch := os.environ.get("TRACKWAY_TEST_BATCH"):
            writer.BATCH_TRACES, writer.BATCH_PLACES, writer.BATCH_SECONDS = map(int, batch.split())
        argv = order["argv"]
        assert isinstance(argv, list)
        sys.argv = ["trackway", *argv]
        ctypes.CDLL(None).trackway_fault_start()
        cli.main()

    def settle() -> None:
        """Take away what the last child left unread between itself and the parent of the workers."""
        from trackway.sandbox.protocol import Ended, EndRequest, answer_decoder, message

        control = started._control
        assert control is not None
        control.send(message(EndRequest(0)))
        while True:
            data, fds, _, _ = socket.recv_fds(control, 65536, 1)
            for fd in fds:
                os.close(fd)
            if answer_decoder.decode(data) == Ended(0, 0):
                return

    with Pool(workers=2) as started:
        for module in (session, intake_command, custody):
            module.workers = lambda: Shared(workers=2)  # type: ignore[attr-defined]
        print("ready", flush=True)
        for line in sys.stdin:
            pid = os.fork()
            if pid == 0:
                code = 70
                try:
                    be(json.loads(line))
                except SystemExit as ended:
                    code = ended.code if isinstance(ended.code, int) else 1
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            _, status = os.waitpid(pid, 0)
            settle()
            print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
