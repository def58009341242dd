package dev.lanewise.kernels.testing;

import com.sun.management.ThreadMXBean;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A program for a separate JVM. It runs the elementwise kernels one after the other, in the order of a seed, and prints how much a warm
 * call of each allocates. A vector that C2 does not keep in a register is an object, which may depend on what C2 has compiled before.
 */
public final class AllocationProbe {
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * A call allocates a few objects, at most 800 bytes. The smallest object for each row, 16 bytes, would add 1024, and a boxed vector for
   * each row 3072.
   */
  public static final long LIMIT = 1000;

  private static final int ROWS = 64;
  private static final int COLUMNS = 391;

  /** The time that C2 gets on a machine that does much else; on a quiet one it needs one or two seconds. */
  private static final double WARM_UP_SECONDS = 120;

  private AllocationProbe() {}

  public static void main(String[] args) {
    Map<String, Runnable> calls = calls(Kernels.selected());
    List<String> order = new ArrayList<>(calls.keySet());
    Collections.shuffle(order, new Random(Long.parseLong(args[0])));
    for (String name : order) {
      settle(calls.get(name));
    }
    System.out.println("path " + Kernels.selected().path());
    calls.forEach(
        (name, call) -> {
          // a later kernel may have caused C2 to discard its code for a while
          settle(call);
          System.out.println(allocated(call) + " " + name);
        });
  }

  /** Runs until a hundred consecutive calls allocate little. Before C2 has compiled a kernel, all vectors are objects. */
  private static void settle(Runnable call) {
    long end = System.nanoTime() + (long) (WARM_UP_SECONDS * 1e9);
    for (int quiet = 0; quiet < 100 && System.nanoTime() < end; quiet++) {
      long before = THREAD.getCurrentThreadAllocatedBytes();
      call.run();
      if (THREAD.getCurrentThreadAllocatedBytes() - before > LIMIT) {
        quiet = -1;
      }
    }
  }

  /** The median of the bytes that 21 calls allocate. */
  private static long allocated(Runnable call) {
    long[] bytes = new long[21];
    for (int i = 0; i < bytes.length; i++) {
      long before = THREAD.getCurrentThreadAllocatedBytes();
      call.run();
      bytes[i] = THREAD.getCurrentThreadAllocatedBytes() - before;
    }
    Arrays.sort(bytes);
    return bytes[bytes.length / 2];
  }

  private static Map<String, Runnable> calls(Kernels kernels) {
    Matrix x = Layout.FRAMED.random(ROWS, COLUMNS, Shape.ofRows().getFirst().random());
    Matrix dense = Layout.TIGHT.copyOf(x);
    Matrix result = Layout.FRAMED.blank(ROWS, COLUMNS);
    Matrix denseResult = Layout.TIGHT.blank(ROWS, COLUMNS);
    Matrix sum = Layout.FRAMED.blank(ROWS, COLUMNS);
    float[] weight = Layout.TIGHT.copyOf(x.rows(0, 1)).data();
    PackedMatrix packed = kernels.pack(dense.rows(0, 40));
    Matrix narrow = new Matrix(x.data(), x.offset(), ROWS, 40, x.rowStride());
    Map<String, Runnable> calls = new LinkedHashMap<>();
    for (Activation activation : Activation.values()) {
      calls.put(activation + " of rows", () -> kernels.activate(activation, x, result));
      calls.put(activation + " of a dense matrix", () -> kernels.activate(activation, dense, denseResult));
      calls.put(activation + " as a gate", () -> kernels.gate(activation, x, dense, result));
      calls.put(activation + " of a product", () -> kernels.product(narrow, packed, null, activation, result));
      calls.put(
          activation + " of a product of few rows", () -> kernels.product(narrow.rows(0, 7), packed, null, activation, result.rows(0, 7)));
    }
    calls.put("exp", () -> kernels.exp(x, result));
    calls.put("softmax", () -> kernels.softmax(x, result));
    calls.put("logarithm of the softmax", () -> kernels.logSoftmax(x, result));
    calls.put("layer norm", () -> kernels.layerNorm(x, weight, weight, 1e-5f, result));
    calls.put("RMS norm", () -> kernels.rmsNorm(x, weight, 1e-5f, result));
    calls.put("layer norm of a sum", () -> kernels.addLayerNorm(x, dense, sum, weight, weight, 1e-5f, result));
    calls.put("RMS norm of a sum", () -> kernels.addRmsNorm(x, dense, sum, weight, 1e-5f, result));
    gradients(calls, kernels.backward(), x, dense, result, sum, weight);
    return calls;
  }

  private static void gradients(
      Map<String, Runnable> calls, BackwardKernels kernels, Matrix x, Matrix dy, Matrix dx, Matrix other, float[] weight) {
    float[] weightGradient = new float[COLUMNS];
    float[] biasGradient = new float[COLUMNS];
    Matrix square = Matrix.zeros(COLUMNS, COLUMNS);
    int[] targets = new int[ROWS];
    for (Activation activation : Activation.values()) {
      calls.put("gradient of " + activation, () -> kernels.activation(activation, x, dy, dx));
    }
    calls.put("gradient of a gate", () -> kernels.gate(Activation.SILU, x, dy, dy, dx, other));
    calls.put("gradient of layer norm", () -> kernels.layerNorm(x, weight, 1e-5f, dy, dx, weightGradient, biasGradient));
    calls.put("gradient of RMS norm", () -> kernels.rmsNorm(x, weight, 1e-5f, dy, dx, weightGradient));
    calls.put("gradient of softmax", () -> kernels.softmax(x, dy, dx));
    calls.put("cross-entropy", () -> kernels.crossEntropy(x, targets, -1, 0.1f, 1, dx));
    calls.put("column sums", () -> kernels.columnSums(dy, biasGradient));
    calls.put("added rows", () -> kernels.addRows(dy, targets, dx));
    calls.put("gradient of an input", () -> kernels.productInput(dy, square, dx));
    calls.put("gradient of a weight", () -> kernels.productWeight(dy, x, square));
  }
}
