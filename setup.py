"""Build the wheel with the bundle of the web page; everything else is in pyproject.toml."""

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

BUNDLER = Path(__file__).parent / "tools" / "bundle_page.py"


class BuildWithPage(build_py):
    """Copy the package, and bundle its page where esbuild is installed (``npm ci``)."""

    def run(self) -> None:
        """Build; an editable installation has no bundle of its own."""
        super().run()
        if not self.editable_mode and BUNDLER.exists():
            static = Path(self.build_lib) / "segue" / "serve" / "static"
            runpy.run_path(str(BUNDLER))["bundle"](static)


setup(cmdclass={"build_py": BuildWithPage})
