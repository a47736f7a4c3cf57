"""Tasks side by side: as they end, each once, whoever dies; refusals in one line."""

import functools
import math
import os
import signal
import sys
import threading
import time

import pytest

from neurorebit.machines.executor import Here, executor
from neurorebit.machines.tasks import unwanted
from neurorebit.machines.versions import FIGURES, refuse_others, versions
from neurorebit.schema import InputError

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def two():
    with executor(workers=2) as machines:
        yield machines


def scaled(factor, number):
    return factor * number, os.getpid()


def slow(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if unwanted():
            return "interrupted"
        time.sleep(0.01)
    return "done"


def wrong(number):
    raise InputError("is wrong", key=f"k{number}", cure="put it right")


def test_tasks_are_done_by_all_workers_each_once(two):
    found = list(two.run(functools.partial(scaled, 3), range(30)))
    assert sorted((task, outcome[0]) for task, outcome in found) == [(i, 3 * i) for i in range(30)]
    assert {outcome[1] for _, outcome in found} == set(two.pids)
    assert os.getpid() not in two.pids
    assert set(two.everywhere(abs, -2).values()) == {2}


@pytest.mark.parametrize("most", [1, 3])
def test_the_next_task_may_follow_from_outcomes(two, most):
    known = []
    asked = []

    def tasks():
        for i in range(8):
            asked.append(len(known))
            yield i

    for task, outcome in two.run(math.sqrt, tasks(), most=most):
        known.append((task, outcome))
        assert outcome == math.sqrt(task)
    assert [max(0, i - most + 1) for i in range(8)] == asked


def test_here_is_one_after_the_other():
    order = []

    def tasks():
        for i in range(3):
            order.append(i)
            yield i

    with executor() as here:
        assert isinstance(here, Here)
        for _, outcome in here.run(functools.partial(scaled, 2), tasks()):
            order.append(outcome)
        assert here.everywhere(abs, -1) == {"here": 1}
    assert order == [0, (0, os.getpid()), 1, (2, os.getpid()), 2, (4, os.getpid())]
    assert not unwanted()


def test_a_killed_worker_loses_no_task(two):
    before = two.pids
    started = threading.Timer(0.15, os.kill, (before[0], signal.SIGKILL))
    started.start()
    found = dict(two.run(slow, [0.05 + 0.001 * i for i in range(12)]))
    started.join()
    assert len(found) == 12
    assert set(found.values()) == {"done"}
    assert two.pids != before


def test_workers_that_die_while_they_are_asked_are_asked_again(two):
    os.kill(two.pids[1], signal.SIGKILL)
    assert set(two.everywhere(abs, -3).values()) == {3}


def test_what_a_function_raises_ends_the_work_and_keeps_its_parts(two):
    with pytest.raises(InputError) as problem:
        list(two.run(wrong, [7]))
    assert str(problem.value) == "k7: is wrong; put it right"
    assert problem.value.key == "k7"


def test_tasks_that_nobody_wants_learn_it(two):
    begun = time.monotonic()
    while len(two.everywhere(abs, 0)) < 2:  # the killed one is started again
        time.sleep(0.05)
    running = two.run(slow, [0.0, 60.0], most=2)
    assert next(running)[0] == 0.0
    running.close()  # returns when those that run have ended
    assert time.monotonic() - begun < 30.0
    assert dict(two.run(math.sqrt, [4.0])) == {4.0: 2.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"workers": 0}, "workers: expected a whole number from 1 up, got 0; take one"),
        (
            {"workers": 2, "scheduler": "tcp://x:1"},
            "workers 2 and scheduler tcp://x:1: workers of two kinds; keep one",
        ),
        (
            {"scheduler": "tcp://127.0.0.1:1"},
            "scheduler tcp://127.0.0.1:1: no Dask scheduler answers: ",
        ),
    ],
)
def test_refusals_are_one_line(given, message, monkeypatch):
    from neurorebit.machines import cluster

    monkeypatch.setattr(cluster, "CONNECT", 0.2)
    with pytest.raises(InputError) as problem, executor(**given):
        pass
    assert str(problem.value).startswith(message)
    assert problem.value.cure


def test_without_dask_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "neurorebit.machines.cluster", None)
    with pytest.raises(InputError) as problem:
        executor(workers=2)
    expected = "workers: this needs Dask; run pip install 'neurorebit[dask]', or drop it"
    assert str(problem.value) == expected


def test_other_versions_are_refused_by_name(two, monkeypatch):
    ours = versions()
    assert set(FIGURES) <= set(ours)
    theirs = {**ours, "numpy": "1.0"}
    with pytest.raises(InputError) as problem:
        refuse_others("tcp://a:1", theirs, ours)
    expected = f"worker tcp://a:1 has numpy 1.0 instead of {ours['numpy']}"
    assert str(problem.value).startswith(f"{expected}; install ")
    from neurorebit.machines import calls

    monkeypatch.setattr(calls, "versions", lambda: {**ours, "neurorebit": "0.0.1"})
    with pytest.raises(InputError, match=f"has neurorebit {ours['neurorebit']} instead of 0.0.1"):
        list(two.run(math.sqrt, [1.0]))
