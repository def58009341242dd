#!/usr/bin/env python3
"""Writes the golden rotary cases, rotary.txt and rotary.bin, beside this file: frequencies, attention factors and turned rows.

    python rotary.py            # needs torch with numpy; the version that ran is noted in rotary.txt

The formulas are written out here from the papers, with the choices that Hugging Face's transformers makes where a paper leaves one; all is
float64, from inputs rounded to float32 first. Rows are turned as complex numbers, not by the code's two products.

A line of rotary.txt is one case: the word rotary, its name and then key=value for its sizes (B batch, H heads, L rows, D headDim, R
rotaryDim) and its settings:

    base, form=half|interleaved, positions=B x L
    scaling=linear|ntk|dynamic|yarn|llama3 and its numbers: factor, original (context), length (of the sequence), low and high (frequency
    factor), fast and slow (beta), truncate=0, attention (factor)

rotary.bin holds, case after case and with nothing between, little-endian: input [B,H,L,D] (float32); frequencies [R/2], attention factor [1]
and output [B,H,L,D] (float64).
"""
import math
import pathlib

import torch

from generate import SEED, rounded, settings, write

HERE = pathlib.Path(__file__).parent
LLAMA = {"scaling": "llama3", "factor": 8.0, "low": 1.0, "high": 4.0, "original": 8192}

# B, H, L, D, R, base, form, and the scaling.
CASES = {
    "plain": (1, 2, 5, 8, 8, 10000.0, "half", {}),
    "plain-interleaved": (1, 2, 5, 8, 8, 10000.0, "interleaved", {}),
    "plain-part": (2, 2, 3, 80, 32, 10000.0, "half", {}),
    "plain-part-interleaved": (2, 2, 3, 111, 64, 10000.0, "interleaved", {}),
    "plain-one-pair": (1, 1, 4, 2, 2, 10000.0, "half", {}),
    "plain-large-base": (1, 2, 3, 128, 128, 500000.0, "half", {}),
    "linear": (1, 2, 4, 64, 64, 10000.0, "half", {"scaling": "linear", "factor": 4.0}),
    "linear-one": (1, 1, 4, 6, 6, 10000.0, "interleaved", {"scaling": "linear", "factor": 1.0}),
    "ntk": (1, 2, 4, 64, 64, 10000.0, "half", {"scaling": "ntk", "factor": 8.0}),
    "ntk-part": (1, 2, 4, 40, 20, 10000.0, "interleaved", {"scaling": "ntk", "factor": 2.5}),
    "ntk-one-pair": (1, 1, 4, 4, 2, 10000.0, "half", {"scaling": "ntk", "factor": 2.0}),
    "dynamic-within": (1, 2, 3, 64, 64, 10000.0, "half", {"scaling": "dynamic", "factor": 2.0, "original": 2048, "length": 1500}),
    "dynamic": (1, 2, 3, 64, 64, 10000.0, "half", {"scaling": "dynamic", "factor": 2.0, "original": 2048, "length": 5000}),
    "dynamic-factor-one": (1, 2, 3, 32, 16, 10000.0, "half", {"scaling": "dynamic", "factor": 1.0, "original": 100, "length": 1000}),
    "yarn": (1, 2, 4, 128, 128, 10000.0, "half", {"scaling": "yarn", "factor": 16.0, "original": 4096}),
    "yarn-qwen": (1, 2, 3, 128, 128, 1000000.0, "half", {"scaling": "yarn", "factor": 4.0, "original": 32768}),
    "yarn-untruncated": (1, 2, 3, 64, 64, 150000.0, "half", {"scaling": "yarn", "factor": 32.0, "original": 4096, "truncate": 0}),
    "yarn-betas": (1, 2, 3, 64, 64, 10000.0, "interleaved", {"scaling": "yarn", "factor": 40.0, "original": 4096, "fast": 24.0, "slow": 2.0}),
    "yarn-attention": (1, 2, 3, 64, 64, 10000.0, "interleaved", {"scaling": "yarn", "factor": 40.0, "original": 4096, "attention": 1.0}),
    "yarn-part": (1, 2, 3, 80, 32, 10000.0, "half", {"scaling": "yarn", "factor": 2.0, "original": 2048}),
    "yarn-step": (1, 1, 3, 4, 4, 10000.0, "half", {"scaling": "yarn", "factor": 2.0, "original": 6}),
    "yarn-factor-one": (1, 1, 3, 32, 32, 10000.0, "half", {"scaling": "yarn", "factor": 1.0, "original": 4096}),
    "llama3": (1, 2, 4, 128, 128, 500000.0, "half", LLAMA),
    "llama3-small": (1, 2, 4, 64, 64, 500000.0, "half", LLAMA | {"factor": 32.0}),
    "llama3-all-slow": (1, 1, 3, 8, 8, 10000.0, "half", LLAMA | {"original": 6}),
}  # fmt: skip


def standard(R, base):
    """Su et al. 2021, section 3.2.2: base^(-2i/R)."""
    return 1.0 / base ** (torch.arange(0, R, 2, dtype=torch.float64) / R)


def ntk(R, base, factor):
    """The base grown so that the slowest pair is slowed by the whole factor; a lone pair turns by 1 whatever the base."""
    return standard(R, base * factor ** (R / (R - 2)) if R > 2 else base)


def yarn(R, base, o):
    """Peng et al. 2023, section 3.2, with the ramp over pairs' numbers as their code and transformers have it; sizes are those of R."""
    def pair(turns):
        return R * math.log(o["original"] / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = pair(o.get("fast", 32.0)), pair(o.get("slow", 1.0))
    if o.get("truncate", 1):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, R - 1)
    if low == high:
        high += 0.001
    extrapolated = 1 - ((torch.arange(R // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    plain = standard(R, base)
    return plain / o["factor"] * (1 - extrapolated) + plain * extrapolated


def llama3(R, base, o):
    """Llama 3.1's own three cases, by wavelength."""
    frequencies = []
    for frequency in standard(R, base).tolist():
        wavelength = 2 * math.pi / frequency
        if wavelength < o["original"] / o["high"]:
            frequencies.append(frequency)
        elif wavelength > o["original"] / o["low"]:
            frequencies.append(frequency / o["factor"])
        else:
            smooth = (o["original"] / wavelength - o["low"]) / (o["high"] - o["low"])
            frequencies.append((1 - smooth) * frequency / o["factor"] + smooth * frequency)
    return torch.tensor(frequencies, dtype=torch.float64)


def frequencies(R, base, o):
    """Frequencies and attention factor."""
    scaling = o.get("scaling")
    if scaling is None:
        return standard(R, base), 1.0
    if scaling == "linear":
        return standard(R, base) / o["factor"], 1.0
    if scaling == "ntk":
        return ntk(R, base, o["factor"]), 1.0
    if scaling == "dynamic":
        length = max(o["length"], o["original"])
        return ntk(R, base, o["factor"] * length / o["original"] - (o["factor"] - 1)), 1.0
    if scaling == "yarn":
        return yarn(R, base, o), o.get("attention", 0.1 * math.log(o["factor"]) + 1)
    assert scaling == "llama3"
    return llama3(R, base, o), 1.0


def turned(x, R, form, angles, factor):
    """x [B,H,L,D] by angles [B,L,R/2]: each pair a complex number times e^(i angle)."""
    part = x[..., :R]
    pairs = torch.stack([part[..., : R // 2], part[..., R // 2 :]], -1) if form == "half" else part.unflatten(-1, (R // 2, 2))
    result = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.full_like(angles, factor), angles)[:, None])
    joined = torch.cat([result[..., 0], result[..., 1]], -1) if form == "half" else result.flatten(-2)
    return torch.cat([joined, x[..., R:]], -1)


def rotary(file, generator, B, H, L, D, R, base, form, o):
    x = rounded(generator, B, H, L, D)
    # Small positions, and some beyond every original context above. Farther out float64 angles are exact to fewer digits than the test asks.
    positions = torch.randint(0, 100, (B, L), generator=generator)
    positions[:, -1] += 100_000
    f, attention = frequencies(R, base, o)
    output = turned(x, R, form, positions[..., None] * f, attention)
    assert torch.allclose(output[..., :R].norm(dim=-1), attention * x[..., :R].norm(dim=-1), rtol=1e-12)
    write(file, "<f4", x)
    write(file, "<f8", f, torch.tensor([attention], dtype=torch.float64), output)
    sizes = {"B": B, "H": H, "L": L, "D": D, "R": R, "base": base, "form": form, "positions": positions.flatten().tolist()}
    return sizes | o


def main():
    generator = torch.Generator().manual_seed(SEED)
    lines = [f"# Golden rotary cases; written by rotary.py with torch {torch.__version__}, seed {SEED}. The layout is described there."]
    with open(HERE / "rotary.bin", "wb") as file:
        for name, case in CASES.items():
            lines.append(f"rotary {name} {settings(rotary(file, generator, *case))}")
    (HERE / "rotary.txt").write_text("\n".join(lines) + "\n", newline="\n")


if __name__ == "__main__":
    main()
