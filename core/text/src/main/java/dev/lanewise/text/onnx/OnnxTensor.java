package dev.lanewise.text.onnx;

/**
 * An initializer of an ONNX file.
 *
 * @param name its name in the file
 * @param dims sizes, outermost first; their product is the number of elements
 * @param data the elements, row-major
 */
record OnnxTensor(String name, long[] dims, float[] data) {}
