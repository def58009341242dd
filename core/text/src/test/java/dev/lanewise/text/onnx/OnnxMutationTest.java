package dev.lanewise.text.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import com.sun.management.ThreadMXBean;
import dev.lanewise.testing.Sample;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Damaged files are read or refused, and need no more memory than their size requires. */
class OnnxMutationTest {
  private static final int FILES = 20_000 * Sample.fuzzFactor();
  private static final int SEED = 7;

  /** The reader's buffer and the floats that it allocates before they arrive. */
  private static final long ALLOWED_BYTES = 6 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static byte[] valid() {
    return OnnxFile.model(
        OnnxFile.node("Gather", "/embeddings/Gather", "embeddings.weight", "ids"),
        OnnxFile.product("/encoder/query/MatMul", "x", "onnx::MatMul_1"),
        OnnxFile.tensor("ids", OnnxFile.INT64, new byte[16], 1, 2),
        OnnxFile.tensor("embeddings.weight", OnnxFile.FLOAT, OnnxFile.floats(1, 2, 3, 4, 5, 6), 2, 3),
        OnnxFile.tensor("onnx::MatMul_1", OnnxFile.FLOAT, OnnxFile.floats(1, 2, 3, 4, 5, 6), 3, 2),
        OnnxFile.tensor("bias", OnnxFile.FLOAT, OnnxFile.floats(7, 8), 2),
        OnnxFile.node("DynamicQuantizeLinear", "", List.of("x"), List.of("c", "s", "z")),
        OnnxFile.node("MatMulInteger", "", List.of("c", "codes", "z", "zero"), List.of("i")),
        OnnxFile.node("Cast", "", List.of("i"), List.of("f"), OnnxFile.whole("to", 1)),
        OnnxFile.node("Mul", "", List.of("s", "scale"), List.of("t")),
        OnnxFile.node("Mul", "", List.of("f", "t"), List.of("p")),
        OnnxFile.node("Add", "", List.of("p", "key.bias"), List.of("y")),
        OnnxFile.tensor("key.bias", OnnxFile.FLOAT, OnnxFile.floats(7, 8), 2),
        OnnxFile.scales("scale", new float[] {1, 2}, 2),
        OnnxFile.codes("zero", OnnxFile.INT8, new int[] {1, -2}, 2),
        OnnxFile.tensor("codes", OnnxFile.INT8, new byte[] {1, 2, 3, 4}, 2, 2),
        OnnxFile.node("Reshape", "", List.of("y", "shape"), List.of("h")),
        OnnxFile.constant("shape", OnnxFile.INT64, OnnxFile.longs(0, 0, 2, 1), 4),
        OnnxFile.node("LayerNormalization", "", List.of("h"), List.of("n"), OnnxFile.number("epsilon", 1e-5f)));
  }

  @Test
  @Timeout(1200)
  void mutationsAreReadOrRefused() {
    Random random = new Random(SEED);
    byte[] valid = valid();
    int refused = 0;
    for (int i = 0; i < FILES; i++) {
      byte[] file = mutate(valid, random);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      refused += refuses(file, i) ? 1 : 0;
      assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).as("bytes for file %d of seed %d", i, SEED).isLessThan(ALLOWED_BYTES);
    }
    assertThat(refused).isBetween(FILES / 4, FILES - 1);
  }

  @Test
  void wrongLengthsTakeNoMemory() {
    long claimed = (1L << 29) - 1;
    byte[] tensor =
        OnnxFile.message(
            out -> {
              out.writeInt64(1, claimed);
              out.writeInt32(2, OnnxFile.FLOAT);
              out.writeString(8, "bias");
              writeLength(out, 9, claimed * Float.BYTES);
            });
    byte[] file =
        OnnxFile.message(
            out -> {
              writeLength(out, 7, Integer.MAX_VALUE);
              writeLength(out, 5, Integer.MAX_VALUE - 20);
              out.writeRawBytes(tensor);
            });
    long before = THREADS.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> OnnxModel.read(new ByteArrayInputStream(file))).isInstanceOf(IOException.class);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(ALLOWED_BYTES);
  }

  private static void writeLength(CodedOutputStream out, int field, long length) throws IOException {
    out.writeTag(field, 2);
    out.writeUInt64NoTag(length);
  }

  private static boolean refuses(byte[] file, int number) {
    try {
      OnnxModel.read(new ByteArrayInputStream(file));
      return false;
    } catch (IOException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return true;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("file " + number + " of seed " + SEED, e);
    }
  }

  /** One to three changes: bytes set, bits flipped, bytes removed or inserted, the end cut off, a part repeated elsewhere. */
  private static byte[] mutate(byte[] valid, Random random) {
    byte[] file = valid.clone();
    for (int changes = 1 + random.nextInt(3); changes > 0 && file.length > 8; changes--) {
      int index = random.nextInt(file.length);
      int length = random.nextInt(1, Math.min(16, file.length - index) + 1);
      file =
          switch (random.nextInt(6)) {
            case 0 -> with(file, index, (byte) random.nextInt());
            case 1 -> with(file, index, (byte) (file[index] ^ 1 << random.nextInt(8)));
            case 2 -> with(file, index, (byte) (random.nextBoolean() ? 0xff : 0x7f));
            case 3 -> join(Arrays.copyOf(file, index), Arrays.copyOfRange(file, index + length, file.length));
            case 4 -> join(Arrays.copyOf(file, index + length), Arrays.copyOfRange(file, index, file.length));
            default -> Arrays.copyOf(file, index);
          };
    }
    return file;
  }

  private static byte[] with(byte[] file, int index, byte value) {
    byte[] changed = file.clone();
    changed[index] = value;
    return changed;
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
