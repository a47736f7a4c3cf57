"""A pipeline a second time: jobs on servers, event by event, in plain loops.

A job is cut into pieces, one after the other; a piece takes each of its servers for a while, all at
once, and a server takes one piece at a time. Of pieces that wait for a server the one of the lowest
rank comes first.
"""

import heapq


class Job:
    """``work``: time on each server; ``after``: names of jobs that have to be done before.

    ``tail``: time from the last piece until the job is done, which takes no server. ``pieces`` may
    wait for pieces of other jobs: ``waits[piece]`` are pairs of a job and a piece of it.
    """

    def __init__(self, name, work, after=(), *, rank=0, tail=0.0, pieces=1, waits=None):
        self.name, self.after, self.rank, self.tail = name, tuple(after), rank, tail
        self.work = {server: time for server, time in work.items() if time > 0.0}
        self.pieces, self.waits = pieces, waits or {}
        self.begun = self.ended = 0
        self.running = 0
        self.done = None


def simulated(jobs):
    """When each job is done, by its name."""
    named = {job.name: job for job in jobs}
    ended = {}  # pieces that are done: (job, piece) -> time
    free, queues, events, now, order = {}, {}, [], 0.0, 0
    readers = {}
    for job in jobs:
        for other in (*job.after, *(name for waits in job.waits.values() for name, _ in waits)):
            readers.setdefault(other, set()).add(job.name)

    def may_begin(job):
        if job.running or job.begun == job.pieces:
            return False
        if job.begun == 0 and any(named[name].done is None for name in job.after):
            return False
        return all(pair in ended for pair in job.waits.get(job.begun, ()))

    def serve(server):
        nonlocal order
        while free.get(server, True) and queues.get(server):
            _, _, name = heapq.heappop(queues[server])
            free[server] = False
            order += 1
            job = named[name]
            heapq.heappush(events, (now + job.work[server] / job.pieces, order, server, name))

    def begin(job):
        nonlocal order
        if not may_begin(job):
            return
        job.begun += 1
        job.running = max(1, len(job.work))
        if not job.work:
            order += 1
            heapq.heappush(events, (now, order, None, job.name))
        for server in job.work:
            order += 1
            heapq.heappush(queues.setdefault(server, []), (job.rank, order, job.name))
            serve(server)

    for job in jobs:
        begin(job)
    while events:
        now, _, server, name = heapq.heappop(events)
        job = named[name]
        if server == "tail":
            job.done = now
            for other in readers.get(name, ()):
                begin(named[other])
            continue
        job.running -= 1
        if job.running == 0:
            ended[name, job.ended] = now
            job.ended += 1
            if job.ended == job.pieces:
                order += 1
                heapq.heappush(events, (now + job.tail, order, "tail", name))
            else:
                begin(job)
            for other in readers.get(name, ()):
                begin(named[other])
        if server is not None:
            free[server] = True
            serve(server)
    assert all(job.done is not None for job in jobs), "some job never began"
    return {job.name: job.done for job in jobs}
