#!/usr/bin/env python3
"""Writes relative.txt beside this file: the buckets that T5 gives to relative positions.

    python relative.py            # needs numpy; with torch it also compares with the formula in torch's own arithmetic

The formula is that of Raffel et al. 2020 as their code has it (mesh_tensorflow's transformer_layers and Hugging Face's T5Attention agree):
logarithms in float32, the fraction cut off. A line is one case: the word t5, its name, n numBuckets, max maxDistance, bidirectional=0|1, and
the buckets of the distances (key's position less query's) from -last to last.
"""
import math
import pathlib

import numpy

HERE = pathlib.Path(__file__).parent

# numBuckets, maxDistance, bidirectional, last.
CASES = {
    "encoder": (32, 128, 1, 300),
    "decoder": (32, 128, 0, 300),
    "encoder-small": (8, 20, 1, 60),
    "decoder-small": (6, 7, 0, 30),
    "decoder-odd": (11, 100, 0, 200),
    "decoder-least": (2, 2, 0, 5),
    "encoder-least": (4, 2, 1, 5),
    "encoder-far": (64, 1000, 1, 1100),
}


def bucket(distance, n, max_distance, bidirectional):
    first = 0
    if bidirectional:
        n //= 2
        if distance > 0:
            first = n
        apart = abs(distance)
    else:
        apart = -min(distance, 0)
    exact = n // 2
    if apart < exact:
        return first + apart
    ratio = numpy.float32(apart) / numpy.float32(exact)
    part = numpy.log(ratio) / numpy.float32(math.log(max_distance / exact)) * numpy.float32(n - exact)
    assert part.dtype == numpy.float32
    return first + min(exact + int(part), n - 1)


def compare_with_torch(n, max_distance, bidirectional, last, buckets):
    try:
        import torch
    except ImportError:
        return
    relative = torch.arange(-last, last + 1)
    size, first = n, torch.zeros_like(relative)
    if bidirectional:
        size //= 2
        first = (relative > 0).long() * size
        relative = relative.abs()
    else:
        relative = -torch.minimum(relative, torch.zeros_like(relative))
    exact = size // 2
    large = exact + (torch.log(relative.float() / exact) / math.log(max_distance / exact) * (size - exact)).long()
    found = first + torch.where(relative < exact, relative, large.clamp(max=size - 1))
    assert found.tolist() == buckets, [d - last for d, (x, y) in enumerate(zip(found.tolist(), buckets)) if x != y]


def main():
    lines = ["# Buckets of relative positions; written by relative.py. The layout is described there."]
    for name, (n, max_distance, bidirectional, last) in CASES.items():
        buckets = [bucket(distance, n, max_distance, bidirectional) for distance in range(-last, last + 1)]
        compare_with_torch(n, max_distance, bidirectional, last, buckets)
        listed = ",".join(map(str, buckets))
        lines.append(f"t5 {name} n={n} max={max_distance} bidirectional={bidirectional} last={last} buckets={listed}")
    (HERE / "relative.txt").write_text("\n".join(lines) + "\n", newline="\n")


if __name__ == "__main__":
    main()
