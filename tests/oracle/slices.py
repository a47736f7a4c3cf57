"""Weights as slices of whole numbers, by plain loops and Python's whole numbers.

A weight is the sum of its slices, slice s worth 2^(stride s); a cell of b bits holds a number from
-2^(b-1) to 2^(b-1) - 1. Slices are told from the least significant one on.
"""


def ends(bits):
    """The least and the largest number of a cell."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def whole(slices, stride):
    """The weight of its slices."""
    return sum(int(q) * 2 ** (stride * s) for s, q in enumerate(slices))


def digits(number, count, stride):
    """Of a number that may be below zero, for each slice; the last has all that lies above."""
    size, sign = abs(number), 1 if number > 0 else -1
    found = [size // 2 ** (stride * s) % 2**stride for s in range(count - 1)]
    return [sign * d for d in (*found, size // 2 ** (stride * (count - 1)))]


def sent(codes, operands, count, stride, planes):
    """Units up and down of each slice of one weight: plane by plane of every vector's code."""
    ups, downs = [0] * count, [0] * count
    for code, operand in zip(codes, operands, strict=True):
        for plane in range(planes):
            if abs(int(code)) // 2**plane % 2:
                signed = int(operand) if code > 0 else -int(operand)
                for s, digit in enumerate(digits(signed * 2**plane, count, stride)):
                    ups[s] += max(digit, 0)
                    downs[s] += max(-digit, 0)
    return ups, downs


def added(slices, bits, ups, downs):
    """What cells hold then; at an end of its range a cell takes no more."""
    found = []
    for q, b, up, down in zip(slices, bits, ups, downs, strict=True):
        low, high = ends(b)
        found.append(min(max(int(q) + up - down, low), high))
    return found


def resolved(slices, bits, stride):
    """The same weight in digits evenly about zero; the last has what is left, as far as it can."""
    total, found = whole(slices, stride), []
    for _ in slices[:-1]:
        digit = (total + 2 ** (stride - 1)) % 2**stride - 2 ** (stride - 1)
        found.append(digit)
        total = (total - digit) // 2**stride
    low, high = ends(bits[-1])
    return [*found, min(max(total, low), high)]
