"""The consumer as a process of its own: ``python -m tests.live.consume``."""

import os
import signal
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")


def main() -> None:
    import django

    django.setup()

    from enishi.ingest.api import consumer_loop
    from enishi.kit.home import Home

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    consumer_loop(Home.from_environment(), stop)


if __name__ == "__main__":
    main()
