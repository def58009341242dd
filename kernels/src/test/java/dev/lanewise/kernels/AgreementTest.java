package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Scores, softmax, output and product in sequence, as a layer runs them: the kernels of this run agree with the scalar ones. */
class AgreementTest {
  private final Kernels selected = Kernels.selected();
  private final Kernels scalar = Kernels.scalar();

  @Test
  void bothPathsComputeTheSameHead() {
    for (Shape shape : Shape.ofRows()) {
      Head head = Head.random(shape);
      Matrix ours = head.run(selected);
      Matrix theirs = head.run(scalar);
      double largest = 0;
      double difference = 0;
      for (int row = 0; row < ours.rows(); row++) {
        for (int column = 0; column < ours.columns(); column++) {
          largest = Math.max(largest, Math.abs(theirs.get(row, column)));
          difference = Math.max(difference, Math.abs(ours.get(row, column) - theirs.get(row, column)));
        }
      }
      assertThat(difference).as("%s on %s", shape, selected.path()).isLessThanOrEqualTo(4e-6 * largest);
    }
  }

  /** A NaN or infinity in any operand makes the same elements NaN or infinite on both paths. */
  @Test
  void nanAndInfinitySpreadTheSameWayOnBothPaths() {
    for (Shape shape : Shape.ofRows()) {
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int operand = 0; operand < 4; operand++) {
          Head head = Head.random(shape);
          Matrix target = head.operand(operand);
          int row = head.random().nextInt(target.rows());
          int column = head.random().nextInt(target.columns());
          target.data()[target.index(row, column)] = poison;
          String what = "%s: %s in operand %d at (%d, %d)".formatted(shape, poison, operand, row, column);
          assertSameSpecials(what, head.run(scalar), head.run(selected));
        }
      }
    }
  }

  /** Each thread computes heads of different sizes, so that pooled scratch moves between threads. */
  @Test
  void threadsMayShareTheKernels() {
    List<Head> heads = Shape.ofRows().stream().map(Head::random).toList();
    List<Matrix> expected = heads.stream().map(head -> head.run(selected)).toList();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      List<Future<?>> tasks = new ArrayList<>();
      for (int task = 0; task < 120; task++) {
        int i = task % heads.size();
        tasks.add(executor.submit(() -> Comparisons.assertSameBits("head " + i, expected.get(i), heads.get(i).run(selected))));
      }
      assertThat(tasks).allSatisfy(task -> task.get());
    }
  }

  private static void assertSameSpecials(String what, Matrix expected, Matrix actual) {
    for (int row = 0; row < expected.rows(); row++) {
      for (int column = 0; column < expected.columns(); column++) {
        if (Float.isFinite(expected.get(row, column)) != Float.isFinite(actual.get(row, column))) {
          assertThat(actual.get(row, column)).as("%s: element (%d, %d)", what, row, column).isEqualTo(expected.get(row, column));
        }
      }
    }
  }

  /** Operands of softmax(scale · QKᵀ) · V · W: as many queries as rows, keys as columns, and elements of a row as inner elements. */
  private record Head(RandomGenerator random, Matrix query, Matrix key, Matrix value, Matrix weight) {
    static Head random(Shape shape) {
      RandomGenerator random = shape.random();
      int width = shape.inner();
      return new Head(
          random,
          shape.layout().random(shape.rows(), width, random),
          shape.layout().random(shape.columns(), width, random),
          shape.layout().random(shape.columns(), width, random),
          shape.layout().random(width, width, random));
    }

    Matrix operand(int index) {
      return new Matrix[] {query, key, value, weight}[index];
    }

    Matrix run(Kernels kernels) {
      Matrix weights = Layout.FRAMED.blank(query.rows(), key.rows());
      kernels.scores(query, key, (float) (1 / Math.sqrt(query.columns())), weights);
      kernels.softmax(weights, weights);
      Matrix output = Layout.FRAMED.blank(query.rows(), value.columns());
      kernels.output(weights, value, output);
      Matrix result = Layout.FRAMED.blank(query.rows(), weight.columns());
      kernels.product(output, kernels.pack(weight), null, result);
      return result;
    }
  }
}
