package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.probe.Probe;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.StoredElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The values that the Javadoc of the public types promises, on each path. */
@Tag("twice")
class JavadocPromisesTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;

  /** Lengths around the lanes of a vector and of four. */
  private static final int[] LENGTHS = {1, 3, 4, 5, 16, 17, 33, 64, 70, 131};

  /** "With 0 a row of equal elements is NaN"; "a row with a NaN or an infinity becomes NaN", and no other row. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void normsOfSpecialRowsAreAsPromised(Kernels kernels) {
    for (int width : LENGTHS) {
      for (float x : new float[] {0, 0.1f, -3.3333f, 1e30f, 1e-30f, Float.MIN_VALUE, Float.MAX_VALUE}) {
        Matrix rows = filled(3, width, x);
        Matrix result = Matrix.zeros(3, width);
        kernels.layerNorm(rows, null, null, 0, result);
        assertThat(distinct(result)).as("layer norm of %s times %s", width, x).containsExactly(NAN);
        kernels.rmsNorm(rows, null, 0, result);
        float expected = x == 0 ? NAN : Math.signum(x);
        for (float y : distinct(result)) {
          assertThat(Math.abs(y - expected) < 1e-6f || (x == 0 && Float.isNaN(y))).as("RMS norm of %s times %s: %s", width, x, y).isTrue();
        }
      }
      for (float special : new float[] {NAN, INFINITY, -INFINITY}) {
        Matrix rows = filled(3, width, 2);
        rows.data()[width + width / 2] = special;
        rows.data()[0] = 3;
        Matrix result = Matrix.zeros(3, width);
        kernels.layerNorm(rows, null, null, 1, result);
        assertThat(distinct(result.rows(1, 2))).as("layer norm of %s beside %s", special, width).containsExactly(NAN);
        assertThat(distinct(result.rows(2, 3))).containsExactly(0f);
        kernels.rmsNorm(rows, null, 1, result);
        for (int c = 0; c < width; c++) {
          float expected = Float.isNaN(special) || c == width / 2 ? NAN : 0;
          assertThat(result.get(1, c)).as("RMS norm of %s beside %s", special, width).isEqualTo(Float.valueOf(expected));
        }
      }
    }
  }

  /** "A call that computes an element on an interrupted thread throws CancellationException" and "leaves the interrupt status set". */
  @ParameterizedTest
  @MethodSource(PATHS)
  void interruptedCallsThrowAndLeaveTheInterruptSet(Kernels kernels) {
    Matrix x = filled(3, 4, 1);
    Matrix y = filled(3, 4, 1);
    Matrix square = Matrix.zeros(3, 3);
    Matrix out = Matrix.zeros(3, 4);
    Heads heads = Heads.zeros(1, 1, 3, 4);
    PackedMatrix packed = kernels.pack(filled(4, 4, 1));
    RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, new double[] {1}, 1);
    AttentionProblem problem = AttentionCall.of(heads, heads).output(heads, Heads.zeros(1, 1, 3, 4)).build();
    Map<String, Runnable> calls = new LinkedHashMap<>();
    calls.put("exp", () -> kernels.exp(x, out));
    calls.put("activate", () -> kernels.activate(Activation.GELU, x, out));
    calls.put("activate none", () -> kernels.activate(Activation.NONE, x, out));
    calls.put("gate", () -> kernels.gate(Activation.SILU, x, y, out));
    calls.put("layerNorm", () -> kernels.layerNorm(x, null, null, 1, out));
    calls.put("addRmsNorm", () -> kernels.addRmsNorm(x, y, out, null, 1, out));
    calls.put("scores", () -> kernels.scores(x, y, 1, square));
    calls.put("scores of no column", () -> kernels.scores(Matrix.zeros(3, 0), Matrix.zeros(3, 0), 1, square));
    calls.put("additiveScores", () -> kernels.additiveScores(x, y, new float[4], square));
    calls.put("softmax", () -> kernels.softmax(x, out));
    calls.put("logSoftmax", () -> kernels.logSoftmax(x, out));
    calls.put("output", () -> kernels.output(Matrix.zeros(3, 3), y, out));
    calls.put("output of no key", () -> kernels.output(Matrix.zeros(3, 0), Matrix.zeros(0, 4), out));
    calls.put("rotate", () -> kernels.rotate(heads, heads, table, 0));
    calls.put("rotate by positions", () -> kernels.rotate(heads, heads, table, new int[3]));
    calls.put("product", () -> kernels.product(x, packed, null, out));
    calls.put("product of one row", () -> kernels.product(x.rows(0, 1), packed, null, out.rows(0, 1)));
    calls.put("attention", () -> kernels.plan(problem, 1).run(0));
    List<String> went = new ArrayList<>();
    for (Map.Entry<String, Runnable> call : calls.entrySet()) {
      Thread.currentThread().interrupt();
      try {
        call.getValue().run();
        went.add(call.getKey());
      } catch (CancellationException e) {
        assertThat(Thread.currentThread().isInterrupted()).as(call.getKey()).isTrue();
      } finally {
        Thread.interrupted();
      }
    }
    assertThat(went).as("calls that did not notice").isEmpty();
  }

  /** "Exactly 1 at ±0"; the softmax of rows with −∞, NaN and +∞; "without keys the output is 0". */
  @ParameterizedTest
  @MethodSource(PATHS)
  void specialRowsHaveThePromisedResults(Kernels kernels) {
    for (int width : LENGTHS) {
      Matrix rows = filled(5, width, 0);
      Matrix result = Matrix.zeros(5, width);
      rows.data()[width / 2] = -0f;
      kernels.exp(rows, result);
      assertThat(distinct(result)).containsExactly(1f);
      Arrays.fill(rows.data(), 0, width, -INFINITY);
      rows.data()[width] = NAN;
      rows.data()[2 * width + width / 2] = INFINITY;
      Arrays.fill(rows.data(), 3 * width, 4 * width, -INFINITY);
      rows.data()[4 * width - 1] = NAN;
      kernels.softmax(rows, result);
      assertThat(distinct(result.rows(0, 1))).containsExactly(0f);
      for (int row = 1; row < 4; row++) {
        assertThat(distinct(result.rows(row, row + 1))).as("row %s of %s", row, width).containsExactly(NAN);
      }
      assertThat(distinct(result.rows(4, 5))[0]).isCloseTo(1f / width, Offset.offset(1e-6f));
      Matrix output = filled(2, width, 7);
      kernels.output(Matrix.zeros(2, 0), Matrix.zeros(0, width), output);
      assertThat(distinct(output)).containsExactly(0f);
      for (Activation activation : new Activation[] {Activation.SILU, Activation.SIGMOID}) {
        kernels.activate(activation, filled(1, width, -88.74f), rows.rows(0, 1));
        float largest = distinct(rows.rows(0, 1))[0];
        assertThat(Math.abs(largest)).isLessThan(1e-36f);
        if (kernels.lanes() > 1) {
          assertThat(largest).isEqualTo(activation == Activation.SILU ? -0f : 0f);
        }
      }
    }
  }

  /** Largest values, rounding and bounds of each format are those of {@link KeyValueFormat}. */
  @ParameterizedTest
  @EnumSource
  void formatsRoundWithinTheirBounds(KeyValueFormat format) {
    KeyValueMemory memory = KeyValueMemory.heap(new KeyValueLayout(format, 1, 2, 1), 1, null);
    float[] largest = {Float.MAX_VALUE, 65504, Float.intBitsToFloat(0x7f7f0000), Float.MAX_VALUE};
    float most = largest[List.of(KeyValueFormat.values()).indexOf(format)];
    float[] tried = {most, -most, 1, 1.0004883f, 1e-30f, 127 * Float.MIN_NORMAL, Math.nextDown(127 * Float.MIN_NORMAL)};
    for (int row = 0; row < tried.length; row++) {
      float x = tried[row];
      memory.write(0, row, Heads.of(new float[] {x, x / 3}, 1, 1, 1, 2), Heads.of(new float[] {x}, 1, 1, 1, 1), 0, 0);
      float stored = StoredElement.key(memory, 0, 0, row, 0);
      float third = StoredElement.key(memory, 0, 0, row, 1);
      String what = format + " of " + x;
      assertThat(StoredElement.value(memory, 0, 0, row, 0)).as(what).isEqualTo(stored);
      switch (format) {
        case F32 -> assertThat(new float[] {stored, third}).as(what).containsExactly(x, x / 3);
        case F16 -> assertThat(stored).as(what).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(x))).isFinite();
        case BF16 -> assertThat(Math.abs(stored - x)).as(what).isLessThanOrEqualTo(Math.abs(x) / 256);
        case INT8 -> {
          float error = Math.max(Math.abs(stored - x), Math.abs(third - x / 3));
          boolean none = Math.abs(x) < 127 * Float.MIN_NORMAL;
          assertThat(error).as(what).isLessThanOrEqualTo(none ? Math.abs(x) : Math.abs(x) / 127 * 0.5001f);
          assertThat(stored == 0).as(what).isEqualTo(none);
        }
      }
    }
    float[] special = {NAN, INFINITY, -INFINITY};
    for (int row = 0; row < 3; row++) {
      memory.write(0, row, Heads.of(new float[] {1, special[row]}, 1, 1, 1, 2), Heads.of(new float[] {1}, 1, 1, 1, 1), 0, 0);
      assertThat(StoredElement.key(memory, 0, 0, row, 1)).isEqualTo(Float.valueOf(format == KeyValueFormat.INT8 ? NAN : special[row]));
      assertThat(StoredElement.key(memory, 0, 0, row, 0)).isEqualTo(Float.valueOf(format == KeyValueFormat.INT8 ? NAN : 1));
      assertThat(StoredElement.value(memory, 0, 0, row, 0)).isEqualTo(1);
      memory.clearFrom(0, row);
      assertThat(memory.isSpecialFrom(0, 0)).isFalse();
    }
  }

  /** "Exact up to 2²⁴ of them"; "from little more than 2²⁴ steps on it no longer grows". */
  @Test
  void probesCountTheirOperations() {
    for (Probe probe : new Probe[] {Probe.fastest(), Probe.of(Kernels.scalar())}) {
      int each = probe.flopsPerStep() / 2;
      int exact = (1 << 24) / each;
      assertThat(probe.fmaPeak(exact)).isEqualTo((float) exact * each);
      float most = probe.fmaPeak((1 << 24) + 16);
      assertThat(most).isCloseTo((float) (1 << 24) * each, Offset.offset(2f * each * each));
      assertThat(probe.fmaPeak((1 << 24) + (1 << 20))).isEqualTo(most);
    }
  }

  /** "Up to 64 MB (131 072 positions at 64 pairs; half as many in the interleaved form)". */
  @Test
  void tablesKeepUpTo64Megabytes() {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      for (int pairs : new int[] {1, 3, 64, 100, 40_000, 65_536}) {
        RotaryTable table = RotaryTable.of(form, new double[pairs], 1);
        int kept = 0;
        for (int step = 1 << 30; step > 0; step >>= 1) {
          kept += table.chunk(kept + step - 1) != null ? step : 0;
        }
        assertThat((long) kept * table.rowSize() * Float.BYTES).isBetween(16L << 20, 64L << 20);
        if (pairs == 64) {
          assertThat(kept).isEqualTo(form == RotaryTable.Form.HALF ? 131_072 : 65_536);
        }
      }
    }
  }

  private static Matrix filled(int rows, int columns, float x) {
    Matrix matrix = Matrix.zeros(rows, columns);
    Arrays.fill(matrix.data(), x);
    return matrix;
  }

  /** The distinct elements of a view, in order; NaN and zeros of both signs count once. */
  private static Float[] distinct(Matrix view) {
    List<Float> found = new ArrayList<>();
    for (int row = 0; row < view.rows(); row++) {
      for (int column = 0; column < view.columns(); column++) {
        float x = view.get(row, column);
        if (!found.contains(x)) {
          found.add(x);
        }
      }
    }
    return found.toArray(Float[]::new);
  }
}
