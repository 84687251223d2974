"""``enishi serve``: web, consumer and worker as one service."""

from __future__ import annotations

import contextvars
import errno
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

import click

from enishi.cli import processes
from enishi.cli.demo import accounts_option, score_sample
from enishi.cli.init import tell_sign_in
from enishi.cli.installation import log_to_stderr, open_django, open_installation
from enishi.cli.sample import Wanted, bring_sample, find_sample
from enishi.cli.setting_up import SignIn, set_up
from enishi.cli.supervisor import Child, Supervisor, stop_on_signals
from enishi.cli.words import language, option, program_name, say, spoken, this_program
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.lock import ConsumerLock


@spoken(
    "serve",
    en="Start Enishi: web, consumer and worker as one service.\n\nWhat dies is started again; Ctrl-C ends all in good order. With PostgreSQL each part may run alone, on its own machine, with --only.",
    ja="Enishiを起動します(ウェブ・取り込み・ジョブ処理を一つのサービスとして実行)。\n\n停止したプロセスは自動で再起動し、Ctrl-Cで安全に終了します。PostgreSQL利用時は --only で個別に実行できます。",
)
@option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    envvar="ENISHI_PORT",
    en="Port of the web server.",
    ja="ウェブサーバーのポート番号。",
)
@option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    en="Address to listen on (0.0.0.0: every network).",
    ja="待ち受けるアドレス(0.0.0.0で全ネットワーク)。",
)
@option(
    "--only",
    type=click.Choice(processes.NAMES),
    en="Run this part alone.",
    ja="指定した部分だけを実行します。",
)
@option(
    "--demo",
    is_flag=True,
    en="Begin with the sample company in a data folder that is new.",
    ja="新しいデータフォルダーの場合はサンプル企業で始めます。",
)
@accounts_option
def command(port: int, host: str, only: str | None, demo: bool, accounts: int) -> None:
    os.environ.setdefault("ENISHI_URL", f"http://{_reachable(host)}:{port}")
    if only in (None, "web"):
        check_port(host, port)
    if only is None:
        _serve(host, port, accounts if demo else None)
        return
    open_installation()
    if only == "web":
        processes.run_web(host, port)
    elif only == "consumer":
        processes.run_consumer()
    else:
        processes.run_worker()


def _serve(host: str, port: int, sample: int | None) -> None:
    """The whole service; with ``sample`` on a sample company of so many accounts in a new data folder."""
    home = open_installation() if sample is None else open_django()
    home.prepare()
    lock = _only_one(home)
    sign_in = None if sample is None else _begin_with_sample(home, sample)
    _serve_all(home, host, port, sign_in)
    lock.release()


def _begin_with_sample(home: Home, accounts: int) -> SignIn | None:
    """The installation brought up to date, and the sample loaded where nobody had made one or half a sample is there.
    Carrying a whole one on to today is the worker's."""
    from enishi.accounts.models import Account

    sign_in = set_up(home, language=language(), name=find_sample("people").ADMINISTRATOR)
    is_new = sign_in is not None and sign_in.password is not None
    if sign_in and is_new:
        tell_sign_in(sign_in)
    loaded = find_sample("load").loaded(home)
    if loaded is None and not is_new:
        if not Account.objects.exists():
            _tell_no_sample(home)
    elif loaded is None or not loaded[1]:
        now = system_clock()
        bring_sample(home, Wanted(accounts=accounts), now)
        score_sample(now)
    return sign_in


def _tell_no_sample(home: Home) -> None:
    """`init` made this folder for somebody's own data."""
    load = f"{program_name()} --data {home.root} demo"
    click.echo(
        say(
            f"{home.root} was set up before, for data of your own: the sample company is not loaded into it. "
            f"To load it there all the same: {load}. To see it apart: make run DATA=another-folder.",
            f"{home.root} はお客様のデータ用に準備済みのため、サンプル企業は読み込みません。"
            f"このフォルダーに読み込む場合: {load}  別のフォルダーで試す場合: make run DATA=別のフォルダー",
        )
    )


def _only_one(home: Home) -> ConsumerLock:
    """Hold the data folder: a second service on it would take the first one's jobs for interrupted ones."""
    lock = ConsumerLock(home.root / "serve.lock")
    if not lock.take():
        raise Conflict(
            "already_running",
            Text(
                f"Enishi is running already on the data folder {home.root}.",
                f"データフォルダー {home.root} では、Enishiがすでに動いています。",
            ),
            Text(
                "Open its address in the browser, stop it with Ctrl-C where it was started, or name another folder "
                f"({program_name()} --data DIR serve; make run DATA=DIR).",
                "ブラウザーでそのアドレスを開くか、起動した端末でCtrl-Cを押して停止するか、別のフォルダーを指定してください"
                f"({program_name()} --data DIR serve、make run DATA=DIR)。",
            ),
        )
    return lock


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound


def check_port(host: str, port: int) -> None:
    """Refuse early, with a remedy, where another program listens already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in _WHY_NOT:
                raise
            raise _port_taken(host, port, error) from error


_WHY_NOT = {
    errno.EADDRINUSE: Text("another program listens there", "別のプログラムが使用しています"),
    errno.EACCES: Text("this user may not listen there", "このユーザーには使用する権限がありません"),
    errno.EADDRNOTAVAIL: Text(
        "this machine does not have the address", "このコンピューターのアドレスではありません"
    ),
}


def _free_port(host: str, port: int) -> int:
    """A port that is free now: the next one above that is, else any."""
    for candidate in (*range(port + 1, min(port + 50, 65536)), 0):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return min(port + 1, 65535)


def _port_taken(host: str, port: int, error: OSError) -> Conflict:
    why, other = _WHY_NOT[error.errno or 0], _free_port(host, port)
    again = f"{this_program()} serve --port {other} (make run PORT={other})"
    return Conflict(
        "port_taken",
        Text(
            f"{host}:{port} cannot be used: {why.en}.",
            f"{host}:{port} を使用できません({why.ja})。",
        ),
        Text(
            f"Choose another address or port: {again}.", f"別のアドレスまたはポートをお試しください: {again}"
        ),
    )


def _serve_all(home: Home, host: str, port: int, sign_in: SignIn | None) -> None:
    log_to_stderr("serve")
    base = [sys.executable, "-m", "enishi.cli.main", "--data", str(home.root), "--lang", language(), "serve"]
    children = [
        Child("web", [*base, "--only", "web", "--host", host, "--port", str(port)]),
        Child("worker", [*base, "--only", "worker"], delay=2.0),
        Child("consumer", [*base, "--only", "consumer"], delay=1.0),
    ]
    supervisor = Supervisor(
        children, lambda: _announce_when_ready(f"http://{_reachable(host)}:{port}", sign_in)
    )
    stop_on_signals(supervisor.stop)
    supervisor.run()
    click.echo(say("Stopped.", "停止しました。"))


def _announce_when_ready(address: str, sign_in: SignIn | None) -> None:
    spoken_here = contextvars.copy_context()  # a thread of its own would speak English
    threading.Thread(target=spoken_here.run, args=(_announce, address, sign_in), daemon=True).start()


def _announce(address: str, sign_in: SignIn | None) -> None:
    """Say where it is once it answers, and how to sign in."""
    began = time.monotonic()
    while time.monotonic() - began < 120:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 - our own address
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    else:
        return
    click.secho(say(f"Enishi is ready at {os.environ['ENISHI_URL']}", f"Enishiの準備ができました: {os.environ['ENISHI_URL']}"), bold=True)  # fmt: skip
    _tell_who(sign_in)
    click.echo(say("Ctrl-C stops it.", "Ctrl-Cで停止します。"))


def _tell_who(sign_in: SignIn | None) -> None:
    if sign_in is not None and sign_in.password:
        tell_sign_in(sign_in)
        return
    from enishi.accounts.models import Member, Role

    admin = Member.objects.filter(role=Role.ADMIN, is_active=True).order_by("id").first()
    if admin is not None:
        again = f"{this_program()} member password {admin.email}"
        click.echo(
            say(
                f"Sign in as {admin.email}. Forgotten the password? {again}",
                f"サインイン: {admin.email} (パスワードの再発行: {again})",
            )
        )
