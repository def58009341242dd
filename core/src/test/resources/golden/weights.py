#!/usr/bin/env python3
"""Writes read.safetensors and written.safetensors beside this file with the reference implementation, for SafetensorsGoldenTest.

    python weights.py            # needs torch, numpy and safetensors; the versions that ran stand in the metadata of read.safetensors

read.safetensors has a tensor of each kind that torch can store. Where "x" is read as floats, "x as F32" holds what must come out, bit for
bit but for NaN, converted by torch.

written.safetensors has one F32 tensor "numbers", in it every way to round, and the same numbers as F16 and BF16 as torch rounds them. The
Java writer, given the F32 numbers, must write this file byte for byte.
"""
import pathlib

import numpy
import safetensors
import torch
from safetensors.torch import save_file

SEED = 20261123
HERE = pathlib.Path(__file__).parent


def of_bits(bits, dtype):
    """The number of each bit pattern."""
    width = {torch.float16: numpy.uint16, torch.bfloat16: numpy.uint16, torch.float32: numpy.uint32, torch.float64: numpy.uint64}[dtype]
    return torch.from_numpy(numpy.array(bits, dtype=numpy.uint64).astype(width)).view(dtype)


def patterns(random, sign, exponent, count):
    """Zero, the smallest and largest denormal, the smallest and largest normal, one, infinity, NaN, of both signs; and random ones."""
    fraction = sign - exponent
    infinity = ((1 << exponent) - 1) << fraction
    special = [0, 1, (1 << fraction) - 1, 1 << fraction, infinity - 1, ((1 << exponent - 1) - 1) << fraction, infinity, infinity | 1 << fraction - 1]
    special += [bits | 1 << sign for bits in special]
    return special + [int(bits) for bits in random.integers(0, 1 << (sign + 1), count, dtype=numpy.uint64, endpoint=False)]


def read(random):
    tensors = {}
    for dtype, sign, exponent in (torch.float16, 15, 5), (torch.bfloat16, 15, 8), (torch.float32, 31, 8):
        name = str(dtype).removeprefix("torch.")
        tensors[name] = of_bits(patterns(random, sign, exponent, 239), dtype).reshape(5, 51)
    # Near the floats: exactly half way between two, a hair beside that, beyond the largest, below the smallest.
    floats = of_bits(patterns(random, 31, 8, 239), torch.float32).double()
    hairs = torch.tensor([0.0, 2.0**-25, 2.0**-24, -(2.0**-24), 3 * 2.0**-25])
    tensors["float64"] = (floats * (1 + hairs[torch.arange(floats.numel()) % len(hairs)])).reshape(5, 51)
    for name in list(tensors):
        tensors[name + " as F32"] = tensors[name].float().clone()
    tensors["one number"] = torch.tensor(-1.5)
    tensors["no rows"] = torch.zeros(0, 7)
    tensors["no columns"] = torch.zeros(3, 0, 5, dtype=torch.float16)
    tensors["Gewichtung ü \U0001d7d9 \"\\\n"] = torch.tensor([[1.0, 2.0, 3.0]])
    for dtype in torch.bool, torch.uint8, torch.int8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.uint64:
        tensors[str(dtype).removeprefix("torch.")] = torch.tensor([[0, 1, 2]]).to(dtype)
    for dtype in torch.float8_e4m3fn, torch.float8_e5m2:
        tensors[str(dtype).removeprefix("torch.")] = torch.tensor([[0.0, 1.0]]).to(dtype)
    versions = f"torch {torch.__version__}, safetensors {safetensors.__version__}"
    metadata = {"made by ü\u2028": versions + " \U0001d7d9 \"\\\n\t\x01"}  # one entry: the library writes several in any order
    save_file(tensors, HERE / "read.safetensors", metadata)


def written(random):
    bits = patterns(random, 31, 8, 200)
    for sign, exponent, bias in (15, 5, 15), (15, 8, 127):
        fraction = sign - exponent
        drop = 23 - fraction
        for place in range(64):
            # Numbers near 1 and near the smallest of the format: a tie to either side, and one bit off.
            base = ((127 if place % 2 else 128 - bias) << 23) + (int(random.integers(0, 1 << fraction)) << drop)
            bits += [base + (1 << drop - 1) + beside for beside in (-1, 0, 1)]
    for power in range(-27, -13):
        # What half precision can only store as a denormal, with ties.
        bits += [((127 + power) << 23) + (half << 12) + beside for half in range(0, 1 << 11, 229) for beside in (0, 1)]
    numbers = of_bits(bits, torch.float32)
    numbers = torch.cat([numbers, torch.tensor([65504.0, 65519.0, 65520.0, -65520.0, 1e5, 3.4e38, -3.4e38])])
    numbers = numbers[~numbers.isnan()]  # as BF16 it is 7fc0 or ffff, depending on which of torch's loops runs
    tensors = {"numbers": numbers, "as half": numbers.half(), "as bfloat": numbers.bfloat16(), "a": torch.tensor(2.5), "empty": torch.zeros(2, 0)}
    # By bytes the first comes first, by UTF-16 units the second.
    tensors["\uffee"] = torch.zeros(1)
    tensors["\U0001d7d9"] = torch.ones(1, 1)
    save_file(tensors, HERE / "written.safetensors", {"format": "pt"})


if __name__ == "__main__":
    read(numpy.random.default_rng(SEED))
    written(numpy.random.default_rng(SEED))
