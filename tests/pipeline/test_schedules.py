"""Test schedules: their times, what they start, and what happens when something goes wrong."""

import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.errors import JobError, ScheduleError, UnknownScheduleError
from segue.library import Library
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.runner import MAX_WAITING
from segue.pipeline.schedules.edit_schedules import change_schedule, schedule_document
from segue.pipeline.schedules.scheduler import Scheduler
from segue.pipeline.schedules.times import in_words, next_time, read_times

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 30, 12, tzinfo=BERLIN).timestamp()  # a Monday
DAY = 86_400.0
DAILY = "30 2 * * *"


class Clock:
    """A clock that a test sets."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now

    def pass_days(self, days):
        self.now += days * DAY


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


@pytest.fixture
def scheduler(library, clock):
    made = scheduler_of(library, clock)
    yield made
    made.close()


def scheduler_of(library, clock, **options):
    """Return a scheduler of backups alone, every day at 2:30."""
    off = frozenset(JOB_KINDS) - {"backup"}
    made = Scheduler(library, clock=clock, zone=BERLIN, **{"off": off, **options})
    change_schedule(made, "backup", times=DAILY)
    return made


def end_jobs(library, state="done"):
    """End every job that waits, without running it."""
    while (job := library.jobs.claim("a test")) is not None:
        error = "It did not work." if state == "failed" else None
        library.jobs.finish(job, state, error=error)


def local(seconds):
    return datetime.fromtimestamp(seconds, BERLIN).isoformat()


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        (DAILY, "2026-11-30T12:00", ["2026-12-01T02:30:00+01:00", "2026-12-02T02:30:00+01:00"]),
        # 02:30 does not exist on the first day, and exists twice on the second
        (DAILY, "2026-03-28T12:00", ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]),
        (DAILY, "2026-10-24T12:00", ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
        (
            "0 * * * *",
            "2026-10-25T01:30",
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"],
        ),
        ("0 4 * * 1", "2026-11-30T12:00", ["2026-12-07T04:00:00+01:00"]),
        ("0 4 * * 0", "2026-11-30T12:00", ["2026-12-06T04:00:00+01:00"]),
        ("0 4 31 * *", "2026-11-30T12:00", ["2026-12-31T04:00:00+01:00"]),
        ("0 4 29 2 *", "2026-11-30T12:00", ["2028-02-29T04:00:00+01:00"]),
    ],
)
def test_next_times_are_those_of_the_wall_clock(cron, after, expected):
    now = datetime.fromisoformat(after).replace(tzinfo=BERLIN).timestamp()
    for one in expected:
        now = next_time(cron, now, BERLIN)
        assert local(now) == one


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("every day at 3:30", "30 3 * * *"),
        ("Daily at 03:30", "30 3 * * *"),
        ("every sunday at 0:05", "5 0 * * 0"),
        ("every month on day 15 at 4:00", "0 4 15 * *"),
        ("every hour", "0 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        (" every  15 minutes ", "*/15 * * * *"),
        ("0 4 * * MON-FRI", "0 4 * * MON-FRI"),
    ],
)
def test_plain_words_are_read(words, cron):
    assert read_times(words) == cron
    assert in_words(cron)


@pytest.mark.parametrize(
    "words",
    [
        *("", "sometimes", "every day at 25:00", "every 7 hours", "every 0 minutes"),
        *("* * * * * *", "0 4 31 2 *", "61 * * * *", "every month on day 32 at 4:00", "@daily"),
        "* " * 500,
    ],
)
def test_unknown_words_are_refused(words):
    with pytest.raises(ScheduleError, match="write it like"):
        read_times(words)


def test_every_default_schedule_is_a_valid_one(library, clock):
    scheduler = Scheduler(library, clock=clock, zone=BERLIN)
    found = scheduler.schedules()
    assert [one.name for one in found] == [
        name for name, kind in JOB_KINDS.items() if kind.schedule is not None
    ]
    for one in found:
        assert read_times(one.cron) == one.cron
        assert clock.now < one.next_run < clock.now + 32 * DAY
        assert one.last_run is None


def test_run_starts_at_its_time_and_once(library, clock, scheduler):
    assert scheduler.tick() == []
    clock.now = scheduler.find("backup").next_run - 1
    assert scheduler.tick() == []
    clock.now += 1
    (job,) = scheduler.tick()
    assert (job.verb, job.arguments, job.reason) == ("backup", {"keep": 4}, "schedule")
    assert scheduler.tick() == []
    found = scheduler.find("backup")
    assert local(found.next_run) == "2026-12-02T02:30:00+01:00"
    assert (found.last_run, found.last_job, found.last_state) == (clock.now, job.id, None)
    end_jobs(library)
    scheduler.tick()
    assert scheduler.find("backup").last_state == "done"


def test_missed_runs_are_made_up_for_by_one(library, clock, scheduler):
    clock.pass_days(40)
    assert len(scheduler.tick()) == 1
    end_jobs(library)
    for _ in range(3):
        clock.now += 60
        assert scheduler.tick() == []
    assert len(library.jobs.all()) == 1
    assert scheduler.find("backup").next_run - clock.now < DAY


def test_schedule_that_is_off_does_not_run(library, clock, scheduler):
    change_schedule(scheduler, "backup", enabled=False)
    clock.pass_days(40)
    assert scheduler.tick() == []
    assert schedule_document(scheduler, scheduler.find("backup"))["next_run"] is None
    change_schedule(scheduler, "backup", enabled=True)
    assert scheduler.tick() == []  # what was missed while it was off is not made up for
    assert scheduler.run_now("backup", by="anna").asked_by == "anna"


def test_run_that_still_waits_is_not_doubled(library, clock, scheduler):
    clock.pass_days(1)
    (first,) = scheduler.tick()
    clock.pass_days(1)
    (second,) = scheduler.tick()
    assert first.id == second.id
    assert len(library.jobs.all()) == 1


def test_unneeded_run_starts_no_job(library, clock):
    scheduler = Scheduler(library, clock=clock, zone=BERLIN, off=frozenset({"backup"}))
    scheduler.schedules()
    clock.pass_days(40)
    assert scheduler.tick() == []  # no music, no models
    assert {one.last_state for one in scheduler.schedules()} == {"not-needed", None}
    assert library.jobs.all() == []
    assert all(one.next_run > clock.now for one in scheduler.schedules() if one.name != "backup")
    scheduler.close()


def test_repeated_failures_leave_runs_out(library, clock, scheduler):
    runs = []
    for _ in range(25 * 4):
        clock.now += 6 * 3_600
        if scheduler.tick():
            runs.append((clock.now - START) // DAY)
            end_jobs(library, "failed")
    gaps = [later - earlier for earlier, later in pairwise(runs)]
    assert gaps == [1, 2, 4, 7, 7]
    found = schedule_document(scheduler, scheduler.find("backup"))
    assert found["waits"]
    assert found["failures"] == len(runs)
    assert found["last_error"] == "It did not work."
    scheduler.run_now("backup", by="anna")
    end_jobs(library)
    scheduler.tick()
    clock.pass_days(1)
    assert len(scheduler.tick()) == 1
    assert not schedule_document(scheduler, scheduler.find("backup"))["waits"]


def test_change_forgets_failures(library, clock, scheduler):
    for _ in range(3):
        scheduler.run_now("backup", by="anna")
        end_jobs(library, "failed")
    assert scheduler.tick() == []
    assert scheduler.find("backup").failures == 3
    changed = change_schedule(scheduler, "backup", times="every day at 13:00")
    assert (changed.failures, local(changed.next_run)) == (0, "2026-11-30T13:00:00+01:00")


def test_cancelled_job_is_no_failure(library, clock, scheduler):
    job = scheduler.run_now("backup", by="anna")
    library.jobs.cancel(job.id)
    scheduler.tick()
    found = scheduler.find("backup")
    assert (found.last_state, found.failures) == ("cancelled", 0)


def test_forgotten_job_counts_as_cancelled(library, clock, scheduler):
    for state in ("failed", "failed", "done"):
        scheduler.run_now("backup", by="anna")
        end_jobs(library, state)
        if state == "failed":
            scheduler.tick()
    assert library.schedules.change(scheduler.find("backup"), last_job=99)
    scheduler.tick()
    found = scheduler.find("backup")
    assert (found.last_state, found.failures, found.last_error) == ("cancelled", 2, None)


def test_wrong_schedule_does_not_stop_others(library, clock, caplog):
    scheduler = Scheduler(library, clock=clock, zone=BERLIN)
    assert library.schedules.change(scheduler.find("backup"), arguments={"keep": 0})
    clock.pass_days(40)
    with caplog.at_level(logging.WARNING, "segue.serve"):
        assert scheduler.tick() == []
    assert "schedule backup: The job's keep is 0" in caplog.text
    others = [one for one in scheduler.schedules() if one.name != "backup"]
    assert {one.last_state for one in others} == {"not-needed"}
    scheduler.close()


def test_full_queue_starts_only_requested_runs(library, clock, scheduler):
    for seed in range(MAX_WAITING - 1):
        library.jobs.add("demo", {"seed": seed}, None)
    clock.pass_days(1)
    (job,) = scheduler.tick()
    library.jobs.cancel(job.id)
    library.jobs.add("demo", {"seed": MAX_WAITING}, None)
    due = scheduler.find("backup").next_run
    clock.pass_days(1)
    assert scheduler.tick() == []
    assert scheduler.trigger("backup", "a test") is None
    assert scheduler.find("backup").next_run == due  # it starts when there is room
    assert scheduler.run_now("backup", by="anna").asked_by == "anna"


def test_trigger_starts_what_is_needed_and_on(library, clock):
    scheduler = Scheduler(library, clock=clock, zone=BERLIN, off=frozenset({"sync"}))
    job = scheduler.trigger("backup", "a test")
    assert (job.verb, job.reason, job.asked_by) == ("backup", "a test", None)
    assert scheduler.trigger("train", "a test") is None  # nothing to learn from
    assert scheduler.trigger("sync", "a test") is None
    end_jobs(library)
    change_schedule(scheduler, "backup", enabled=False)
    assert scheduler.trigger("backup", "a test") is None


def test_trigger_waits_after_failures_until_the_next_run(library, clock, scheduler):
    for _ in range(2):
        assert scheduler.trigger("backup", "a test") is not None
        end_jobs(library, "failed")
    assert scheduler.trigger("backup", "a test") is None
    clock.now = scheduler.find("backup").next_run
    assert scheduler.trigger("backup", "a test") is not None


def test_runs_and_changes_are_in_the_audit(library, clock, scheduler):
    job = scheduler.run_now("backup", by="anna")
    change_schedule(scheduler, "backup", enabled=False, by="ben")
    found = [(one.what, one.who, one.detail) for one in library.audit.entries(most=2)]
    assert found == [
        ("schedule changed", "ben", "backup"),
        ("job started", "anna", f"{job.id}: backup"),
    ]


def test_document_hides_commands_and_tells_the_state(library, clock, scheduler):
    job = scheduler.run_now("backup", by="anna")
    assert schedule_document(scheduler, scheduler.find("backup"))["last_state"] is None
    claimed = library.jobs.claim("a test")
    assert claimed.id == job.id
    library.jobs.finish(claimed, "failed", error="It is damaged: run segue library check.")
    assert schedule_document(scheduler, scheduler.find("backup"))["last_state"] == "failed"
    scheduler.tick()
    found = schedule_document(scheduler, scheduler.find("backup"))
    assert (found["last_error"], found["waits"]) == ("It is damaged.", False)


def test_change_keeps_other_arguments(library, clock, scheduler, monkeypatch):
    default = replace(JOB_KINDS["backup"].schedule, arguments={"keep": 4, "more": 1})
    kind = replace(JOB_KINDS["backup"], schedule=default)
    kind = replace(kind, takes={**kind.takes, "more": kind.takes["keep"]})
    monkeypatch.setitem(JOB_KINDS, "backup", kind)
    change_schedule(scheduler, "backup", arguments={"more": 2})
    assert scheduler.find("backup").arguments == {"keep": 4, "more": 2}


def test_clock_set_back_repeats_no_run(library, clock, scheduler):
    clock.now = scheduler.find("backup").next_run + 60
    assert len(scheduler.tick()) == 1
    end_jobs(library)
    before = scheduler.find("backup").next_run
    clock.now -= 3 * 3_600
    for _ in range(30):
        clock.now += 600
        assert scheduler.tick() == []
    assert scheduler.find("backup").next_run == before


def test_clock_that_was_years_ahead_stops_nothing(library, clock, scheduler):
    clock.pass_days(4 * 365)
    assert len(scheduler.tick()) == 1
    end_jobs(library)
    clock.pass_days(-4 * 365)
    assert scheduler.tick() == []
    clock.pass_days(1)
    assert len(scheduler.tick()) == 1


def test_clock_that_was_years_behind_runs_once(library):
    clock = Clock(0.0)  # a computer without a battery
    scheduler = scheduler_of(library, clock)
    scheduler.tick()
    clock.now = START
    assert len(scheduler.tick()) == 1
    end_jobs(library)
    assert scheduler.tick() == []
    scheduler.close()


def test_one_scheduler_at_a_time_has_the_lease(library, clock, scheduler, tmp_path):
    other = scheduler_of(Library(library.directory), clock)
    scheduler.tick()
    clock.pass_days(1)
    assert other.tick() == []
    assert len(scheduler.tick()) == 1
    end_jobs(library)
    scheduler.close()
    clock.pass_days(1)
    assert len(other.tick()) == 1
    other.close()


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 3_000)), max_size=25))
def test_two_without_a_lease_start_no_run_twice(tmp_path_factory, steps):
    """The lease is taken away: the version of the row alone keeps a run from starting twice."""
    directory = tmp_path_factory.mktemp("two") / "my.segue"
    clock = Clock()
    both = [scheduler_of(Library(directory), clock) for _ in range(2)]
    started, expected = [], set()
    due = both[0].find("backup").next_run
    for first, minutes in steps:
        clock.now += 60 * minutes
        if clock.now >= due:
            expected.add(clock.now)
            due = next_time(DAILY, clock.now, BERLIN)
        # both have read the schedule before either of them writes it
        order = both if first else both[::-1]
        seen = [one.find("backup") for one in order]
        for one, schedule in zip(order, seen, strict=True):
            job = one._start_if_due(schedule)
            if job is not None:
                started.append((clock.now, job.id))
        end_jobs(both[0].library)
        for one in order:
            one._note_end(one.find("backup"))
    assert {now for now, _ in started} == expected
    assert len({job for _, job in started}) == len(started) == len(expected)
    for one in both:
        one.library.close()


SERVER = """
import sys, time
from segue.library import Library
from segue.pipeline.schedules.scheduler import Scheduler
scheduler = Scheduler(Library(sys.argv[1]))
scheduler.schedules()
print("ready", flush=True)
while True:
    for job in scheduler.tick():
        print(job.id, flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def start_process(library):
    """Start processes that do what a server does with its schedules."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(library.directory)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout.readline() == "ready\n"
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_for(look):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def holder(library):
    return int((library.directory / ".scheduler").read_text() or 0)


def make_due(library):
    """Let the backup be due now."""
    schedule = Scheduler(library).find("backup")
    assert library.schedules.change(schedule, next_run=time.time() - 1)


@pytest.mark.slow
@pytest.mark.sqlite  # its holder is read from a file; see test_postgresql.py for the other lease
def test_other_process_takes_over_from_a_killed_one(library, start_process):
    processes = [start_process() for _ in range(2)]
    wait_for(lambda: (library.directory / ".scheduler").exists() and holder(library))
    first, second = sorted(processes, key=lambda one: one.pid != holder(library))
    make_due(library)
    assert first.stdout.readline() == "1\n"
    end_jobs(library)
    first.send_signal(signal.SIGKILL)
    first.wait()
    make_due(library)
    assert second.stdout.readline() == "2\n"
    assert holder(library) == second.pid
    end_jobs(library)
    assert first.stdout.read() == ""
    second.kill()
    assert second.stdout.read() == ""
    assert [job.id for job in library.jobs.all()] == [2, 1]


def test_process_killed_between_runs_loses_none(library, start_process):
    make_due(library)
    first = start_process()
    first.stdout.readline()
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start_process()
    time.sleep(0.5)
    second.kill()
    assert second.stdout.read() == ""  # the job waits: it is not started again
    assert [job.state for job in library.jobs.all()] == ["waiting"]


def test_unknown_schedule_names_those_there_are(scheduler):
    with pytest.raises(UnknownScheduleError, match="choose from rescan, train"):
        change_schedule(scheduler, "lunch")


def test_wrong_changes_are_refused(scheduler):
    before = scheduler.find("backup")
    with pytest.raises(ScheduleError, match="cannot watch files"):
        change_schedule(scheduler, "backup", watch=True)
    with pytest.raises(ScheduleError, match="no argument 'path'"):
        change_schedule(scheduler, "backup", arguments={"path": "/etc"})
    with pytest.raises(JobError, match="keep is 0"):
        change_schedule(scheduler, "backup", arguments={"keep": 0})
    with pytest.raises(ScheduleError, match="write it like"):
        change_schedule(scheduler, "backup", times="now and then")
    assert scheduler.find("backup") == before


def test_schedules_outlive_the_program(library, clock, scheduler):
    change_schedule(scheduler, "backup", times="every 6 hours", arguments={"keep": 9})
    library.close()
    found = Scheduler(Library(library.directory), clock=clock, zone=BERLIN).find("backup")
    assert (found.cron, found.arguments) == ("0 */6 * * *", {"keep": 9})


def test_times_are_utc_where_the_server_says_so(library):
    clock = Clock(datetime(2026, 3, 29, 0, 30, tzinfo=UTC).timestamp())
    scheduler = Scheduler(library, clock=clock, zone=UTC)
    changed = change_schedule(scheduler, "backup", times=DAILY)
    assert changed.next_run == clock.now + timedelta(hours=2).total_seconds()
