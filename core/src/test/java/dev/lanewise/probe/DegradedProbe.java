package dev.lanewise.probe;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import java.util.Locale;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/**
 * Some calls of each kind compared with double precision. It prints one line for each: the error relative to the largest value, and the
 * call.
 */
public final class DegradedProbe {
  private static final int ROWS = 37;
  private static final int HEADS = 2;
  private static final int DIM = 20;
  private static final int WIDTH = HEADS * DIM;
  private static final Random RANDOM = new Random(20261121);

  private DegradedProbe() {}

  /** Prints the path, and the error of each call. */
  public static void main(String[] args) {
    System.out.println("path " + Kernels.selected().path());
    System.out.println("module " + Attention.class.getModule().isNamed());
    attention();
    layer();
    for (KeyValueFormat format : KeyValueFormat.values()) {
      decode(format, false);
      decode(format, true);
    }
    elementwise();
  }

  private static float[] random(int length) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) RANDOM.nextGaussian();
    }
    return x;
  }

  private static Heads heads(int rows) {
    return Heads.of(random(HEADS * rows * DIM), 1, HEADS, rows, DIM);
  }

  private static void attention() {
    Heads query = heads(ROWS);
    Heads key = heads(ROWS + 30);
    Heads value = heads(ROWS + 30);
    Mask holes = Mask.evaluate((b, h, i, j) -> (i + j) % 3 != 0, 1, 1, ROWS, ROWS + 30);
    for (Mask mask : new Mask[] {Mask.none(), Mask.causal(), Mask.window(5, 2), holes}) {
      for (int threads = 1; threads <= 2; threads++) {
        Heads output = Heads.zeros(1, HEADS, ROWS, DIM);
        Attention.standard().withMask(mask).withThreads(threads).compute(query, key, value, output);
        print("attention", output.data(), ReferenceAttention.of(Attention.standard().withMask(mask), query, key, value).output());
      }
    }
    Heads output = Heads.zeros(1, HEADS, ROWS, DIM);
    Attention.standard().withSoftcap(5).withAlibi(0.1f, 0.2f).compute(query, key, value, output);
    print(
        "softcap, ALiBi",
        output.data(),
        ReferenceAttention.of(Attention.standard().withSoftcap(5).withAlibi(0.1f, 0.2f), query, key, value).output());
  }

  /** A layer, with its projections computed in double. */
  private static void layer() {
    float[] in = random(3 * WIDTH * WIDTH);
    float[] out = random(WIDTH * WIDTH);
    MultiHeadAttention layer = MultiHeadAttention.builder(WIDTH, HEADS).packedInput(in, null).output(out, null).build();
    SequenceBatch x = SequenceBatch.of(random(ROWS * WIDTH), 1, ROWS, WIDTH);
    SequenceBatch y = SequenceBatch.zeros(1, ROWS, WIDTH);
    layer.forward(x, y);
    double[] wide = new double[x.data().length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = x.data()[i];
    }
    Heads[] projected = new Heads[3];
    for (int i = 0; i < 3; i++) {
      double[] rows = project(wide, in, i * WIDTH);
      float[] narrow = new float[rows.length];
      for (int j = 0; j < rows.length; j++) {
        narrow[j] = (float) rows[j];
      }
      projected[i] = Heads.ofRows(narrow, 1, ROWS, HEADS, DIM);
    }
    double[] attended = ReferenceAttention.of(Attention.standard(), projected[0], projected[1], projected[2]).output();
    double[] sideBySide = new double[attended.length];
    for (int i = 0; i < attended.length; i++) {
      int head = i / DIM / ROWS;
      int row = i / DIM % ROWS;
      sideBySide[row * WIDTH + head * DIM + i % DIM] = attended[i];
    }
    print("layer", y.data(), project(sideBySide, out, 0));
  }

  /** The product of rows with the transpose of WIDTH rows of a weight. */
  private static double[] project(double[] x, float[] weight, int firstRow) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      for (int k = 0; k < WIDTH; k++) {
        y[i] += x[i / WIDTH * WIDTH + k] * weight[(firstRow + i % WIDTH) * WIDTH + k];
      }
    }
    return y;
  }

  /** Rows that each format stores exactly: multiples of one half, and in each head a 127/2, so that the scale of 8-bit rows is one half. */
  private static void decode(KeyValueFormat format, boolean offHeap) {
    int rows = 150;
    Heads cached = heads(rows);
    for (int i = 0; i < cached.data().length; i++) {
      cached.data()[i] = i % DIM == 0 ? 63.5f : Math.round(2 * cached.data()[i]) / 2f;
    }
    Heads query = heads(3);
    var builder = KeyValueCache.builder(HEADS, DIM).format(format).capacity(rows);
    try (KeyValueCache cache = (offHeap ? builder.offHeap() : builder).build()) {
      cache.append(cached, cached);
      Heads output = Heads.zeros(1, HEADS, 3, DIM);
      Attention.standard().withMask(Mask.causal()).compute(query, cache, output);
      double[] expected = ReferenceAttention.of(Attention.standard().withMask(Mask.causal()), query, cached, cached).output();
      print("decode " + format + (offHeap ? " off the heap" : ""), output.data(), expected);
    }
  }

  private static void elementwise() {
    Kernels kernels = Kernels.selected();
    Matrix x = Matrix.of(random(ROWS * WIDTH), ROWS, WIDTH);
    Matrix y = Matrix.of(new float[ROWS * WIDTH], ROWS, WIDTH);
    kernels.exp(x, y);
    print("exp", y.data(), map(x, Math::exp));
    kernels.activate(Activation.SILU, x, y);
    print("SILU", y.data(), map(x, t -> t / (1 + Math.exp(-t))));
    kernels.activate(Activation.RELU, x, y);
    print("RELU", y.data(), map(x, t -> Math.max(0, t)));
    kernels.rmsNorm(x, null, 1e-5f, y);
    double[] expected = map(x, t -> t);
    for (int row = 0; row < ROWS; row++) {
      double sum = 0;
      for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        sum += expected[i] * expected[i];
      }
      for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        expected[i] /= Math.sqrt(sum / WIDTH + 1e-5);
      }
    }
    print("RMS norm", y.data(), expected);
  }

  private static double[] map(Matrix x, DoubleUnaryOperator function) {
    double[] y = new double[x.data().length];
    for (int i = 0; i < y.length; i++) {
      y[i] = function.applyAsDouble(x.data()[i]);
    }
    return y;
  }

  private static void print(String call, float[] actual, double[] expected) {
    double error = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double off = Math.abs(actual[i] - expected[i]);
      error = Double.isNaN(off) || off > error ? off : error;
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    System.out.println(String.format(Locale.ROOT, "%.2e %s", error / largest, call));
  }
}
