"""What each process of the service does; ``enishi serve --only NAME`` runs one of them alone."""

from __future__ import annotations

import logging
import socket
import threading
import warnings
from zlib import crc32

from enishi.cli.installation import log_to_stderr, open_installation
from enishi.cli.supervisor import end_with_supervisor, stop_on_signals

NAMES = ("web", "consumer", "worker")


def run_web(host: str, port: int) -> None:
    """Pages, REST and the Segment protocol, in one server process."""
    import uvicorn
    from django.urls import get_resolver

    log_to_stderr("web")
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # Static files are read in small pieces from the disk; Django would like them asynchronous.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    end_with_supervisor()
    get_resolver().url_patterns  # noqa: B018 - loads the pages now: an address that listens can answer
    uvicorn.run(
        "enishi.web.asgi:application",
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def run_consumer() -> None:
    """Carry the inbox and new record versions into the store, and publish."""
    from enishi.ingest.api import consume

    log_to_stderr("consumer")
    home = open_installation()
    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with_supervisor()
    consume(home, stop)


def run_worker() -> None:
    """Do queued jobs, and queue those whose hour has come."""
    from django.core.management import call_command

    from enishi.cli.chores import mend_jobs
    from enishi.cli.schedule import keep_schedule

    log_to_stderr("worker")
    home = open_installation()
    end_with_supervisor()
    worker_id = f"{socket.gethostname()[:40]}-{crc32(str(home.root).encode()):08x}"
    if mended := mend_jobs(worker_id):
        logging.getLogger("enishi.serve").warning("%d jobs were interrupted and are queued again", mended)
    threading.Thread(target=keep_schedule, name="schedule", daemon=True).start()
    call_command(
        "db_worker", queue_name="*", interval=0.5, startup_delay=False, reload=False, worker_id=worker_id
    )
