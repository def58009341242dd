package dev.lanewise.text.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** ONNX files that are made to take endless time, or to read other files, are refused with one short line. */
@Timeout(120)
class HostileOnnxTest {
  private static OnnxModel read(byte[] file) throws IOException {
    return OnnxModel.read(new ByteArrayInputStream(file));
  }

  private static void assertRefused(byte[] file, String message) {
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(IOException.class)
        .message()
        .contains(message)
        .doesNotContain("\n")
        .hasSizeLessThan(300);
  }

  private static byte[] tensor(OnnxFile.Fields fields) {
    byte[] tensor = OnnxFile.message(fields);
    return OnnxFile.message(out -> out.writeByteArray(5, tensor));
  }

  /** Each float is a field of its own: reading takes linear time. */
  @Test
  void floatsOneByOne() throws IOException {
    int count = 1_000_000;
    byte[] file =
        OnnxFile.model(
            tensor(
                out -> {
                  out.writeInt64(1, count);
                  out.writeInt32(2, OnnxFile.FLOAT);
                  out.writeString(8, "bias");
                  for (int i = 0; i < count; i++) {
                    out.writeFloat(4, i);
                  }
                }));
    float[] floats = read(file).tensors().floats("bias");
    assertThat(floats).hasSize(count).startsWith(0, 1, 2).endsWith(count - 1);
  }

  @Test
  void dataTwice() {
    byte[] file =
        OnnxFile.model(
            tensor(
                out -> {
                  out.writeInt64(1, 1);
                  out.writeInt32(2, OnnxFile.INT8);
                  out.writeString(8, "codes");
                  for (int i = 0; i < 300_000; i++) {
                    out.writeByteArray(9, new byte[1]);
                  }
                }));
    assertRefused(file, "has its data twice");
  }

  @Test
  void matricesWithoutElements() {
    byte[] weight = OnnxFile.tensor("a.weight", OnnxFile.FLOAT, new byte[0], Integer.MAX_VALUE, 0);
    assertRefused(OnnxFile.model(OnnxFile.product("p", "x", "a.weight"), weight), "must have 1 row and 1 column");
  }

  /** Every product looks for its bias behind every other node. */
  @Test
  void tangledGraphs() {
    List<byte[]> fields = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      fields.add(OnnxFile.node("MatMul", "", List.of("x", "w"), List.of("y")));
      fields.add(OnnxFile.node("Add", "", List.of("y", "z", "z", "z"), List.of("v")));
    }
    fields.add(OnnxFile.tensor("w", OnnxFile.FLOAT, OnnxFile.floats(1), 1, 1));
    assertRefused(OnnxFile.model(fields.toArray(byte[][]::new)), "too tangled");
  }

  /** A shape that is joined of shapes that are joined of shapes. */
  @Test
  void tangledShapes() {
    List<byte[]> fields = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      fields.add(OnnxFile.node("Concat", "", Collections.nCopies(5, "s" + i), List.of("s" + (i + 1))));
    }
    for (int i = 0; i < 2000; i++) {
      fields.add(OnnxFile.node("Reshape", "", List.of("x", "s9"), List.of("r" + i)));
    }
    fields.add(OnnxFile.tensor("embeddings.word_embeddings.weight", OnnxFile.FLOAT, OnnxFile.floats(1), 1, 1));
    assertRefused(OnnxFile.model(fields.toArray(byte[][]::new)), "too tangled");
  }

  @Test
  void manyNodes() {
    byte[] node = OnnxFile.message(out -> out.writeByteArray(1, new byte[0]));
    assertRefused(OnnxFile.model(Collections.nCopies(100_001, node).toArray(byte[][]::new)), "more than 100000 nodes");
  }

  /** Data in a file of its own is named, but no such file is ever opened. */
  @Test
  void pathsOfExternalData() {
    byte[] place =
        OnnxFile.message(
            out -> {
              out.writeString(1, "location");
              out.writeString(2, "../../../etc/passwd");
            });
    byte[] file =
        OnnxFile.model(
            tensor(
                out -> {
                  out.writeInt64(1, 4);
                  out.writeInt32(2, OnnxFile.FLOAT);
                  out.writeString(8, "bias");
                  out.writeByteArray(13, place);
                  out.writeInt32(14, 1);
                }));
    assertRefused(file, "data in a file of its own is not supported");
  }

  @Test
  void namesInMessages() {
    byte[] file =
        OnnxFile.model(
            tensor(
                out -> {
                  out.writeInt64(1, 4);
                  out.writeInt32(2, OnnxFile.FLOAT);
                  out.writeString(8, "bias\nERROR forged line\r" + "x".repeat(10_000));
                }));
    assertRefused(file, "bias\\u000aERROR");
  }
}
