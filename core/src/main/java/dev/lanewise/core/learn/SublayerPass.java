package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Forward and backward pass of a sublayer: y = POST(x + dropout(OUTPUT(part(PRE(x))))), where each norm may be absent.
 *
 * @param part what the sublayer computes
 * @param dropout the share of elements that dropout sets to 0 while it is on
 */
record SublayerPass(Part part, @Nullable TrainableNorm pre, @Nullable TrainableNorm output, @Nullable TrainableNorm post, float dropout) {

  /** Writes y, and keeps what the backward pass takes: the steps in the order in which they are listed there, from last to first. */
  void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
    int borrowed = trace.borrowed();
    SequenceBatch input = x;
    if (pre != null) {
      input = LayerRows.keep(trace, x, x.width());
      pre.forward(x, input, trace);
    }
    SequenceBatch branch = output == null ? LayerRows.borrow(trace, x, x.width()) : LayerRows.keep(trace, x, x.width());
    part.forward(input, memory, branch, trace);
    if (output != null) {
      SequenceBatch normed = LayerRows.borrow(trace, x, x.width());
      output.forward(branch, normed, trace);
      branch = normed;
    }
    RowDropout.forward(dropout, branch, trace);
    if (post == null) {
      LayerRows.add(trace, x, branch, y);
    } else {
      SequenceBatch sum = LayerRows.keep(trace, x, x.width());
      post.forwardSum(x, branch, sum, y, trace);
    }
    trace.release(borrowed);
  }

  void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
    int borrowed = trace.borrowed();
    int width = outputGradient.width();
    SequenceBatch sumGradient = outputGradient;
    if (post != null) {
      sumGradient = LayerRows.borrow(trace, outputGradient, width);
      post.backward(trace, outputGradient, sumGradient);
      trace.take(SequenceBatch.class); // the buffer of the sum
    }
    SequenceBatch branch = RowDropout.backward(dropout, sumGradient, trace);
    if (output != null) {
      SequenceBatch before = LayerRows.borrow(trace, outputGradient, width);
      output.backward(trace, branch, before);
      branch = before;
    }
    boolean wantsInput = pre != null || inputGradient != null;
    SequenceBatch fromPart = wantsInput ? LayerRows.borrow(trace, outputGradient, width) : null;
    part.backward(trace, branch, fromPart, memoryGradient);
    if (output != null) {
      trace.take(SequenceBatch.class); // the buffer of the part's output
    }
    if (pre != null && fromPart != null) {
      SequenceBatch fromNorm = inputGradient == null ? null : LayerRows.borrow(trace, outputGradient, width);
      pre.backward(trace, fromPart, fromNorm);
      trace.take(SequenceBatch.class); // the buffer of the normed input
      fromPart = fromNorm;
    }
    if (inputGradient != null && fromPart != null) {
      LayerRows.add(trace, sumGradient, fromPart, inputGradient);
    }
    trace.release(borrowed);
  }

  /** What a sublayer computes between its norms. */
  sealed interface Part {
    /** The width of input and output rows. */
    int embedDim();

    List<Parameter> parameters();

    /**
     * Runs the forward pass.
     *
     * @param memory null if the layer has none; cross-attention needs it
     */
    void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace);

    /**
     * Runs the backward pass.
     *
     * @param memoryGradient added; null if it is not wanted
     */
    void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient);

    /** Self-attention. */
    record Self(TrainableAttention attention) implements Part {
      @Override
      public int embedDim() {
        return attention.embedDim();
      }

      @Override
      public List<Parameter> parameters() {
        return attention.parameters();
      }

      @Override
      public void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
        attention.forward(x, y, trace);
      }

      @Override
      public void backward(
          Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
        attention.backward(trace, outputGradient, inputGradient);
      }

      @Override
      public String toString() {
        return "self";
      }
    }

    /** Cross-attention to a memory. */
    record Cross(TrainableAttention attention) implements Part {
      @Override
      public int embedDim() {
        return attention.embedDim();
      }

      @Override
      public List<Parameter> parameters() {
        return attention.parameters();
      }

      @Override
      public void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
        attention.forward(x, Objects.requireNonNull(memory, "memory"), y, trace);
      }

      @Override
      public void backward(
          Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
        attention.backward(trace, outputGradient, inputGradient, memoryGradient);
      }

      @Override
      public String toString() {
        return "cross";
      }
    }

    /** A feed-forward network. */
    record Network(TrainableFeedForward network) implements Part {
      @Override
      public int embedDim() {
        return network.inputs();
      }

      @Override
      public List<Parameter> parameters() {
        return network.parameters();
      }

      @Override
      public void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
        network.forward(x, y, trace);
      }

      @Override
      public void backward(
          Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
        network.backward(trace, outputGradient, inputGradient);
      }

      @Override
      public String toString() {
        return "feedForward";
      }
    }
  }
}
