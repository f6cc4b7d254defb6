"""The life of a job keeps its promises, whatever the order in which things happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from analysis_runner import lifecycle
from analysis_runner.models import Job, JobEvent, Sample
from tests.runner_fixtures import a_job

pytestmark = pytest.mark.django_db
SUCCEEDED, FAILED = Job.State.SUCCEEDED, Job.State.FAILED
VALID = re.compile(r"queued( running queued)*( running)?( (succeeded|refused|failed|cancelled|lost))?")


def submitted(**columns: Any) -> Job:
    return lifecycle.submit(a_job(**columns))[0]


def claimed(job: Job) -> Job:
    mine = lifecycle.claim(job.pk)
    assert mine is not None
    return mine


def silence(job: Job) -> None:
    """Let the lease run out."""
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))


def history(job: Job) -> str:
    return " ".join(JobEvent.objects.filter(job=job).order_by("pk").values_list("kind", flat=True))


def test_a_job_runs_once_however_often_it_is_delivered() -> None:
    job = submitted()
    assert [lifecycle.claim(job.pk) is not None for _ in range(3)] == [True, False, False]
    assert history(job) == "queued running"


def test_the_same_key_gives_the_same_job() -> None:
    first, new = lifecycle.submit(a_job(key="k"))
    again, twice = lifecycle.submit(a_job(key="k"))
    assert (new, twice, again.pk) == (True, False, first.pk)
    assert JobEvent.objects.filter(job=first).count() == 1


def test_the_same_key_of_another_owner_is_another_job() -> None:
    first, _ = lifecycle.submit(a_job(key="k"))
    other, new = lifecycle.submit(a_job(owner="another", key="k"))
    assert new
    assert other.pk != first.pk


def test_a_worker_that_wakes_up_too_late_changes_nothing() -> None:
    frozen = claimed(submitted())
    silence(frozen)
    assert lifecycle.reap() == 1
    fresh = claimed(frozen)
    assert not lifecycle.beat(frozen)
    assert not lifecycle.finish(frozen, SUCCEEDED, {"summary": "stale"})
    assert lifecycle.finish(fresh, SUCCEEDED, {"summary": "fresh"})
    assert Job.objects.get(pk=frozen.pk).summary == "fresh"
    assert history(frozen) == "queued running queued running succeeded"


def test_finishing_twice_is_finishing_once() -> None:
    job = claimed(submitted())
    assert lifecycle.finish(job, SUCCEEDED, {})
    assert lifecycle.finish(job, SUCCEEDED, {})
    assert history(job) == "queued running succeeded"


def test_a_job_whose_worker_falls_silent_is_tried_three_times_and_then_lost() -> None:
    job = submitted()
    for _ in range(3):
        silence(claimed(job))
        lifecycle.reap()
    job.refresh_from_db()
    assert (job.state, job.reason, job.attempt) == (Job.State.LOST, "worker_lost", 3)
    assert job.cure
    assert lifecycle.claim(job.pk) is None


def test_a_lease_that_is_kept_is_not_taken_back() -> None:
    job = claimed(submitted())
    assert lifecycle.beat(job, 0.5, "half way")
    assert lifecycle.reap() == 0
    job.refresh_from_db()
    assert (job.progress, job.doing) == (0.5, "half way")


@pytest.mark.parametrize("running", [False, True])
def test_a_cancelled_job_stays_cancelled(running: bool) -> None:
    job = submitted()
    mine = claimed(job) if running else None
    assert lifecycle.cancel(job.pk)
    assert not lifecycle.cancel(job.pk)
    if mine:
        assert not lifecycle.still_ours(mine)
        assert not lifecycle.finish(mine, SUCCEEDED, {})
    assert lifecycle.claim(job.pk) is None
    assert history(job).endswith("cancelled")


def test_the_database_itself_refuses_a_second_end() -> None:
    job = submitted()
    JobEvent.objects.create(job=job, kind=SUCCEEDED)
    with pytest.raises(IntegrityError), transaction.atomic():
        JobEvent.objects.create(job=job, kind=FAILED)


def test_a_postponed_job_loses_no_attempt() -> None:
    job = claimed(submitted())
    lifecycle.postpone(job, 0, "Setting up")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.doing) == (Job.State.QUEUED, 0, "Setting up")


def test_each_owner_gets_a_turn(settings: Any) -> None:
    settings.PUBLISH_AHEAD = 3
    greedy = [submitted(owner="greedy").pk for _ in range(10)]
    assert lifecycle.due("quick") == greedy[:3]
    for job_id in greedy[:3]:
        assert lifecycle.announce(job_id)
    modest = submitted(owner="modest").pk
    assert lifecycle.due("quick") == []
    lifecycle.claim(greedy[0])
    assert lifecycle.due("quick") == [modest]


def test_a_wake_up_is_sent_once_and_again_when_it_seems_lost() -> None:
    job = submitted()
    assert lifecycle.announce(job.pk)
    assert not lifecycle.announce(job.pk)
    Job.objects.filter(pk=job.pk).update(not_before=Now())
    assert lifecycle.announce(job.pk)
    job.refresh_from_db()
    assert job.published == 2


def test_a_wake_up_that_could_not_be_sent_is_due_at_once() -> None:
    job = submitted()
    lifecycle.announce(job.pk)
    lifecycle.retract(job.pk)
    assert lifecycle.due("quick") == [job.pk]


def test_a_sample_follows_its_inspection() -> None:
    job = submitted(kind=Job.Kind.INSPECT)
    states = [Sample.objects.get(pk=job.sample_id).state]
    mine = claimed(job)
    states.append(Sample.objects.get(pk=job.sample_id).state)
    refusal = {"reason": "malformed", "sentence": "It is cut off.", "cure": "Copy it again."}
    lifecycle.finish(mine, Job.State.REFUSED, refusal)
    sample = Sample.objects.get(pk=job.sample_id)
    assert [*states[1:], sample.state] == ["probing", "refused"]
    assert (sample.reason, sample.cure) == ("malformed", "Copy it again.")


def test_an_expired_sample_ends_what_waits_for_it() -> None:
    job = submitted()
    assert lifecycle.expire(job.sample_id)
    job.refresh_from_db()
    assert (job.state, job.reason) == (Job.State.CANCELLED, "expired")


class JobLife(RuleBasedStateMachine):
    """Submit, deliver, beat, finish, cancel, fall silent, reap, purge in any order; the promises hold after each."""

    jobs = Bundle("jobs")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.mine: list[Any] = []
        self.cancelled: set[Any] = set()

    @rule(target=jobs, key=st.sampled_from(["a", "b", "c", "d"]))
    def submit(self, key: str) -> Any:
        job, _ = lifecycle.submit(a_job(owner=f"machine {id(self)}", key=key))
        self.mine.append(job.pk)
        return job

    @rule(target=claims, job=jobs)
    def deliver(self, job: Job) -> Any:
        return lifecycle.claim(job.pk)

    @rule(claim=claims, progress=st.floats(0, 1))
    def beat(self, claim: Job | None, progress: float) -> None:
        if claim:
            assert lifecycle.beat(claim, progress) == self.holds(claim)

    @rule(claim=claims, state=st.sampled_from([SUCCEEDED, FAILED, Job.State.REFUSED]))
    def finish(self, claim: Job | None, state: Job.State) -> None:
        if claim:
            held = self.holds(claim)
            stood = lifecycle.finish(claim, state, {"summary": claim.token})
            now = Job.objects.get(pk=claim.pk)
            assert stood == (held or (now.state == state and now.token == claim.token))

    @rule(job=jobs)
    def cancel(self, job: Job) -> None:
        open_ = Job.objects.get(pk=job.pk).open
        assert lifecycle.cancel(job.pk) == open_
        if open_:
            self.cancelled.add(job.pk)

    @rule(claim=claims)
    def fall_silent(self, claim: Job | None) -> None:
        if claim:
            silence(claim)

    @rule(claim=claims)
    def give_back(self, claim: Job | None) -> None:
        if claim:
            lifecycle.give_back(claim)

    @rule(claim=claims)
    def postpone(self, claim: Job | None) -> None:
        if claim:
            lifecycle.postpone(claim, 0, "later")

    @rule(job=jobs)
    def announce(self, job: Job) -> None:
        if lifecycle.announce(job.pk):
            assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED

    @rule()
    def reap(self) -> None:
        lifecycle.reap()

    @rule(job=jobs)
    def forget(self, job: Job) -> None:
        open_ = Job.objects.get(pk=job.pk).open
        lifecycle.forget(job.pk)
        if open_:
            self.cancelled.add(job.pk)

    def holds(self, claim: Job) -> bool:
        return Job.objects.filter(pk=claim.pk, token=claim.token, state=Job.State.RUNNING).exists()

    @invariant()
    def the_promises_hold(self) -> None:
        for job in Job.objects.filter(pk__in=self.mine).prefetch_related("events"):
            kinds = [event.kind for event in sorted(job.events.all(), key=lambda event: event.pk)]
            assert VALID.fullmatch(" ".join(kinds)), kinds
            assert sum(kind in Job.TERMINAL for kind in kinds) == (0 if job.open else 1)
            assert job.state == kinds[-1]
            assert 0 <= job.attempt <= job.max_attempts
            assert (job.finished is None) == job.open
            assert bool(job.token) or job.state != Job.State.RUNNING
            assert job.pk not in self.cancelled or job.state == Job.State.CANCELLED
            if job.state == SUCCEEDED and not job.removed:
                assert job.summary == job.token


@pytest.fixture
def steps() -> Iterator[None]:
    with transaction.atomic():
        yield


@pytest.mark.usefixtures("steps")
def test_the_promises_hold_in_any_order_of_events() -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        JobLife,
        settings=settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=checks),
    )
