package dev.lanewise.kernels.call.gradient;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import java.util.Arrays;

/**
 * The gradient of a bias: that of an element is the sum of the gradients of all scores that read it. Sums over keys and over the queries of
 * a unit are made in double. Units that share elements belong to one task ({@link BackwardTasks}), which adds them in order.
 */
public final class BiasGradient {
  private final ScoreChange.AddedBias change;
  private final Bias bias;
  private final float[] target;
  private final boolean sharesBatch;
  private final boolean sharesHeads;
  private final boolean sharesQueries;
  private double[] sums = new double[0];
  private int batchEntry;
  private int firstHead;
  private int group;
  private int keys;

  /** Whether the part has queries, whose sums are added to the gradient at its end. */
  private boolean adds;

  /** The gradient of a bias, written to {@code target} at the places of the bias. */
  public BiasGradient(ScoreChange.AddedBias change, float[] target) {
    this.change = change;
    this.bias = change.bias();
    this.target = target;
    this.sharesBatch = bias.index(1, 0, 0) == bias.index(0, 0, 0);
    this.sharesHeads = bias.index(0, 1, 0) == bias.index(0, 0, 0);
    this.sharesQueries = bias.index(0, 0, 1) == bias.index(0, 0, 0);
  }

  /** Whether this is the gradient of the bias of a change. */
  public boolean isOf(ScoreChange other) {
    return change.equals(other);
  }

  /** Whether the queries of a head share elements. */
  boolean sharesQueries() {
    return sharesQueries;
  }

  /** Whether batch entries share elements. */
  boolean sharesBatch() {
    return sharesBatch;
  }

  /** Whether query heads share elements. */
  boolean sharesHeads() {
    return sharesHeads;
  }

  /** Begins a part of the queries of a unit. The first part that has an element sets it to 0. */
  public void open(AttentionProblem forward, int unit, BackwardPart part) {
    CallShape shape = forward.shape;
    batchEntry = forward.batchEntry(unit);
    group = shape.group();
    firstHead = forward.keyValueHead(unit) * group;
    keys = bias.keyStride() == 0 ? Math.min(1, shape.mostKeys()) : shape.mostKeys();
    if ((!sharesBatch || batchEntry == 0) && (!sharesHeads || firstHead == 0)) {
      for (int g = 0; g < (sharesHeads ? 1 : group); g++) {
        for (int query = part.fromQuery();
            query < (sharesQueries ? Math.min(part.fromQuery() + 1, part.toQuery()) : part.toQuery());
            query++) {
          clear(bias.index(batchEntry, firstHead + g, query));
        }
      }
    }
    adds = sharesQueries && part.toQuery() > part.fromQuery();
    if (adds) {
      int needed = Math.multiplyExact(group, keys);
      sums = sums.length < needed ? new double[needed] : sums;
      Arrays.fill(sums, 0, needed, 0);
    }
  }

  private void clear(int from) {
    for (int key = 0; key < keys; key++) {
      target[from + key * bias.keyStride()] = 0;
    }
  }

  /** Adds the gradients of {@code count} scores of a query from {@code key} on. */
  public void add(int head, int query, int key, double[] gradients, int count) {
    if (count == 0) {
      return;
    }
    if (bias.keyStride() == 0) {
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += gradients[i];
      }
      addTo(head, query, 0, sum);
      return;
    }
    for (int i = 0; i < count; i++) {
      addTo(head, query, key + i, gradients[i]);
    }
  }

  private void addTo(int head, int query, int key, double gradient) {
    if (sharesQueries) {
      sums[(head - firstHead) * keys + key] += gradient;
    } else {
      target[bias.index(batchEntry, head, query) + key * bias.keyStride()] += (float) gradient;
    }
  }

  /** Ends the part. */
  public void close() {
    for (int g = 0; adds && g < group; g++) {
      int from = bias.index(batchEntry, firstHead + g, 0);
      for (int key = 0; key < keys; key++) {
        target[from + key * bias.keyStride()] += (float) sums[g * keys + key];
      }
    }
  }
}
