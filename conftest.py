"""Every test run works in a data folder of its own."""

import os
import tempfile

os.environ["ENISHI_HOME"] = tempfile.mkdtemp(prefix="enishi-test-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
