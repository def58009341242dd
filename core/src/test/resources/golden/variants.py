#!/usr/bin/env python3
"""Writes the golden variants, variants.txt and variants.bin, beside this file: masks, changes of scores, normalisers, similarities.

    python variants.py            # needs torch with numpy; the version that ran is noted in variants.txt

Inputs are rounded to float32 first and everything after that is float64. Scores and weights are composed of PyTorch's own operations,
stage by stage; wherever scaled_dot_product_attention or flex_attention can say the same, this script asserts that they do.

A line of variants.txt is one case: the word variant, its name and then key=value for its sizes (B batch, H query heads, G key/value heads,
L queries, S keys, D headDim, Dv valueDim) and its settings. Lists are joined by commas. The settings:

    scale, softcap                      numbers
    causal=top-left|bottom-right, offsets=b, window=left,right (-1 for unlimited), lengths=b, queryLengths=b, prefix=b, tree=parents
    queryIds, keyIds                    documents, B x L and B x S
    matrix=axes, bits=0110...           a boolean mask, dense over those of the axes b, h, q, k that are named
    bias=axes                           likewise, elements in variants.bin
    slopes, sinks                       one number a query head
    similarity=cosine|additive, normaliser=relu|squaredRelu|sigmoid|linear, averages=1
    queryStarts, keyStarts              packed sequences: B is 1, results have the rows of all; masks and bias see batch entries in them
    stages=1                            the scores at every stage are written too
    poison=nan|inf                      what keys and values that no query sees were filled with after the results were computed

variants.bin holds, case after case and with nothing between, little-endian:

    query [B,H,L,D], key [B,G,S,D], value [B,G,S,Dv], bias over its axes if any, vector [D] if additive (float32);
    output [B,H,L,Dv], weights [B,H,L,K], log-sum-exp [B,H,L] if softmax, and with stages=1 the raw, capped, changed and masked scores, each
    [B,H,L,K] (float64). K is S, or the keys of the longest sequence: a row then starts with its own sequence's keys; behind them are
    weights 0 and scores -inf.
"""
import pathlib

import torch
from torch.nn.attention.flex_attention import AuxRequest, flex_attention
from torch.nn.functional import cosine_similarity, pad, scaled_dot_product_attention

from generate import POISON, SEED, rounded, settings, write

HERE = pathlib.Path(__file__).parent
INF = float("inf")

# B, H, G, L, S, D, Dv, and what differs from no mask and scale 1/sqrt(D). bias and matrix name their axes; hide=p is the part of elements
# that a random matrix or bias hides, deadRow=1 hides all keys from query 1.
CASES = {
    "matrix": (2, 2, 2, 5, 9, 8, 8, {"matrix": "qk", "hide": 0.4}),
    "matrix-of-keys": (2, 2, 2, 5, 9, 8, 8, {"matrix": "k", "hide": 0.4}),
    "matrix-a-batch-entry": (3, 2, 2, 4, 7, 5, 5, {"matrix": "bqk", "hide": 0.5}),
    "matrix-a-head": (2, 4, 2, 4, 7, 5, 6, {"matrix": "hqk", "hide": 0.5}),
    "matrix-all-axes-dead-row": (2, 3, 1, 4, 9, 8, 8, {"matrix": "bhqk", "hide": 0.5, "deadRow": 1}),
    "matrix-poison": (2, 2, 2, 5, 9, 8, 8, {"matrix": "bk", "hide": 0.4, "poison": "nan"}),
    "bias-of-keys": (2, 2, 2, 5, 9, 8, 8, {"bias": "k"}),
    "bias": (2, 2, 2, 5, 9, 8, 8, {"bias": "qk"}),
    "bias-a-head": (2, 4, 2, 5, 9, 8, 8, {"bias": "hqk"}),
    "bias-all-axes": (2, 3, 3, 5, 9, 8, 8, {"bias": "bhqk", "stages": 1}),
    "bias-a-batch-entry-and-query": (2, 2, 2, 5, 9, 8, 8, {"bias": "bq"}),
    "bias-hides": (2, 2, 1, 5, 9, 8, 8, {"bias": "hqk", "hide": 0.4, "stages": 1}),
    "bias-hides-dead-row": (2, 2, 2, 4, 7, 8, 8, {"bias": "bqk", "hide": 0.4, "deadRow": 1}),
    "bias-hides-poison-nan": (2, 2, 2, 5, 9, 8, 8, {"bias": "bk", "hide": 0.4, "poison": "nan"}),
    "bias-hides-poison-inf": (1, 4, 2, 5, 9, 8, 8, {"bias": "k", "hide": 0.4, "poison": "inf", "causal": "bottom-right"}),
    "window-left": (1, 2, 2, 17, 17, 8, 8, {"window": [4, 0]}),
    "window-both-more-keys": (2, 2, 2, 7, 17, 8, 8, {"window": [3, 2]}),
    "window-both-more-queries": (1, 2, 2, 17, 7, 8, 8, {"window": [3, 2]}),
    "window-right": (1, 2, 2, 7, 11, 8, 8, {"window": [-1, 2]}),
    "window-left-only": (1, 2, 2, 7, 11, 8, 8, {"window": [2, -1]}),
    "window-of-one": (1, 2, 1, 9, 9, 8, 8, {"window": [0, 0]}),
    "window-causal-lengths": (2, 2, 2, 9, 11, 8, 8, {"window": [3, 3], "causal": "bottom-right", "lengths": [11, 5]}),
    "window-poison": (1, 2, 2, 3, 17, 8, 8, {"window": [4, 0], "poison": "nan"}),
    "offsets": (3, 2, 2, 5, 9, 8, 8, {"offsets": [4, -2, 0]}),
    "query-lengths": (2, 2, 2, 5, 9, 8, 8, {"queryLengths": [3, 0]}),
    "prefix": (2, 2, 2, 9, 9, 8, 8, {"prefix": [4, 0]}),
    "prefix-more-keys": (2, 2, 1, 5, 9, 8, 8, {"prefix": [9, 2]}),
    "documents": (1, 2, 2, 9, 9, 8, 8, {"queryIds": [0, 0, 0, 1, 1, 2, 2, 2, 2], "keyIds": [0, 0, 0, 1, 1, 2, 2, 2, 2]}),
    "documents-causal": (1, 4, 2, 7, 7, 8, 8, {"queryIds": [3, 3, 3, 5, 5, 5, 5], "keyIds": [3, 3, 3, 5, 5, 5, 5], "causal": "top-left"}),
    "documents-mixed": (2, 2, 2, 3, 4, 8, 8, {"queryIds": [7, 1, 7, 2, 2, 1], "keyIds": [1, 7, 1, 7, 2, 3, 2, 3], "poison": "nan"}),
    "tree": (2, 2, 2, 6, 6, 8, 8, {"tree": [-1, 0, 0, 1, 1, 2]}),
    "tree-after-past": (1, 4, 2, 5, 12, 8, 8, {"tree": [-1, 0, 0, 2, 1]}),
    "tree-behind-causal-queries": (1, 2, 2, 8, 11, 8, 8, {"tree": [-1, 0, -1, 2]}),
    "scale-softcap": (1, 2, 2, 5, 9, 8, 8, {"scale": 2.0, "softcap": 3.0, "stages": 1}),
    "alibi": (2, 3, 3, 7, 7, 8, 8, {"slopes": [0.5, 0.25, 0.0625]}),
    "alibi-more-keys": (1, 4, 2, 5, 11, 8, 8, {"slopes": [0.5, 0.25, 0.125, 0.0625], "causal": "bottom-right"}),
    "alibi-more-queries": (1, 2, 2, 11, 5, 8, 8, {"slopes": [0.5, 0.0]}),
    "softcap-alibi-bias": (2, 4, 2, 7, 9, 8, 6, {"softcap": 2.0, "slopes": [0.5, 0.25, 0.125, 0.0], "bias": "hqk", "stages": 1}),
    "everything": (
        2, 4, 2, 9, 11, 8, 6,
        {"scale": 0.5, "softcap": 2.0, "slopes": [0.5, 0.25, 0.125, 0.0], "bias": "bhqk", "hide": 0.1, "causal": "bottom-right",
         "window": [5, 0], "lengths": [11, 8], "sinks": [0.5, -1.0, 2.0, 0.0]},
    ),
    "sinks": (2, 3, 3, 5, 9, 8, 8, {"sinks": [0.5, -2.0, 3.0]}),
    "sinks-large": (1, 2, 2, 5, 9, 8, 8, {"sinks": [40.0, -40.0]}),
    "sinks-dead-rows": (2, 2, 1, 7, 5, 8, 8, {"sinks": [0.5, 1.0], "causal": "bottom-right", "lengths": [4, 0]}),
    "softmax-plus-one": (1, 4, 2, 5, 9, 8, 8, {"sinks": [0.0, 0.0, 0.0, 0.0], "bias": "qk"}),
    "large-scores": (1, 2, 2, 17, 33, 8, 8, {"scale": 16.0, "window": [8, 8]}),
    "relu": (1, 2, 2, 5, 9, 8, 8, {"normaliser": "relu"}),
    "relu-averages-causal": (2, 4, 2, 7, 9, 8, 8, {"normaliser": "relu", "averages": 1, "causal": "bottom-right"}),
    "relu-averages-bias-hides": (1, 2, 2, 5, 9, 8, 8, {"normaliser": "relu", "averages": 1, "bias": "qk", "hide": 0.4, "deadRow": 1}),
    "squared-relu": (1, 2, 1, 5, 9, 8, 8, {"normaliser": "squaredRelu", "softcap": 2.0}),
    "squared-relu-averages": (2, 2, 2, 7, 5, 8, 8, {"normaliser": "squaredRelu", "averages": 1, "causal": "bottom-right"}),
    "sigmoid": (1, 2, 2, 5, 9, 8, 8, {"normaliser": "sigmoid"}),
    "sigmoid-bias-hides": (2, 2, 2, 5, 9, 8, 8, {"normaliser": "sigmoid", "bias": "bk", "hide": 0.4, "poison": "nan"}),
    "sigmoid-averages-window": (1, 2, 2, 9, 9, 8, 8, {"normaliser": "sigmoid", "averages": 1, "window": [3, 0]}),
    "linear": (1, 2, 2, 5, 9, 8, 8, {"normaliser": "linear"}),
    "linear-averages-lengths": (2, 4, 2, 5, 9, 8, 8, {"normaliser": "linear", "averages": 1, "lengths": [6, 0], "poison": "inf"}),
    "linear-bias-hides": (1, 2, 2, 5, 9, 8, 8, {"normaliser": "linear", "bias": "qk", "hide": 0.4, "deadRow": 1}),
    "cosine": (2, 2, 2, 5, 9, 8, 8, {"similarity": "cosine"}),
    "cosine-scale-causal": (1, 4, 2, 7, 9, 5, 8, {"similarity": "cosine", "scale": 10.0, "causal": "bottom-right"}),
    "cosine-zero-rows": (1, 2, 2, 5, 9, 8, 8, {"similarity": "cosine", "scale": 4.0, "zeroRows": 1, "stages": 1}),
    "additive": (2, 2, 2, 5, 9, 8, 8, {"similarity": "additive"}),
    "additive-lengths": (2, 4, 2, 5, 9, 11, 3, {"similarity": "additive", "lengths": [9, 4], "poison": "nan"}),
    "additive-sigmoid-scale": (1, 2, 1, 5, 9, 5, 8, {"similarity": "additive", "scale": 2.0, "normaliser": "sigmoid", "bias": "qk"}),
    "packed": (1, 2, 2, 13, 13, 8, 8, {"queryStarts": [0, 5, 5, 6, 13], "keyStarts": [0, 5, 5, 6, 13]}),
    "packed-causal-cross": (1, 4, 2, 9, 14, 8, 6, {"queryStarts": [0, 4, 5, 9], "keyStarts": [0, 7, 12, 14], "causal": "bottom-right"}),
    "packed-no-keys": (1, 2, 2, 6, 5, 8, 8, {"queryStarts": [0, 3, 6], "keyStarts": [0, 5, 5]}),
    "packed-window-alibi-sinks": (
        1, 4, 2, 12, 12, 8, 8,
        {"queryStarts": [0, 8, 12], "keyStarts": [0, 8, 12], "window": [2, 0], "slopes": [0.5, 0.25, 0.125, 0.0],
         "sinks": [0.0, 1.0, -1.0, 2.0]},
    ),
    "packed-bias-lengths": (
        1, 2, 1, 9, 11, 8, 8,
        {"queryStarts": [0, 6, 9], "keyStarts": [0, 5, 11], "bias": "bhqk", "lengths": [3, 6], "stages": 1},
    ),
    "packed-relu-averages": (
        1, 2, 2, 9, 9, 8, 8,
        {"queryStarts": [0, 2, 9], "keyStarts": [0, 2, 9], "normaliser": "relu", "averages": 1, "causal": "top-left"},
    ),
}  # fmt: skip


def matrix(generator, axes, sizes, hide, dead_row):
    """Random booleans over the named axes, as [b or 1, h or 1, q or 1, k or 1], true where seen."""
    seen = torch.rand(*(sizes[a] if a in axes else 1 for a in "bhqk"), generator=generator) >= hide
    if dead_row:
        seen[:, :, 1] = False
    return seen


def visible(o, b, L, S):
    """Boolean [L,S] of batch entry, or sequence, b by all masks but the matrix."""
    i, j = torch.arange(L)[:, None], torch.arange(S)[None, :]
    position = i + S - L
    seen = torch.ones(L, S, dtype=torch.bool)
    if "causal" in o:
        seen &= j <= (i if o["causal"] == "top-left" else position)
    if "offsets" in o:
        seen &= j <= i + o["offsets"][b]
    if "window" in o:
        left, right = o["window"]
        seen &= ((left < 0) | (position - left <= j)) & ((right < 0) | (j <= position + right))
    if "lengths" in o:
        seen &= j < o["lengths"][b]
    if "queryLengths" in o:
        seen &= i < o["queryLengths"][b]
    if "prefix" in o:
        seen &= (j < o["prefix"][b]) | (j <= position)
    if "queryIds" in o:
        seen &= torch.tensor(o["queryIds"]).view(-1, L)[b][:, None] == torch.tensor(o["keyIds"]).view(-1, S)[b][None, :]
    if "tree" in o:
        seen &= tree(o["tree"], L, S)
    return seen


def tree(parents, L, S):
    n = len(parents)
    seen = torch.ones(L, S, dtype=torch.bool).tril(S - L)
    seen[L - n :, S - n :] = False
    for node in range(n):
        ancestor = node
        while ancestor >= 0:
            seen[L - n + node, S - n + ancestor] = True
            ancestor = parents[ancestor]
    return seen


def similarity(o, query, key, vector):
    if o.get("similarity") == "cosine":
        return cosine_similarity(query[:, :, :, None], key[:, :, None], dim=-1, eps=1e-300)
    if o.get("similarity") == "additive":
        return (vector * torch.tanh(query[:, :, :, None] + key[:, :, None])).sum(-1)
    return query @ key.transpose(-1, -2)


def stages(o, query, key, vector, bias, seen):
    """The scores of one batch entry [1,H,L,S] at each stage."""
    H, L, S = query.shape[1], query.shape[2], key.shape[2]
    raw = similarity(o, query, key, vector) * o.get("scale", query.shape[-1] ** -0.5 if "similarity" not in o else 1.0)
    capped = o["softcap"] * torch.tanh(raw / o["softcap"]) if "softcap" in o else raw
    changed = capped + bias
    if "slopes" in o:
        distance = (torch.arange(L)[:, None] + S - L - torch.arange(S)).abs().to(torch.float64)
        changed = changed - torch.tensor(o["slopes"], dtype=torch.float64).view(1, H, 1, 1) * distance
    return raw, capped, changed, changed.masked_fill(~seen, -INF)


def normalise(o, masked):
    """The weights, and log-sum-exp or None."""
    kind = o.get("normaliser", "softmax")
    gone = masked == -INF
    if kind == "softmax":
        sinks = torch.tensor(o.get("sinks", [-INF] * masked.shape[1]), dtype=torch.float64)
        dead = gone.all(-1)
        logits = torch.cat([masked, sinks.view(1, -1, 1, 1).expand(*masked.shape[:3], 1)], -1)
        weights = torch.softmax(logits, -1)[..., :-1].masked_fill(dead[..., None], 0)
        return weights, torch.logsumexp(logits, -1)
    weights = {
        "relu": torch.relu,
        "squaredRelu": lambda x: torch.relu(x) ** 2,
        "sigmoid": torch.sigmoid,
        "linear": lambda x: x,
    }[kind](masked).masked_fill(gone, 0)
    return (weights / (~gone).sum(-1, keepdim=True).clamp(min=1) if o.get("averages") else weights), None


def check(o, query, key, value, bias, seen, masked, output, lse):
    """PyTorch's own attention says the same, where it can."""
    if any(k in o for k in ("similarity", "normaliser", "sinks")) or value.shape[2] == 0:
        return
    how = {"scale": o.get("scale"), "enable_gqa": query.shape[1] != key.shape[1]}
    shape = masked.shape
    if "softcap" not in o and "slopes" not in o:
        mask = bias.expand(shape).masked_fill(~seen, -INF)
        torch.testing.assert_close(scaled_dot_product_attention(query, key, value, attn_mask=mask, **how), output, rtol=1e-12, atol=1e-13)
    slopes = torch.tensor(o.get("slopes", [0.0] * shape[1]), dtype=torch.float64)
    every_bias, every_seen = bias.expand(shape), seen.expand(shape)

    def score_mod(score, b, h, i, j):
        score = o["softcap"] * torch.tanh(score / o["softcap"]) if "softcap" in o else score
        score = score + every_bias[b, h, i, j] - slopes[h] * (i + shape[3] - shape[2] - j).abs()
        return torch.where(every_seen[b, h, i, j], score, -INF)

    flexed, extra = flex_attention(query, key, value, score_mod=score_mod, return_aux=AuxRequest(lse=True), **how)
    alive = (masked != -INF).any(-1)  # flex_attention's log-sum-exp of the others depends on its version
    torch.testing.assert_close(flexed[alive], output[alive], rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(extra.lse[alive], lse[alive], rtol=1e-12, atol=1e-12)


def joined(parts, dim, width=None, fill=0.0):
    """Results of batch entries (dim 0) or sequences (dim 2) as one; rows of scores and weights are filled up to the longest."""
    return torch.cat([part if width is None else pad(part, (0, width - part.shape[-1]), value=fill) for part in parts], dim)


def lengths(starts, batch, rows):
    """Rows of each batch entry, or of each sequence if there are starts."""
    return [rows] * batch if starts is None else [end - start for start, end in zip(starts, starts[1:])]


def variant(file, generator, B, H, G, L, S, D, Dv, o):
    query, key, value = rounded(generator, B, H, L, D), rounded(generator, B, G, S, D), rounded(generator, B, G, S, Dv)
    if o.get("zeroRows"):
        query[:, :, 1] = 0
        key[:, :, 2] = 0
    query_starts, key_starts = o.get("queryStarts"), o.get("keyStarts")
    entries = B if query_starts is None else len(query_starts) - 1
    queries, keys = lengths(query_starts, B, L), lengths(key_starts, B, S)
    sizes = {"b": entries, "h": H, "q": max(queries), "k": max(keys)}
    hidden = (o.get("hide", 0.0), o.get("deadRow", 0))
    bits = matrix(generator, o["matrix"], sizes, *hidden) if "matrix" in o else torch.ones(1, 1, 1, 1, dtype=torch.bool)
    bias = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    if "bias" in o:
        bias = rounded(generator, *(sizes[a] if a in o["bias"] else 1 for a in "bhqk"))
        if "hide" in o:
            bias = bias.expand(-1, -1, sizes["q"] if o.get("deadRow") else -1, -1).clone()
            bias[~matrix(generator, o["bias"], sizes, *hidden).expand_as(bias)] = -INF
    vector = rounded(generator, D)

    outputs, weights, lses, scores, unseen = [], [], [], [[], [], [], []], torch.ones(B, G, S, dtype=torch.bool)
    for b in range(entries):
        n, m = queries[b], keys[b]
        rows = slice(0, L) if query_starts is None else slice(query_starts[b], query_starts[b + 1])
        columns = slice(0, S) if key_starts is None else slice(key_starts[b], key_starts[b + 1])
        at = slice(b, b + 1) if query_starts is None else slice(0, 1)
        q, k, v = query[at, :, rows], key[at, :, columns], value[at, :, columns]
        own = [x.expand(entries, H, sizes["q"], sizes["k"])[b : b + 1, :, :n, :m] for x in (bits, bias)]
        seen = own[0] & visible(o, b, n, m)
        every = stages(o, q, k.repeat_interleave(H // G, 1), vector, own[1], seen)
        weight, lse = normalise(o, every[-1])
        output = weight @ v.repeat_interleave(H // G, 1)
        assert torch.isfinite(output).all() and torch.isfinite(weight).all()
        check(o, q, k, v, own[1], seen, every[-1], output, lse)
        outputs.append(output)
        weights.append(weight)
        lses.append(lse)
        for stage, score in zip(scores, every):
            stage.append(score)
        unseen[at, :, columns] = (every[-1] == -INF).view(1, G, H // G, n, m).all(3).all(2)

    if "poison" in o:
        assert unseen.any()
        key[unseen] = POISON[o["poison"]]
        value[unseen] = POISON[o["poison"]]
    dim = 0 if query_starts is None else 2
    write(file, "<f4", query, key, value, *([bias] if "bias" in o else []), *([vector] if o.get("similarity") == "additive" else []))
    write(file, "<f8", joined(outputs, dim), joined(weights, dim, sizes["k"]), *([joined(lses, dim)] if lses[0] is not None else []))
    if o.get("stages"):
        write(file, "<f8", *(joined(stage, dim, sizes["k"], -INF) for stage in scores))
    words = {k: v for k, v in o.items() if k not in ("hide", "deadRow", "zeroRows")}
    if "matrix" in o:
        words["bits"] = "".join("01"[bit] for bit in bits.flatten().tolist())
    return {"B": B, "H": H, "G": G, "L": L, "S": S, "D": D, "Dv": Dv} | words


def main():
    generator = torch.Generator().manual_seed(SEED)
    lines = [f"# Golden variants; written by variants.py with torch {torch.__version__}, seed {SEED}. The layout is described there."]
    with open(HERE / "variants.bin", "wb") as file:
        for name, case in CASES.items():
            lines.append(f"variant {name} {settings(variant(file, generator, *case))}")
    (HERE / "variants.txt").write_text("\n".join(lines) + "\n", newline="\n")


if __name__ == "__main__":
    main()
