package dev.lanewise.kernels.call.gradient;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Cuts a backward pass into tasks. A chain is a unit, or several units that add to the same elements of the gradient of a bias and are
 * computed one after the other. Where there are few chains, each is cut into parts of its queries and parts of its keys, which both compute
 * the scores. The cut depends on the shape and the wanted gradients only.
 */
public final class BackwardTasks implements AttentionTasks {
  /** Number of chains from which on they are not cut. */
  private static final int MANY = 8;

  /** The least number of queries, or keys, of a part. */
  private static final int LEAST = 64;

  private final BackwardProblem problem;
  private final Supplier<BackwardKernel> kernels;
  private final boolean chainsBatch;
  private final boolean chainsHeads;
  private final int chains;
  private final int queryParts;

  /** Number of parts of the keys; 0 if the parts of the queries compute every gradient. */
  private final int keyParts;

  private final ParameterSums sums;
  private final AtomicInteger unfinished;

  /**
   * Cuts a backward pass.
   *
   * @param kernels takes a kernel for a task
   */
  public BackwardTasks(BackwardProblem problem, Supplier<BackwardKernel> kernels) {
    this.problem = problem;
    this.kernels = kernels;
    CallShape shape = problem.forward.shape;
    boolean batch = false;
    boolean heads = false;
    boolean queries = false;
    for (BiasGradient bias : biases(problem)) {
      batch |= bias.sharesBatch();
      heads |= bias.sharesHeads();
      queries |= bias.sharesQueries();
    }
    this.chainsBatch = batch;
    this.chainsHeads = heads;
    this.chains = (batch ? Math.min(1, shape.batch()) : shape.batch()) * (heads ? 1 : shape.key().heads());
    boolean cut = chains > 0 && chains < MANY && !problem.forward.formula.changesByFunction();
    int wanted = cut ? Math.ceilDiv(MANY, chains) : 1;
    int ofKeys = Math.clamp(shape.mostKeys() / LEAST, 1, wanted);
    this.queryParts = queries ? 1 : Math.clamp(shape.mostQueries() / LEAST, 1, wanted);
    this.keyParts = ofKeys == 1 && queryParts == 1 ? 0 : ofKeys;
    this.sums = ParameterSums.take(problem, queryParts);
    this.unfinished = new AtomicInteger(count());
    if (count() == 0) {
      finish();
    }
  }

  /** The gradients of biases that are wanted. */
  public static List<BiasGradient> biases(BackwardProblem problem) {
    List<BiasGradient> found = new ArrayList<>();
    for (ScoreChange change : problem.forward.formula.changes()) {
      float[] target = problem.biasTarget(change);
      if (change instanceof ScoreChange.AddedBias added && target != null) {
        found.add(new BiasGradient(added, target));
      }
    }
    return found;
  }

  @Override
  public int count() {
    return chains * (queryParts + keyParts);
  }

  @Override
  public void run(int task) {
    BackwardPart part = part(task % (queryParts + keyParts));
    int chain = task / (queryParts + keyParts);
    AttentionProblem forward = problem.forward;
    int heads = forward.shape.key().heads();
    try (BackwardKernel kernel = kernels.get()) {
      int chainHeads = chainsHeads ? 1 : heads;
      int firstBatch = chainsBatch ? 0 : chain / chainHeads;
      int endBatch = chainsBatch ? forward.shape.batch() : firstBatch + 1;
      int firstHead = chainsHeads ? 0 : chain % chainHeads;
      int endHead = chainsHeads ? heads : firstHead + 1;
      for (int b = firstBatch; b < endBatch; b++) {
        for (int head = firstHead; head < endHead; head++) {
          Interruption.check();
          kernel.run(problem, b * heads + head, part, sums);
        }
      }
    }
    if (unfinished.decrementAndGet() == 0) {
      finish();
    }
  }

  /** Computes all gradients of a unit of a pass that wants none of parameters. */
  public static void runUnit(BackwardProblem problem, int unit, BackwardKernel kernel) {
    CallShape shape = problem.forward.shape;
    ParameterSums none = ParameterSums.take(problem, 1);
    kernel.run(problem, unit, new BackwardPart(0, true, true, 0, shape.mostQueries(), 0, shape.mostKeys()), none);
    none.giveBack();
  }

  private void finish() {
    sums.store(problem);
    sums.giveBack();
  }

  private BackwardPart part(int number) {
    CallShape shape = problem.forward.shape;
    int queries = shape.mostQueries();
    int keys = shape.mostKeys();
    if (number < queryParts) {
      int from = (int) ((long) number * queries / queryParts);
      int to = (int) ((number + 1L) * queries / queryParts);
      return new BackwardPart(number, true, keyParts == 0, from, to, 0, keys);
    }
    int part = number - queryParts;
    int from = (int) ((long) part * keys / keyParts);
    int to = (int) ((part + 1L) * keys / keyParts);
    return new BackwardPart(0, false, true, 0, queries, from, to);
  }
}
