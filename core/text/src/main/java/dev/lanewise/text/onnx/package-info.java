@org.jspecify.annotations.NullMarked
package dev.lanewise.text.onnx;
