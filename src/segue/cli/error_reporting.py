"""Report errors of commands: one sentence on standard error, and an exit code.

Exit codes: 0 success, 1 an expected failure, 2 wrong usage, 130 stopped by Ctrl-C. An unexpected
exception is a bug and keeps its traceback.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from segue.cli.library_location import locate_library
from segue.text import terminal_text

Parameters = ParamSpec("Parameters")


def report_errors(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Wrap a command so that expected errors end it with one sentence."""
    located = locate_library(command)

    @wraps(located)
    def run(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        from segue.errors import ContradictionError, SegueError

        try:
            located(*arguments, **options)
        except ContradictionError as error:
            _end(f"segue: {error}", 2)
        except SegueError as error:
            _end(f"segue: {error}", 1)
        except KeyboardInterrupt:
            _end("segue: stopped. Finished work is kept: run the command again to continue.", 130)
        except BrokenPipeError:
            # the program that reads the output has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    return run


def _end(sentence: str, code: int) -> None:
    sys.stderr.write(terminal_text(sentence) + "\n")
    sys.exit(code)
