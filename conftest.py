"""Every test run works in a data folder of its own, gone when the run ends."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="enishi-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["ENISHI_HOME"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
