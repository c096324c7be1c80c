"""The kinds of jobs: what runs, which arguments it takes, and when it runs by itself.

`JOB_KINDS` is the only table of them: the API, the job process and the schedules read it. A new
kind is one entry, and a text ``job.NAME`` in the locales of the page. A kind with a
`DefaultSchedule` gets a schedule of the same name in every library.

==========  =======================================================================================
preprocess  ``dataset`` (name of a dataset scanned before) or ``path`` (admins only); ``fast``,
            ``retry``
rescan      all music folders that were scanned before
train       ``models`` (names, all by default), ``target``, ``on``, ``seed``, ``force``
evaluate    ``subject`` (all by default), ``target``, ``split``, ``seed``; ``protocol`` (then of
            recommendations), ``organic_only``
demo        ``tracks``, ``seconds``, ``seed``: the generated demo music
map         ``by``: the signal that places the tracks
sync        all connections to media servers
weekly      the weekly playlists of ListenBrainz, of all listeners who want them
mixes       the saved playlists that are kept current
backup      ``keep``: the number of copies of the database that are kept
==========  =======================================================================================
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from segue.errors import JobError, ModelError
from segue.library import Library
from segue.pipeline.experiments.protocol_names import RECOMMENDATIONS, check_protocol
from segue.pipeline.jobs.argument_checks import (
    PROTOCOL,
    SEED,
    SPLIT,
    SWITCH,
    TEXT,
    TEXT_OR_NONE,
    TEXTS,
    ArgumentCheck,
    whole_number,
)
from segue.pipeline.jobs.job_commands import (
    StepProgress,
    run_backup,
    run_demo,
    run_evaluate,
    run_map,
    run_mixes,
    run_preprocess,
    run_rescan,
    run_sync,
    run_train,
    run_weekly,
)
from segue.pipeline.jobs.job_datasets import dataset_of, music_folders
from segue.pipeline.jobs.new_material import training_is_useful


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultSchedule:
    """When a kind of job runs by itself, until somebody changes that.

    Parameters
    ----------
    cron
        Times in the form of cron, in the time zone of the server.
    enabled
        Whether the schedule is on in a new library.
    arguments
        Arguments of the job; those that take whole numbers can be changed on the page.
    watch
        Whether the job also runs when files in the music folders have changed; None if it cannot.
    is_needed
        Returns whether there is something to do: a run that is not needed starts no job.
    """

    cron: str
    enabled: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)
    watch: bool | None = None
    is_needed: Callable[[Library], bool] = lambda library: True  # noqa: ARG005


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind of job.

    Parameters
    ----------
    run
        Runs the job in its process; returns the result.
    takes
        Checks of the arguments, by name.
    check
        Checks all arguments together and may complete them; raises JobError.
    command
        Words of the command line that do the same, where they are not the name of the kind.
    schedule
        When it runs by itself; None if it runs on request only.
    """

    run: Callable[[Library, Mapping[str, Any], StepProgress], dict[str, Any]]
    takes: Mapping[str, ArgumentCheck] = field(default_factory=dict)
    check: Callable[[Library, dict[str, Any], bool], None] | None = None
    command: str | None = None
    schedule: DefaultSchedule | None = None


def _check_dataset(library: Library, arguments: dict[str, Any], admin: bool) -> None:
    if ("dataset" in arguments) == ("path" in arguments):
        raise JobError(
            "A job 'preprocess' needs either a dataset that was scanned before, or a path."
        )
    if "dataset" in arguments:
        dataset_of(library, arguments)
        return
    if not admin:
        raise JobError("Only an admin may give a path: name a dataset that was scanned before.")
    path = Path(arguments["path"]).expanduser()
    if not path.is_absolute() or not path.is_dir():
        raise JobError(f"There is no directory {arguments['path']!r}: give an absolute path.")
    arguments["path"] = str(path)


def _check_models(library: Library, arguments: dict[str, Any], admin: bool) -> None:  # noqa: ARG001
    if "on" in arguments:
        return
    from segue.pipeline.train import MODELS

    for model in arguments.get("models", ()):
        if model not in (*MODELS, "all"):
            known = ", ".join(MODELS)
            raise JobError(f"There is no model {model!r}: choose from {known} or all.")


def _check_evaluation(
    library: Library,  # noqa: ARG001  # every check has a library
    arguments: dict[str, Any],
    admin: bool,  # noqa: ARG001
) -> None:
    protocol = arguments.get("protocol")
    if protocol is not None:
        arguments.setdefault("subject", RECOMMENDATIONS)
    try:
        check_protocol(
            protocol,
            arguments.get("subject", "all"),
            organic_only=arguments.get("organic_only", False),
        )
    except ModelError as error:
        raise JobError(str(error)) from error


def _check_signal(library: Library, arguments: dict[str, Any], admin: bool) -> None:  # noqa: ARG001
    if "by" not in arguments:
        raise JobError("A job 'map' needs a signal: give one, for example timbre.")


def _is_fetch_due(library: Library) -> bool:
    from segue.pipeline.playlists.weekly_playlists import is_fetch_due

    return is_fetch_due(library.services.fetching(), time.time())


JOB_KINDS: Final[Mapping[str, JobKind]] = {
    "preprocess": JobKind(
        run=run_preprocess,
        takes={"dataset": TEXT_OR_NONE, "path": TEXT_OR_NONE, "fast": SWITCH, "retry": SWITCH},
        check=_check_dataset,
    ),
    "rescan": JobKind(
        run=run_rescan,
        command="preprocess",
        schedule=DefaultSchedule(
            cron="0 3 * * *", watch=True, is_needed=lambda library: bool(music_folders(library))
        ),
    ),
    "train": JobKind(
        run=run_train,
        takes={
            "models": TEXTS,
            "target": TEXT_OR_NONE,
            "on": TEXT_OR_NONE,
            "seed": SEED,
            "force": SWITCH,
        },
        check=_check_models,
        schedule=DefaultSchedule(cron="0 5 * * *", is_needed=training_is_useful),
    ),
    "evaluate": JobKind(
        run=run_evaluate,
        takes={
            "subject": TEXT,
            "target": TEXT_OR_NONE,
            "split": SPLIT,
            "seed": SEED,
            "protocol": PROTOCOL,
            "organic_only": SWITCH,
        },
        check=_check_evaluation,
        schedule=DefaultSchedule(
            cron="0 4 1 * *", is_needed=lambda library: library.last_run("train") is not None
        ),
    ),
    "demo": JobKind(
        run=run_demo,
        takes={"tracks": whole_number(60, 2_000), "seconds": whole_number(3, 120), "seed": SEED},
    ),
    "map": JobKind(run=run_map, takes={"by": TEXT}, check=_check_signal, command="train map"),
    "sync": JobKind(
        run=run_sync,
        schedule=DefaultSchedule(
            cron="0 */6 * * *", is_needed=lambda library: bool(library.connections.all())
        ),
    ),
    "weekly": JobKind(
        run=run_weekly,
        command="playlist weekly",
        schedule=DefaultSchedule(cron="0 * * * *", is_needed=_is_fetch_due),
    ),
    "mixes": JobKind(
        run=run_mixes,
        command="playlist refresh",
        schedule=DefaultSchedule(
            cron="0 6 * * *",
            is_needed=lambda library: bool(library.playlists.to_keep_current()),
        ),
    ),
    "backup": JobKind(
        run=run_backup,
        takes={"keep": whole_number(1, 100)},
        command="library backup",
        schedule=DefaultSchedule(cron="30 2 * * 0", arguments={"keep": 4}),
    ),
}
"""Every kind of job, by the name that the API and the table of jobs use."""
