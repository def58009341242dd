package dev.lanewise.spark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lanewise.kernels.data.Heads;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartialAttentionTest {
  private static final float EMPTY = Float.NEGATIVE_INFINITY;

  private static PartialAttention random(long seed, int batch, int heads, int rows, int width) {
    Random random = new Random(seed);
    Heads output = Heads.zeros(batch, heads, rows, width);
    float[] sums = new float[batch * heads * rows];
    for (int i = 0; i < output.data().length; i++) {
      output.data()[i] = random.nextFloat() - 0.5f;
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] = random.nextInt(4) == 0 ? EMPTY : 10 * random.nextFloat();
    }
    return PartialAttention.of(output, sums);
  }

  @Test
  void bytesAreThoseOfTheJavadoc() {
    PartialAttention part = PartialAttention.of(Heads.of(new float[] {1, 2, 3, 4, 5, 6}, 1, 1, 2, 3), new float[] {0.5f, EMPTY});
    ByteBuffer bytes = ByteBuffer.wrap(part.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.remaining()).isEqualTo(24 + 4 * 2 * (3 + 1));
    assertThat(new String(part.toBytes(), 0, 4, java.nio.charset.StandardCharsets.US_ASCII)).isEqualTo("LWPA");
    assertThat(Arrays.copyOf(part.toBytes(), 24))
        .startsWith('L', 'W', 'P', 'A', 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);
    float[] numbers = new float[8];
    bytes.position(24).asFloatBuffer().get(numbers);
    assertThat(numbers).containsExactly(0.5f, EMPTY, 1, 2, 3, 4, 5, 6);
  }

  @Test
  void bytesAndJavaSerialisationKeepEveryBit() throws Exception {
    for (int[] shape : new int[][] {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 8, 1, 64}, {0, 1, 1, 1}, {1, 2, 0, 4}, {1, 2, 3, 0}}) {
      PartialAttention part = random(shape[1], shape[0], shape[1], shape[2], shape[3]);
      assertThat(PartialAttention.fromBytes(part.toBytes())).isEqualTo(part).hasSameHashCodeAs(part);
      assertThat(serialised(part)).isEqualTo(part);
    }
    float nan = Float.intBitsToFloat(0x7fc12345);
    PartialAttention strange = PartialAttention.of(Heads.of(new float[] {nan, -0f, Float.MIN_VALUE}, 1, 1, 1, 3), new float[] {nan});
    assertThat(serialised(strange).toBytes()).containsExactly(strange.toBytes());
    assertThat(strange.output().data()).usingComparator(Arrays::compare).isEqualTo(new float[] {nan, -0f, Float.MIN_VALUE});
  }

  private static PartialAttention serialised(PartialAttention part) throws IOException, ClassNotFoundException {
    return (PartialAttention) read(written(part));
  }

  private static byte[] written(Object object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  private static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return in.readObject();
    }
  }

  @Test
  void damagedSerialisedBytesAreRefused() throws Exception {
    byte[] bytes = written(random(1, 1, 1, 1, 1));
    int magic = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("LWPA");
    bytes[magic + 4] = 9;
    org.assertj.core.api.Assertions.assertThatExceptionOfType(InvalidObjectException.class)
        .isThrownBy(() -> read(bytes))
        .withMessage("version is 9, but this Lanewise reads version 1");
  }

  @Test
  void mergingIsThatOfTheFormula() {
    PartialAttention left = PartialAttention.of(Heads.of(new float[] {1, 2, 3, 4}, 1, 2, 1, 2), new float[] {0, EMPTY});
    PartialAttention right = PartialAttention.of(Heads.of(new float[] {5, 6, 7, 8}, 1, 2, 1, 2), new float[] {(float) Math.log(3), 2});
    PartialAttention merged = left.merge(right);
    assertThat(merged.output().data()).containsExactly(new float[] {4, 5, 7, 8}, org.assertj.core.data.Offset.offset(1e-6f));
    assertThat(merged.logSumExp()).containsExactly(new float[] {(float) Math.log(4), 2}, org.assertj.core.data.Offset.offset(1e-6f));
    assertThat(left.output().data()).containsExactly(1, 2, 3, 4); // neither part has changed
    assertThat(right.logSumExp()[1]).isEqualTo(2);
  }

  @Test
  void partsKeepCopies() {
    float[] data = {1, 2};
    float[] sums = {3};
    PartialAttention part = PartialAttention.of(Heads.of(data, 1, 1, 1, 2), sums);
    data[0] = 9;
    sums[0] = 9;
    part.output().data()[1] = 9;
    part.logSumExp()[0] = 9;
    assertThat(part.output().data()).containsExactly(1, 2);
    assertThat(part.logSumExp()).containsExactly(3);
  }

  /** The order of merges: neighbours, then the results. */
  @Test
  void theTreeIsFixed() {
    List<PartialAttention> parts = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      parts.add(random(i, 1, 2, 3, 4));
    }
    PartialAttention low = parts.get(0).merge(parts.get(1)).merge(parts.get(2).merge(parts.get(3)));
    PartialAttention high = parts.get(4).merge(parts.get(5)).merge(parts.get(6));
    assertThat(PartialAttention.mergeAll(parts)).isEqualTo(low.merge(high));
    assertThat(PartialAttention.mergeAll(parts.subList(2, 3))).isEqualTo(parts.get(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 8, 23, 24, 27, 28, 55, 57, 60})
  void bytesOfAnotherLengthAreRefused(int length) {
    byte[] bytes = Arrays.copyOf(random(1, 1, 1, 2, 3).toBytes(), length);
    String message =
        length < 24
            ? "bytes.length is " + length + ", must be at least 24, the size of the header"
            : "bytes.length is " + length + ", but that of batch × heads × rows × width = 1 × 1 × 2 × 3 is 56";
    assertThatIllegalArgumentException().isThrownBy(() -> PartialAttention.fromBytes(bytes)).withMessage(message);
  }

  @Test
  void otherBytesAreRefused() {
    refused(0, 0x20202020, "bytes begin with 0x20202020, not with LWPA (0x4150574c): no partial attention");
    refused(4, 2, "version is 2, but this Lanewise reads version 1");
    refused(4, 0, "version is 0, but this Lanewise reads version 1");
    refused(8, -1, "batch is -1, must be at least 0");
    refused(12, -2, "heads is -2, must be at least 0");
    refused(16, -3, "rows is -3, must be at least 0");
    refused(20, Integer.MIN_VALUE, "width is -2147483648, must be at least 0");
    refused(8, 2, "bytes.length is 56, but that of batch × heads × rows × width = 2 × 1 × 2 × 3 is 88");
    refused(16, Integer.MAX_VALUE, "4 * batch * heads * rows is 8589934588 and width + 1 is 4: their product must be in 0..2147483647");
  }

  private static void refused(int offset, int number, String message) {
    ByteBuffer bytes = ByteBuffer.wrap(random(1, 1, 1, 2, 3).toBytes()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(offset, number);
    assertThatIllegalArgumentException().isThrownBy(() -> PartialAttention.fromBytes(bytes.array())).withMessage(message);
  }

  @Test
  void wrongShapesAreRefused() {
    PartialAttention part = random(1, 2, 3, 4, 5);
    wrong(() -> part.merge(random(1, 1, 3, 4, 5)), "other.batch is 1, but batch is 2");
    wrong(() -> part.merge(random(1, 2, 4, 4, 5)), "other.heads is 4, but heads is 3");
    wrong(() -> part.merge(random(1, 2, 3, 5, 5)), "other.rows is 5, but rows is 4");
    wrong(() -> part.merge(random(1, 2, 3, 4, 6)), "other.width is 6, but width is 5");
    wrong(() -> PartialAttention.mergeAll(List.of(part, part, random(1, 2, 3, 4, 6))), "parts[2].width is 6, but width is 5");
    wrong(() -> PartialAttention.mergeAll(List.of()), "parts.size() is 0, must be at least 1");
    wrong(() -> PartialAttention.of(Heads.zeros(1, 2, 3, 4), new float[5]), "logSumExp.length is 5, but batch * heads * rows is 6");
    Heads repeated = new Heads(new float[1], 0, 1, 1, 1 << 30, 1, 0, 0, 0, 0);
    wrong(
        () -> PartialAttention.of(repeated, new float[1]),
        "4 * batch * heads * rows is 4294967296 and width + 1 is 2: their product must be in 0..2147483647");
  }

  private static void wrong(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }
}
