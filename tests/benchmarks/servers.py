"""A shop's server on this machine for benchmarks and proofs: gunicorn on a PostgreSQL of its own.

    with servers.running(workers=2) as server:
        tokens = server.add_terminals("330", 4)
        requests go to server.url, such as "http://127.0.0.1:41234"
        rows = server.rows("SELECT count(*) FROM coupons_redemption")
        server.kill_worker()                            # SIGKILL; gunicorn starts another
        server.kill_postgres(); server.start_postgres() # SIGKILL to the postmaster, and recovery

The cluster is fresh, migrated, durable (fsync) and, like the processes, gone at the end.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2  # type: ignore[import-untyped]  # it brings no types

from loyalty import localpg

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60.0


class Server:
    """A running server; made by `running`.

    url: where it answers, without a slash at the end
    database_url: its database, as settings and psycopg2 read it
    pid: gunicorn's master
    """

    def __init__(self, home: Path, workers: int, options: Sequence[str]) -> None:
        self._home = home
        self._expected = workers
        place = localpg.ensure(home)
        self.database_url = (
            f"postgres://{place['USER']}@{quote(place['HOST'], safe='')}/{place['NAME']}"
        )
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "of a server that lives for a minute, and of no other one",
            "DEBUG": "false",
            "HTTPS": "false",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        }
        self.manage("migrate", "--verbosity", "0")
        self._writing = (home / "gunicorn.log").open("wb")
        with socket.socket() as listening:  # handed over, so that nobody can take the port
            listening.bind(("127.0.0.1", 0))
            listening.listen(512)
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            self._gunicorn = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "--no-control-socket"),
                    *("--workers", str(workers), "--bind", f"fd://{listening.fileno()}"),
                    *options,
                    "loyalty.wsgi",
                ],
                cwd=ROOT,
                env=self.environment,
                pass_fds=[listening.fileno()],
                stdout=self._writing,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._gunicorn.pid

    def manage(self, *words: str) -> str:
        """Run `manage.py words` on this server's database; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def add_terminals(self, store: str, count: int) -> list[str]:
        """Let the tills 1 to `count` in, the store made if need be; return their tokens."""
        letting_in = (
            "from django.core.management import call_command\n"
            f"for number in range(1, {count} + 1):\n"
            f"    call_command('add_terminal', {store!r}, str(number))"
        )
        return self.manage("shell", "-v0", "-c", letting_in).split("\n")[1::2]

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own; return its rows, if it has any."""
        with (
            contextlib.closing(psycopg2.connect(self.database_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    @property
    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        return sorted(pid for pid, parent in _parents() if parent == self.pid)

    @property
    def log(self) -> str:
        """The end of what gunicorn and its workers wrote, and whether gunicorn still runs."""
        ended = self._gunicorn.poll()
        state = "gunicorn runs" if ended is None else f"gunicorn ended with code {ended}"
        return f"{(self._home / 'gunicorn.log').read_text(errors='replace')[-4000:]}\n{state}"

    def kill_worker(self) -> int:
        """SIGKILL one worker, whatever it is doing, and return its process id once it is dead."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (workers := self.workers):  # the last was killed, and the next is not there yet
            if self._gunicorn.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"gunicorn has no workers:\n{self.log}")
            time.sleep(0.01)
        pid = random.choice(workers)
        os.kill(pid, signal.SIGKILL)
        while pid in self.workers:
            time.sleep(0.01)
        return pid

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster: what was not committed is lost, and nothing else may be."""
        pid = localpg.status(self._home).pid
        assert pid is not None, "PostgreSQL does not run"
        os.kill(pid, signal.SIGKILL)

    def start_postgres(self) -> None:
        """Start PostgreSQL again after `kill_postgres`; returns once it has recovered."""
        localpg.ensure(self._home)

    def wait(self) -> None:
        """Return once every worker is there and the server answers."""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(self.workers) < self._expected or not self._answers():
            if self._gunicorn.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"gunicorn does not answer:\n{self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        self._gunicorn.terminate()
        try:
            self._gunicorn.wait(10)
        except subprocess.TimeoutExpired:
            for pid in (*self.workers, self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._gunicorn.wait()
        self._writing.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/coupons/x", timeout=10):
                return True
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False


@contextlib.contextmanager
def running(workers: int = 2, options: Sequence[str] = ()) -> Iterator[Server]:
    """Yield a server with so many gunicorn workers; `options` are gunicorn's."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-server-"))
    # Passable, though not readable: PostgreSQL runs as nobody where this runs as root.
    folder.chmod(0o711)
    home = folder / "postgres"
    server = None
    try:
        server = Server(home, workers, options)
        server.wait()
        yield server
    finally:
        if server is not None:
            server.stop()
        localpg.stop(home)
        if (pointer := home / "elsewhere").exists():
            shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield every process with its parent."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
        for line in listing.stdout.splitlines():
            pid, parent = line.split()
            yield int(pid), int(parent)
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            state, parent_, *_ = (folder / "stat").read_text("latin-1").rpartition(")")[2].split()
            if state != "Z":
                yield int(folder.name), int(parent_)
