/**
 * Weights of ONNX files that PyTorch exported.
 *
 * <p>Users come in by {@link dev.lanewise.text.onnx.OnnxModel}, which gives tensors the names of the checkpoint that they were exported
 * from.
 *
 * <p>Only initializers are read; the graph is not run. A file may come from anybody: sizes are checked before memory is taken, and errors
 * are an {@link java.io.IOException} of one line.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.onnx;
