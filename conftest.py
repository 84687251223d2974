"""Every test run works in a data folder of its own, gone when the run ends."""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

import __main__

_folder = tempfile.mkdtemp(prefix="enishi-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["ENISHI_HOME"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")

# A busy machine makes a test slow, not wrong.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Spark's client takes a main module without a file, as pytest-xdist's workers have, for its own doctests.
if not hasattr(__main__, "__file__"):
    __main__.__file__ = __file__
