/**
 * Weights and settings of ONNX files that were exported from models of the BERT family.
 *
 * <p>Users come in by {@link dev.lanewise.text.onnx.OnnxModel}, which gives tensors the names of the checkpoint that they were exported
 * from, turns integer codes into floats, and finds the number of heads, the epsilon and the activation in the nodes.
 *
 * <p>The graph is read but not run. A file may come from anybody: sizes are checked before memory is taken, and errors are an {@link
 * java.io.IOException} of one line.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.onnx;
