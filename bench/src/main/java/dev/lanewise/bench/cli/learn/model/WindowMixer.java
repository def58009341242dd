package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLinear;
import java.util.Arrays;
import java.util.List;

/**
 * A linear layer over the rows of a window around each row: as many neighbours on each side, one after another. Before the first row and
 * after the last one there are zeros.
 */
final class WindowMixer implements Mixing {
  private final int side;
  private final int embedDim;
  private final TrainableLinear linear;

  WindowMixer(long seed, int side, int embedDim) {
    this.side = side;
    this.embedDim = embedDim;
    this.linear = TrainableLinear.xavier(seed, (2 * side + 1) * embedDim, embedDim);
  }

  @Override
  public List<Parameter> parameters() {
    return linear.parameters();
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    SequenceBatch padded = trace.keep(x.batch(), x.rows() + 2 * side, embedDim);
    for (int b = 0; b < x.batch(); b++) {
      Arrays.fill(padded.data(), padded.index(b, 0), padded.index(b, side), 0);
      for (int row = 0; row < x.rows(); row++) {
        System.arraycopy(x.data(), x.index(b, row), padded.data(), padded.index(b, side + row), embedDim);
      }
      Arrays.fill(padded.data(), padded.index(b, side + x.rows()), padded.index(b, side + x.rows()) + side * embedDim, 0);
    }
    linear.forward(windows(padded, x.rows() - y.rows(), y.rows()), y, trace);
  }

  /** The windows of some rows: a view with a step of one row. */
  private SequenceBatch windows(SequenceBatch padded, int first, int rows) {
    return new SequenceBatch(padded.data(), padded.index(0, first), padded.batch(), rows, linear.inputs(), padded.batchStride(), embedDim);
  }

  @Override
  public void backward(Trace trace, SequenceBatch yGradient, SequenceBatch xGradient) {
    int borrowed = trace.borrowed();
    SequenceBatch windows = trace.borrow(yGradient.batch(), yGradient.rows(), linear.inputs());
    linear.backward(trace, yGradient, windows);
    trace.take(SequenceBatch.class);
    for (int b = 0; b < xGradient.batch(); b++) {
      for (int row = 0; row < xGradient.rows(); row++) {
        gather(windows, b, row, xGradient);
      }
    }
    trace.release(borrowed);
  }

  /** The gradient of a row: the sum over all windows that hold it. */
  private void gather(SequenceBatch windows, int b, int row, SequenceBatch xGradient) {
    int to = xGradient.index(b, row);
    Arrays.fill(xGradient.data(), to, to + embedDim, 0);
    for (int place = 0; place <= 2 * side; place++) {
      int window = row + side - place - (xGradient.rows() - windows.rows());
      if (window >= 0 && window < windows.rows()) {
        int from = windows.index(b, window) + place * embedDim;
        for (int c = 0; c < embedDim; c++) {
          xGradient.data()[to + c] += windows.data()[from + c];
        }
      }
    }
  }
}
