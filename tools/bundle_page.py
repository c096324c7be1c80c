"""Bundle modules and styles of the web page with esbuild: ``python tools/bundle_page.py [STATIC]``.

Writes ``bundle/`` into the directory of static files, by default that of this checkout, with the
digest of the files that it was made of: the server uses no other (`segue.serve.page_assets`). The
modules that every visit needs are one file, and each page and each language has its own. Nothing is
written where esbuild is not installed (``npm ci``); the page then loads its modules one by one, and
works the same.
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
ENTRY = "js/app.js"
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
    static = static.resolve()
    assets = runpy.run_path(str(ROOT / "src" / "segue" / "serve" / "page_assets.py"))
    target, scratch = static / "bundle", static / "bundle.new"
    for old in (target, scratch):
        shutil.rmtree(old, ignore_errors=True)
    sources = {
        path.relative_to(static).as_posix(): path.read_bytes()
        for path in static.rglob("*")
        if path.is_file()
    }
    made = scratch / "made"
    made.mkdir(parents=True)
    # esbuild joins modules that the same entries need: each page is given those of the first one
    first = [name for name in assets["imported_by"](ENTRY, sources) if name != ENTRY]
    common = scratch / "common.js"
    common.write_text("".join(f'import "{static / name}";\n' for name in first), "utf-8")
    sheets = assets["style_sheets"](sources["index.html"].decode())
    styles = scratch / "page.css"
    styles.write_text("".join(f'@import "{static / name}";\n' for name in sheets), "utf-8")
    report = scratch / "report.json"
    command = [PROGRAM, static / ENTRY, styles, f"--inject:{common}", *OPTIONS]
    command += [f"--outdir={made}", f"--metafile={report}"]
    subprocess.run(  # noqa: S603
        command, check=True, cwd=static, env={**os.environ, "NO_COLOR": "1"}
    )
    outputs = json.loads(report.read_text("utf-8"))["outputs"]
    files = {
        output["entryPoint"].removeprefix("bundle.new/"): Path(name).name
        for name, output in outputs.items()
        if "entryPoint" in output
    }
    manifest = {"sources": assets["sources_digest"](sources), "files": files}
    (made / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    made.rename(target)
    shutil.rmtree(scratch)
    return True


if __name__ == "__main__":
    written = bundle(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
    print("The bundle is written." if written else "esbuild is missing: run npm ci.")  # noqa: T201
