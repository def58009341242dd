package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLinear;
import java.util.Arrays;
import java.util.List;

/** A linear layer over the mean of all rows; every row gets the same output. */
final class MeanMixer implements Mixing {
  private final int embedDim;
  private final TrainableLinear linear;

  MeanMixer(long seed, int embedDim) {
    this.embedDim = embedDim;
    this.linear = TrainableLinear.xavier(seed, embedDim, embedDim);
  }

  @Override
  public List<Parameter> parameters() {
    return linear.parameters();
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    SequenceBatch means = trace.keep(x.batch(), 1, embedDim);
    mean(x, means, 1f / x.rows());
    int borrowed = trace.borrowed();
    SequenceBatch output = trace.borrow(x.batch(), 1, embedDim);
    linear.forward(means, output, trace);
    spread(output, y, 1);
    trace.release(borrowed);
  }

  @Override
  public void backward(Trace trace, SequenceBatch yGradient, SequenceBatch xGradient) {
    int borrowed = trace.borrowed();
    SequenceBatch sums = trace.borrow(yGradient.batch(), 1, embedDim);
    SequenceBatch meanGradient = trace.borrow(yGradient.batch(), 1, embedDim);
    mean(yGradient, sums, 1);
    linear.backward(trace, sums, meanGradient);
    trace.take(SequenceBatch.class);
    spread(meanGradient, xGradient, 1f / xGradient.rows());
    trace.release(borrowed);
  }

  /** The sum of all rows of each batch entry, times a factor. */
  private void mean(SequenceBatch x, SequenceBatch sums, float factor) {
    for (int b = 0; b < x.batch(); b++) {
      int to = sums.index(b, 0);
      Arrays.fill(sums.data(), to, to + embedDim, 0);
      for (int row = 0; row < x.rows(); row++) {
        int from = x.index(b, row);
        for (int c = 0; c < embedDim; c++) {
          sums.data()[to + c] += factor * x.data()[from + c];
        }
      }
    }
  }

  /** Gives every row of a batch entry the only row of another, times a factor. */
  private void spread(SequenceBatch one, SequenceBatch all, float factor) {
    for (int b = 0; b < all.batch(); b++) {
      int from = one.index(b, 0);
      for (int row = 0; row < all.rows(); row++) {
        int to = all.index(b, row);
        for (int c = 0; c < embedDim; c++) {
          all.data()[to + c] = factor * one.data()[from + c];
        }
      }
    }
  }
}
