"""Bundle the modules of the web page with esbuild: ``python tools/bundle_page.py [STATIC]``.

Writes ``bundle/`` into the directory of static files, by default that of this checkout, with the
digest of the modules that it was made of: the server uses no other (`segue.serve.page_assets`).
Nothing is written where esbuild is not installed (``npm ci``); the page then loads its modules one
by one, and works the same.
"""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "src" / "segue" / "serve" / "static"
PROGRAM = ROOT / "node_modules" / ".bin" / "esbuild"
OPTIONS = (
    "--bundle",
    "--splitting",
    "--minify",
    "--format=esm",
    "--target=chrome123,firefox138,safari17.2",
    "--entry-names=[name]-[hash]",
    "--chunk-names=[name]-[hash]",
    "--log-level=warning",
)


def bundle(static: Path) -> bool:
    """Write the bundle of a directory of static files; return False where esbuild is missing."""
    if not PROGRAM.exists():
        return False
    assets = runpy.run_path(str(ROOT / "src" / "segue" / "serve" / "page_assets.py"))
    target, scratch = static / "bundle", static / "bundle.new"
    shutil.rmtree(scratch, ignore_errors=True)
    command = [PROGRAM, static / "js" / "app.js", *OPTIONS, f"--outdir={scratch}"]
    subprocess.run(command, check=True, env={**os.environ, "NO_COLOR": "1"})  # noqa: S603
    modules = {
        path.relative_to(static).as_posix(): path.read_bytes()
        for part in ("js", "locales")
        for path in (static / part).rglob("*")
        if path.is_file()
    }
    manifest = {"modules": assets["modules_digest"](modules)}
    (scratch / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    scratch.rename(target)
    return True


if __name__ == "__main__":
    written = bundle(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
    print("The bundle is written." if written else "esbuild is missing: run npm ci.")  # noqa: T201
