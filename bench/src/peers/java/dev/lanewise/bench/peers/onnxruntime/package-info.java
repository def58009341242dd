/**
 * ONNX Runtime, called without copies: models of one node, the real model, and batches of texts in it.
 *
 * <p>{@link dev.lanewise.bench.peers.onnxruntime.OnnxCall} runs a session over buffers that live as long as the call, {@link
 * dev.lanewise.bench.peers.onnxruntime.OnnxNode} writes a model that consists of one node, {@link
 * dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeModel} is all-MiniLM-L6-v2.
 *
 * <p>Nothing here may know the tasks of a duel: {@code dev.lanewise.bench.peers} uses this package, never the reverse.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.peers.onnxruntime;
