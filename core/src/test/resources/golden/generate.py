#!/usr/bin/env python3
"""Writes the golden cases, cases.txt and cases.bin, beside this file: attention as PyTorch computes it in double.

    python generate.py            # needs torch with numpy; the version that ran is noted in cases.txt

Inputs are rounded to float32 first and everything after that is float64, so the expected numbers are exact to about 1e-15 for the very
inputs that the Java code reads. cases.bin holds, case after case and with nothing between, little-endian:

    sdpa  query [B,H,L,D], key [B,G,S,D], value [B,G,S,Dv] (float32); output [B,H,L,Dv], weights [B,H,L,S] (float64)
    mha   query [B,L,E], then for source=memory one memory [B,S,E], for source=separate key [B,S,Ek] and value [B,S,Ev];
          W_Q [E,E], W_K [E,Ek], W_V [E,Ev], their biases [3E] if bias=1, W_O [E,E], its bias [E] if bias=1 (float32);
          output [B,L,E], weights [B,H,L,S] (float64)

A line of cases.txt is one case: kind, name and then key=value for its sizes (B batch, H query heads, G key/value heads, L queries, S keys,
D headDim, Dv valueDim, E embedDim) and its mask.

scaled_dot_product_attention returns no weights; they are its output for value = the identity matrix.

Where our contract says more than PyTorch:
  * rows with no key left: scaled_dot_product_attention with a boolean mask gives 0, as our contract does, and this script asserts it.
    MultiheadAttention gives NaN there, so no mha case has such a row.
  * poison=nan or inf: a masked NaN reaches PyTorch's output (0 * NaN), so the expected numbers are computed from clean inputs and the
    poison is written afterwards into the keys and values that no query may see.
"""
import pathlib

import torch
from torch.nn.functional import scaled_dot_product_attention

SEED = 20261121
HERE = pathlib.Path(__file__).parent
POISON = {"nan": float("nan"), "inf": float("inf")}

# B, H, G, L, S, D, Dv, and what differs from no mask and scale 1/sqrt(D).
SDPA = {
    "self-one-row": (1, 1, 1, 1, 1, 5, 5, {}),
    "self-3-rows": (2, 3, 3, 3, 3, 8, 8, {}),
    "self-7-rows": (1, 2, 2, 7, 7, 16, 16, {}),
    "self-17-rows": (2, 1, 1, 17, 17, 40, 40, {}),
    "self-33-rows": (1, 2, 2, 33, 33, 59, 59, {}),
    "cross-one-query": (2, 2, 2, 1, 33, 16, 16, {}),
    "cross-one-key": (1, 3, 3, 17, 1, 8, 8, {}),
    "cross-more-keys": (1, 2, 2, 7, 33, 59, 59, {}),
    "cross-more-queries": (1, 2, 2, 33, 7, 40, 40, {}),
    "causal-square-one": (1, 1, 1, 1, 1, 8, 8, {"causal": "top-left"}),
    "causal-square-7": (2, 2, 2, 7, 7, 5, 5, {"causal": "top-left"}),
    "causal-square-33": (1, 2, 2, 33, 33, 16, 16, {"causal": "bottom-right"}),
    "causal-top-left-more-keys": (1, 2, 2, 7, 17, 8, 8, {"causal": "top-left"}),
    "causal-top-left-more-queries": (1, 2, 2, 17, 7, 8, 8, {"causal": "top-left"}),
    "causal-bottom-right-more-keys": (2, 2, 2, 7, 33, 16, 16, {"causal": "bottom-right"}),
    "causal-bottom-right-one-query": (1, 2, 2, 1, 17, 40, 40, {"causal": "bottom-right"}),
    "causal-bottom-right-masked-rows": (1, 2, 2, 17, 7, 16, 16, {"causal": "bottom-right"}),
    "padding": (3, 2, 2, 7, 17, 16, 16, {"lengths": [17, 5, 1]}),
    "padding-masked-rows": (3, 2, 2, 3, 7, 8, 8, {"lengths": [0, 7, 3]}),
    "padding-all-masked": (1, 1, 1, 3, 3, 5, 5, {"lengths": [0]}),
    "padding-causal": (2, 2, 2, 17, 17, 40, 40, {"lengths": [9, 16], "causal": "bottom-right"}),
    "padding-causal-masked-rows": (2, 2, 2, 17, 7, 8, 8, {"lengths": [3, 7], "causal": "bottom-right"}),
    "poison-nan-padding": (2, 2, 2, 7, 33, 16, 16, {"lengths": [20, 1], "poison": "nan"}),
    "poison-inf-padding": (2, 2, 2, 7, 33, 59, 59, {"lengths": [32, 0], "poison": "inf"}),
    "poison-nan-causal": (1, 2, 2, 3, 17, 8, 8, {"causal": "top-left", "poison": "nan"}),
    "poison-nan-grouped": (2, 6, 2, 3, 17, 16, 5, {"lengths": [7, 16], "poison": "nan"}),
    "grouped-2": (1, 4, 2, 7, 17, 16, 16, {}),
    "grouped-3": (2, 3, 1, 3, 7, 40, 40, {}),
    "grouped-8-one-query": (1, 8, 1, 1, 33, 16, 16, {}),
    "grouped-causal": (1, 6, 2, 17, 17, 8, 8, {"causal": "bottom-right"}),
    "grouped-padding": (2, 4, 2, 7, 17, 5, 5, {"lengths": [3, 17]}),
    "value-narrow": (1, 2, 2, 7, 17, 40, 5, {}),
    "value-one": (1, 2, 2, 3, 7, 8, 1, {}),
    "value-wide": (1, 2, 2, 7, 7, 5, 59, {}),
    "value-wide-grouped-causal": (2, 4, 2, 7, 17, 8, 40, {"causal": "bottom-right"}),
    "scale-one": (1, 2, 2, 7, 17, 16, 16, {"scale": 1.0}),
    "scale-small": (1, 2, 2, 17, 17, 40, 40, {"scale": 0.03125}),
    "scale-zero": (1, 1, 1, 3, 7, 8, 8, {"scale": 0.0}),
    "scale-negative": (1, 2, 2, 7, 7, 8, 8, {"scale": -0.5}),
    "large-scores": (1, 2, 2, 7, 33, 16, 16, {"scale": 1.0, "magnitude": 8.0}),
    "head-dim-one": (1, 2, 2, 7, 17, 1, 3, {}),
}

# B, H, L, S, E, Ek, Ev, source, bias, and the mask.
MHA = {
    "self-one-row": (1, 1, 1, 1, 5, 5, 5, "self", 1, {}),
    "self": (2, 2, 7, 7, 16, 16, 16, "self", 1, {}),
    "self-no-bias": (2, 2, 7, 7, 16, 16, 16, "self", 0, {}),
    "self-odd-heads": (1, 3, 17, 17, 24, 24, 24, "self", 1, {}),
    "self-head-dim-5": (1, 5, 3, 3, 25, 25, 25, "self", 1, {}),
    "self-33-rows": (1, 4, 33, 33, 40, 40, 40, "self", 1, {}),
    "self-causal": (2, 2, 17, 17, 16, 16, 16, "self", 1, {"causal": "bottom-right"}),
    "self-causal-no-bias": (1, 1, 7, 7, 8, 8, 8, "self", 0, {"causal": "top-left"}),
    "self-padding": (3, 2, 7, 7, 16, 16, 16, "self", 1, {"lengths": [7, 1, 4]}),
    "self-padding-causal": (2, 4, 17, 17, 32, 32, 32, "self", 1, {"lengths": [3, 16], "causal": "bottom-right"}),
    "cross": (2, 2, 7, 17, 16, 16, 16, "memory", 1, {}),
    "cross-no-bias": (1, 3, 17, 3, 15, 15, 15, "memory", 0, {}),
    "cross-one-query": (2, 2, 1, 33, 16, 16, 16, "memory", 1, {}),
    "cross-padding": (3, 2, 3, 17, 16, 16, 16, "memory", 1, {"lengths": [17, 2, 9]}),
    "cross-causal": (1, 2, 7, 17, 16, 16, 16, "memory", 1, {"causal": "bottom-right"}),
    "separate-sources": (2, 2, 7, 17, 16, 16, 16, "separate", 1, {}),
    "key-value-dims": (2, 2, 7, 17, 16, 11, 23, "separate", 1, {}),
    "key-value-dims-no-bias": (1, 4, 3, 7, 32, 40, 5, "separate", 0, {}),
    "key-value-dims-padding": (2, 3, 7, 33, 24, 17, 59, "separate", 1, {"lengths": [33, 8]}),
    "key-dim-only": (1, 2, 7, 7, 16, 8, 16, "separate", 1, {"causal": "bottom-right"}),
}


def rounded(generator, *shape, magnitude=1.0):
    """Normal numbers that float32 holds exactly, as float64."""
    return (torch.randn(*shape, generator=generator) * magnitude).to(torch.float32).to(torch.float64)


def seen_keys(batch, queries, keys, causal=None, lengths=None):
    """Boolean [B,L,S], true where a query may look."""
    seen = torch.ones(batch, queries, keys, dtype=torch.bool)
    if causal:
        seen &= torch.ones(queries, keys, dtype=torch.bool).tril(0 if causal == "top-left" else keys - queries)
    if lengths is not None:
        seen &= (torch.arange(keys) < torch.tensor(lengths)[:, None])[:, None, :]
    return seen


def settings(case):
    """Sizes and options as the key=value words of a line."""
    words = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in case.items()}
    return " ".join(f"{k}={v}" for k, v in words.items())


def write(file, dtype, *tensors):
    for tensor in tensors:
        file.write(tensor.detach().numpy().astype(dtype).tobytes())


def sdpa(file, generator, B, H, G, L, S, D, Dv, options):
    magnitude = options.get("magnitude", 1.0)
    query = rounded(generator, B, H, L, D, magnitude=magnitude)
    key = rounded(generator, B, G, S, D, magnitude=magnitude)
    value = rounded(generator, B, G, S, Dv)
    seen = seen_keys(B, L, S, options.get("causal"), options.get("lengths"))[:, None]
    square_causal = options.get("causal") == "top-left" and "lengths" not in options
    how = {"is_causal": True} if square_causal else {} if seen.all() else {"attn_mask": seen}
    how |= {"scale": options.get("scale"), "enable_gqa": G != H}
    output = scaled_dot_product_attention(query, key, value, **how)
    weights = scaled_dot_product_attention(query, key, torch.eye(S, dtype=torch.float64).expand(B, G, S, S).contiguous(), **how)
    assert torch.isfinite(output).all() and torch.isfinite(weights).all()
    dead = ~seen.any(-1).expand(B, H, L)
    assert (output[dead] == 0).all() and (weights[dead] == 0).all()
    if "poison" in options:
        unseen = ~seen.any(-2).expand(B, G, S)
        assert unseen.any()
        key[unseen] = POISON[options["poison"]]
        value[unseen] = POISON[options["poison"]]
    write(file, "<f4", query, key, value)
    write(file, "<f8", output, weights)
    return {"B": B, "H": H, "G": G, "L": L, "S": S, "D": D, "Dv": Dv}


def mha(file, generator, B, H, L, S, E, Ek, Ev, source, bias, options):
    layer = torch.nn.MultiheadAttention(E, H, bias=bool(bias), kdim=Ek, vdim=Ev, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            magnitude = 0.5 if name.endswith("bias") else parameter.shape[-1] ** -0.5
            parameter.copy_(rounded(generator, *parameter.shape, magnitude=magnitude))
    query = rounded(generator, B, L, E)
    key = query if source == "self" else rounded(generator, B, S, Ek)
    value = rounded(generator, B, S, Ev) if source == "separate" else key
    seen = seen_keys(B, L, S, options.get("causal"), options.get("lengths"))
    assert seen.any(-1).all()
    padding = ~seen_keys(B, L, S, lengths=options["lengths"])[:, 0] if "lengths" in options else None
    causal = ~seen_keys(1, L, S, causal=options["causal"])[0] if "causal" in options else None
    output, weights = layer(query, key, value, key_padding_mask=padding, attn_mask=causal, average_attn_weights=False)
    assert torch.isfinite(output).all() and torch.isfinite(weights).all()
    packed = layer.in_proj_weight
    inputs = [packed] if packed is not None else [layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight]
    biases = [layer.in_proj_bias] if bias else []
    write(file, "<f4", query, *{"self": [], "memory": [key], "separate": [key, value]}[source])
    write(file, "<f4", *inputs, *biases, layer.out_proj.weight, *([layer.out_proj.bias] if bias else []))
    write(file, "<f8", output, weights)
    return {"B": B, "H": H, "L": L, "S": S, "E": E, "Ek": Ek, "Ev": Ev, "source": source, "bias": bias}


def main():
    generator = torch.Generator().manual_seed(SEED)
    lines = [f"# Golden attention cases; written by generate.py with torch {torch.__version__}, seed {SEED}. The layout is described there."]
    with open(HERE / "cases.bin", "wb") as file:
        for kind, make, cases in (("sdpa", sdpa, SDPA), ("mha", mha, MHA)):
            for name, case in cases.items():
                lines.append(f"{kind} {name} {settings(make(file, generator, *case) | case[-1])}")
    (HERE / "cases.txt").write_text("\n".join(lines) + "\n", newline="\n")


if __name__ == "__main__":
    main()
