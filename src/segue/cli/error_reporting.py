"""How a verb fails: one sentence on standard error, and an exit code.

0 done, 1 a failure that segue foresees, 2 wrong usage, 130 stopped by Ctrl-C. What is not foreseen
is a bug and keeps its traceback.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Parameters = ParamSpec("Parameters")


def told(verb: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Let `verb` end with a sentence where it would end with a traceback."""

    @wraps(verb)
    def run(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        from segue.errors import ContradictionError, SegueError

        try:
            verb(*arguments, **options)
        except ContradictionError as error:
            _end(f"segue: {error}", 2)
        except SegueError as error:
            _end(f"segue: {error}", 1)
        except KeyboardInterrupt:
            _end("segue: stopped; what was done is kept, run it again to go on.", 130)
        except BrokenPipeError:
            # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    return run


def _end(sentence: str, code: int) -> None:
    sys.stderr.write(sentence + "\n")
    sys.exit(code)
