"""Pulses shared by blocks of cells a second time, as plain loops over every pulse."""

from collections import Counter


def rounded(total, cells):
    """The mean, a half away from zero."""
    whole, rest = divmod(abs(total), cells)
    size = whole + (2 * rest >= cells)
    return size if total > 0 else -size


def agreed(asked, until):
    """The pulses of a block all of whose cells get them."""
    if until == "mean":
        return rounded(sum(asked), len(asked))
    if until == "last":
        most = max(abs(n) for n in asked)
        return most if most in asked else -most
    one_way = all(n > 0 for n in asked) or all(n < 0 for n in asked)
    return min(asked, key=abs) if one_way else 0


def shared(asked, cuts, rows, cols, *, drivers, array, until, inhibited):
    """What cells [rows][cols] are sent, and what it takes: a Counter of (what, direction).

    Rows stay open for one pulse after the other; in each of these the trains that are not yet over
    pulse their cells.
    """
    sent = [[0] * len(asked[0]) for _ in asked]
    took = Counter()
    for start, stop in cuts:
        for top in range(start, stop, rows):
            lines = range(top, min(top + rows, stop))
            for left in range(0, len(asked[0]), array):
                right = min(left + array, len(asked[0]))
                width = right - left if drivers is None else drivers * cols
                for first in range(left, right, width):
                    turn = range(first, min(first + width, right))
                    for direction in (1, -1):
                        trains = trains_of(asked, lines, turn, cols, direction, until, inhibited)
                        pulse(trains, direction, sent, took)
    return sent, took


def trains_of(asked, lines, turn, cols, direction, until, inhibited):
    """Pulses, rows and columns of each block that is pulsed in a direction."""
    found = []
    for first in range(turn.start, turn.stop, cols):
        across = range(first, min(first + cols, turn.stop))
        if inhibited:
            down = [i for i in lines if direction * asked[i][first] > 0]
            wanted = [direction * asked[i][first] for i in down]
            if wanted:
                n = agreed(wanted, until)
                found.append((n, tuple(down), across))
            continue
        n = agreed([asked[i][j] for i in lines for j in across], until)
        if direction * n > 0:
            found.append((direction * n, tuple(lines), across))
    return found


def pulse(trains, direction, sent, took):
    """Send trains that are in the same rows at once, others in turn, one pulse after the other."""
    for rows in dict.fromkeys(down for _, down, _ in trains):
        took["openings", direction] += 1
        going = [(n, across) for n, down, across in trains if down == rows]
        took["blocks", direction] += len(going)
        took["cells", direction] += sum(len(rows) * len(across) for _, across in going)
        slot = 0
        while going := [(n, across) for n, across in going if n > slot]:
            took["slots", direction] += 1
            took["open rows", direction] += len(rows)
            for _, across in going:
                for i in rows:
                    for j in across:
                        sent[i][j] += direction
                        took["pulses", direction] += 1
            slot += 1
