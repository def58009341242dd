#!/usr/bin/env python3
"""Writes the golden layers, layers.txt and layers.safetensors, beside this file: PyTorch's attention layers as they compute in double.

    python layers.py            # needs torch, numpy and safetensors; the version that ran is noted in layers.txt

Weights and inputs are rounded to float32 first; then the same model runs twice, in double for the expected output, and in float for the
error that a test may hold its own against. Models are in eval mode and without the fast path, so that what runs is what the classes say.

layers.safetensors has for the case numbered 07:

    case07.*             the model's state_dict, F32
    data07.x             the input: query or target [B,L,E], F32
    data07.memory        cross-attention only: the other source [B,S,K], and data07.value [B,S,V] if the value has a source of its own
    data07.expected      the output in double [B,L,E], F64

For batch_first=0 batch and rows are exchanged in all of them, as PyTorch has it. A line of layers.txt is one case: kind, name and then
key=value, with B batch, L rows of x, S rows of the memory, E embedDim, H heads, F feed-forward, K and V widths of key and value sources;

    layers, decoders     number of layers; in a transformer that of the encoder, and of the decoder
    norm=pre|post, activation, epsilon, bias=0|1, final=0|1 (a norm behind the stack)
    causal=0|1           of x on itself
    lengths              of x's sequences, the rest is padding: never seen as a key; the outputs of these rows are compared with nothing
    memory               lengths of the memory's sequences, or the source's of a transformer
    offset               the memory is masked, too: row i sees its keys up to i + offset
    largest, error       largest expected output, and PyTorch's own largest error in float, both without the padding
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from generate import SEED, rounded, settings

HERE = pathlib.Path(__file__).parent
ACTIVATIONS = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "gelu-tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}
DEFAULTS = {"bias": 1, "batch_first": 1, "causal": 0}
STACK = DEFAULTS | {"norm": "post", "activation": "relu", "epsilon": 1e-5}
GELU = {"norm": "pre", "activation": "gelu"}

# B, L, S (0 if there is no memory), E, H, F, and what differs from the defaults. Widths and lengths are odd where they may be.
CASES = {
    "mha": {
        "self": (2, 9, 0, 16, 2, 0, {}),
        "self-one-head": (1, 17, 0, 24, 1, 0, {}),
        "self-one-row": (3, 1, 0, 20, 4, 0, {}),
        "self-no-bias": (2, 7, 0, 30, 3, 0, {"bias": 0}),
        "self-rows-first": (3, 7, 0, 16, 4, 0, {"batch_first": 0, "lengths": [7, 2, 5]}),
        "self-causal": (2, 16, 0, 48, 4, 0, {"causal": 1}),
        "self-causal-padding": (3, 13, 0, 33, 3, 0, {"causal": 1, "lengths": [13, 1, 8]}),
        "cross-padding": (3, 5, 17, 32, 4, 0, {"memory": [17, 3, 9]}),
        "key-value-dims": (2, 7, 11, 24, 3, 0, {"K": 17, "V": 40}),
        "key-value-dims-no-bias": (2, 1, 6, 16, 2, 0, {"K": 5, "V": 16, "bias": 0, "memory": [6, 2]}),
        "key-value-dims-rows-first": (2, 6, 5, 16, 1, 0, {"K": 16, "V": 9, "batch_first": 0}),
    },
    "encoder-layer": {
        "post-relu": (2, 9, 0, 16, 2, 24, {}),
        "pre-gelu": (2, 9, 0, 16, 2, 24, GELU),
        "post-gelu-padding": (3, 17, 0, 32, 4, 64, {"activation": "gelu", "lengths": [17, 4, 11]}),
        "pre-relu-causal": (2, 13, 0, 48, 3, 96, {"norm": "pre", "causal": 1}),
        "post-causal-padding": (3, 8, 0, 24, 3, 41, {"causal": 1, "lengths": [3, 8, 6]}),
        "post-no-bias": (2, 7, 0, 24, 2, 48, {"bias": 0}),
        "pre-no-bias-gelu": (1, 10, 0, 20, 4, 33, GELU | {"bias": 0}),
        "post-rows-first": (3, 5, 0, 16, 4, 32, {"batch_first": 0, "lengths": [5, 5, 2]}),
        "pre-gelu-tanh": (2, 6, 0, 16, 1, 64, {"norm": "pre", "activation": "gelu-tanh"}),
        "post-silu-large-epsilon": (2, 6, 0, 16, 2, 64, {"activation": "silu", "epsilon": 0.03125}),
        "post-one-row": (1, 1, 0, 40, 4, 80, {}),
    },
    "decoder-layer": {
        "post-relu": (2, 9, 7, 16, 2, 24, {"causal": 1}),
        "pre-gelu": (2, 9, 13, 24, 3, 40, GELU | {"causal": 1}),
        "pre-gelu-padding": (3, 11, 17, 32, 4, 64, GELU | {"causal": 1, "lengths": [11, 1, 7], "memory": [17, 2, 9]}),
        "post-gelu-unmasked": (2, 7, 5, 16, 2, 32, {"activation": "gelu"}),
        "post-memory-mask": (2, 9, 12, 16, 4, 32, {"causal": 1, "offset": 3}),
        "pre-no-bias": (2, 6, 6, 24, 2, 31, {"norm": "pre", "bias": 0, "causal": 1}),
        "post-rows-first": (3, 6, 4, 16, 4, 32, {"batch_first": 0, "causal": 1, "memory": [4, 1, 3]}),
        "post-one-row": (2, 1, 17, 30, 3, 60, {"causal": 1}),
    },
    "encoder": {
        "post-relu-3": (2, 12, 0, 24, 3, 48, {"layers": 3, "final": 0}),
        "pre-gelu-3": (2, 12, 0, 24, 3, 48, GELU | {"layers": 3, "final": 1, "lengths": [5, 12]}),
        "post-final-causal-2": (3, 7, 0, 16, 1, 32, {"layers": 2, "final": 1, "causal": 1}),
        "pre-no-bias-2": (1, 16, 0, 32, 4, 64, {"norm": "pre", "bias": 0, "layers": 2, "final": 1}),
    },
    "decoder": {
        "post-relu-2": (2, 8, 10, 16, 2, 32, {"layers": 2, "final": 0, "causal": 1}),
        "pre-gelu-3": (2, 11, 5, 16, 4, 32, GELU | {"layers": 3, "final": 1, "causal": 1, "memory": [5, 3]}),
    },
    "transformer": {
        "post-relu": (2, 7, 9, 16, 2, 32, {"layers": 1, "decoders": 1, "causal": 1}),
        "post-relu-padding": (3, 10, 17, 24, 4, 48, {"layers": 2, "decoders": 3, "causal": 1, "lengths": [10, 4, 1], "memory": [6, 17, 2]}),
        "pre-gelu-padding": (2, 9, 6, 20, 4, 44, GELU | {"layers": 3, "decoders": 2, "causal": 1, "lengths": [5, 9], "memory": [6, 3]}),
        "post-rows-first": (2, 5, 8, 16, 2, 32, {"layers": 1, "decoders": 2, "batch_first": 0, "causal": 1}),
        "pre-no-bias": (2, 6, 6, 24, 2, 36, {"norm": "pre", "bias": 0, "layers": 2, "decoders": 2, "causal": 1}),
    },
}  # fmt: skip


def model_of(kind, E, H, F, o):
    """The model with PyTorch's own weights, in float."""
    if kind == "mha":
        return nn.MultiheadAttention(E, H, bias=bool(o["bias"]), kdim=o.get("K"), vdim=o.get("V"), batch_first=bool(o["batch_first"]))
    how = {"dim_feedforward": F, "dropout": 0.1, "activation": ACTIVATIONS[o["activation"]], "layer_norm_eps": o["epsilon"]}
    how |= {"batch_first": bool(o["batch_first"]), "norm_first": o["norm"] == "pre", "bias": bool(o["bias"])}
    if kind == "transformer":
        return nn.Transformer(E, H, o["layers"], o["decoders"], **how)
    if kind.endswith("layer"):
        return {"encoder-layer": nn.TransformerEncoderLayer, "decoder-layer": nn.TransformerDecoderLayer}[kind](E, H, **how)
    final = nn.LayerNorm(E, o["epsilon"], bias=bool(o["bias"])) if o["final"] else None
    if kind == "encoder":
        return nn.TransformerEncoder(nn.TransformerEncoderLayer(E, H, **how), o["layers"], final, enable_nested_tensor=False)
    return nn.TransformerDecoder(nn.TransformerDecoderLayer(E, H, **how), o["layers"], final)


def refill(model, generator):
    """Numbers that leave nothing out: no bias is 0, no norm weight 1, and attention is far from even."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.copy_(rounded(generator, *parameter.shape, magnitude=1.3 * parameter.shape[-1] ** -0.5))
            else:
                parameter.copy_(rounded(generator, *parameter.shape, magnitude=0.25))
                if "norm" in name and name.endswith("weight"):
                    parameter.add_(1)


def padding(lengths, rows):
    """Boolean [B,rows], true where there is padding; None if there are no lengths."""
    return None if lengths is None else torch.arange(rows) >= torch.tensor(lengths)[:, None]


def hidden(L, S, offset):
    """Boolean [L,S], true where row i may not see key j: behind i + offset."""
    return torch.ones(L, S, dtype=torch.bool).triu(offset + 1)


def run(kind, model, data, o, L, S):
    """The output of one call; masks and all as the line says."""
    causal = hidden(L, L, 0) if o["causal"] else None
    own, other = padding(o.get("lengths"), L), padding(o.get("memory"), S)
    x, memory = data["x"], data.get("memory")
    if kind == "mha":
        if memory is None:
            return model(x, x, x, key_padding_mask=own, attn_mask=causal, need_weights=False)[0]
        return model(x, memory, data.get("value", memory), key_padding_mask=other, need_weights=False)[0]
    if kind == "encoder-layer":
        return model(x, src_mask=causal, src_key_padding_mask=own)
    if kind == "encoder":
        return model(x, mask=causal, src_key_padding_mask=own)
    masks = {"tgt_mask": causal, "tgt_key_padding_mask": own, "memory_key_padding_mask": other}
    if kind == "transformer":
        return model(memory, x, src_key_padding_mask=other, **masks)
    return model(x, memory, memory_mask=hidden(L, S, o["offset"]) if "offset" in o else None, **masks)


def compared(output, expected, o, L):
    """Largest expected output and largest error, where rows are no padding."""
    if not o["batch_first"]:
        output, expected = output.transpose(0, 1), expected.transpose(0, 1)
    real = torch.ones(output.shape[:2], dtype=torch.bool)
    if "lengths" in o:
        real &= ~padding(o["lengths"], L)
    assert torch.isfinite(output[real]).all()
    return {"largest": expected[real].abs().max().item(), "error": (output[real].double() - expected[real]).abs().max().item()}


def case(tensors, generator, number, kind, B, L, S, E, H, F, options):
    o = (DEFAULTS if kind == "mha" else STACK) | options
    model = model_of(kind, E, H, F, o).eval()
    refill(model, generator)
    data = {"x": rounded(generator, B, L, E)}
    if S:
        data["memory"] = rounded(generator, B, S, o.get("K", E))
        if "V" in o:
            data["value"] = rounded(generator, B, S, o["V"])
    if not o["batch_first"]:
        data = {name: tensor.transpose(0, 1).contiguous() for name, tensor in data.items()}
    single = {name: tensor.float() for name, tensor in data.items()}
    tensors |= {f"case{number:02}.{name}": tensor.clone() for name, tensor in model.state_dict().items()}
    tensors |= {f"data{number:02}.{name}": tensor for name, tensor in single.items()}
    with torch.no_grad():
        output = run(kind, model, single, o, L, S)
        expected = run(kind, model.double(), data, o, L, S)
    tensors[f"data{number:02}.expected"] = expected.contiguous()
    sizes = {"case": f"{number:02}", "B": B, "L": L} | ({"S": S} if S else {}) | {"E": E, "H": H} | ({"F": F} if F else {})
    return sizes | o | compared(output, expected, o, L)


def main():
    torch.backends.mha.set_fastpath_enabled(False)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    lines = [f"# Golden layers; written by layers.py with torch {torch.__version__}, seed {SEED}. The settings are described there."]
    tensors = {}
    for kind, cases in CASES.items():
        for name, sizes in cases.items():
            lines.append(f"{kind} {name} {settings(case(tensors, generator, len(lines), kind, *sizes))}")
    save_file(tensors, HERE / "layers.safetensors", {"format": "pt"})
    (HERE / "layers.txt").write_text("\n".join(lines) + "\n", newline="\n")


if __name__ == "__main__":
    main()
