"""Write types/openapi.json, the description of segue's HTTP API, for the type check of the page."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from segue.serve.app import make_app


def main() -> None:
    """Describe the API of an empty library."""
    with TemporaryDirectory() as directory:
        description = make_app(Path(directory) / "empty.segue").openapi()
    text = json.dumps(description, ensure_ascii=False, sort_keys=True)
    Path(__file__).with_name("openapi.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
