package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.weights.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The projections W_Q, W_K and W_V of an attention that learns. If all three read rows of one width, their weights are one matrix, {@code
 * in_proj_weight}; otherwise they are {@code q_proj_weight}, {@code k_proj_weight} and {@code v_proj_weight}. The biases are always one
 * vector, {@code in_proj_bias}.
 *
 * @param all the outputs of all three, if their weights are one matrix
 * @param memory the outputs of key and value, if their weights are one matrix
 */
record InputProjections(
    AttentionWidths widths,
    List<Parameter> parameters,
    OutputRange query,
    OutputRange key,
    OutputRange value,
    @Nullable OutputRange memory,
    @Nullable OutputRange all) {

  /** The projections with the values of tensors, whose shapes have been checked. */
  static InputProjections of(AttentionWidths widths, NamedTensors tensors, boolean biases) {
    int keyFrom = widths.queryWidth();
    int valueFrom = keyFrom + widths.keyWidth();
    Parameter bias = biases ? Parameter.of(tensors, "in_proj_bias") : null;
    List<Parameter> parameters = new ArrayList<>();
    InputProjections projections;
    if (widths.isPacked()) {
      Parameter weight = Parameter.of(tensors, "in_proj_weight");
      parameters.add(weight);
      projections =
          new InputProjections(
              widths,
              parameters,
              new OutputRange(weight, 0, widths.queryWidth(), bias, 0),
              new OutputRange(weight, keyFrom, widths.keyWidth(), bias, keyFrom),
              new OutputRange(weight, valueFrom, widths.valueWidth(), bias, valueFrom),
              new OutputRange(weight, keyFrom, widths.keyWidth() + widths.valueWidth(), bias, keyFrom),
              new OutputRange(weight, 0, widths.inputWidth(), bias, 0));
    } else {
      Parameter query = Parameter.of(tensors, "q_proj_weight");
      Parameter key = Parameter.of(tensors, "k_proj_weight");
      Parameter value = Parameter.of(tensors, "v_proj_weight");
      parameters.addAll(List.of(query, key, value));
      projections =
          new InputProjections(
              widths,
              parameters,
              new OutputRange(query, 0, widths.queryWidth(), bias, 0),
              new OutputRange(key, 0, widths.keyWidth(), bias, keyFrom),
              new OutputRange(value, 0, widths.valueWidth(), bias, valueFrom),
              null,
              null);
    }
    if (bias != null) {
      parameters.add(bias);
    }
    return projections;
  }

  /** Adds the tensors that {@link #of} reads, with their shapes. */
  static void expect(AttentionWidths widths, boolean biases, Map<String, long[]> expected) {
    if (widths.isPacked()) {
      expected.put("in_proj_weight", new long[] {widths.inputWidth(), widths.embedDim()});
    } else {
      expected.put("q_proj_weight", new long[] {widths.queryWidth(), widths.embedDim()});
      expected.put("k_proj_weight", new long[] {widths.keyWidth(), widths.keyInputDim()});
      expected.put("v_proj_weight", new long[] {widths.valueWidth(), widths.valueInputDim()});
    }
    if (biases) {
      expected.put("in_proj_bias", new long[] {widths.inputWidth()});
    }
  }

  /**
   * The rows that queries, keys and values are projected from.
   *
   * @param self whether they are the same rows, whose gradient is one
   */
  record Sources(SequenceBatch query, SequenceBatch key, SequenceBatch value, boolean self) {
    static Sources of(SequenceBatch x) {
      return new Sources(x, x, x, true);
    }
  }

  /**
   * Projected rows, or their gradients.
   *
   * @param all query, key and value side by side, if they come from the same rows
   * @param memory key and value side by side
   */
  record Projected(SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch memory, @Nullable SequenceBatch all) {}

  private interface Buffers {
    SequenceBatch view(int batch, int rows, int width);
  }

  /** Buffers that the trace keeps, without contents. */
  Projected keep(Trace trace, Sources from) {
    return buffers(from, trace::keep);
  }

  /** Takes what {@link #keep} kept. */
  void take(Trace trace, Sources from) {
    trace.take(SequenceBatch.class);
    if (!isJoint(from)) {
      trace.take(SequenceBatch.class);
    }
  }

  /** Temporary buffers of the same shapes, without contents. */
  Projected borrow(Trace trace, Sources from) {
    return buffers(from, trace::borrow);
  }

  private boolean isJoint(Sources from) {
    return all != null && from.self;
  }

  private Projected buffers(Sources from, Buffers buffers) {
    int queries = widths.queryWidth();
    int width = widths.keyWidth() + widths.valueWidth();
    SequenceBatch joint = isJoint(from) ? buffers.view(from.query.batch(), from.query.rows(), queries + width) : null;
    SequenceBatch query = joint == null ? buffers.view(from.query.batch(), from.query.rows(), queries) : joint.columns(0, queries);
    SequenceBatch both = joint == null ? buffers.view(from.key.batch(), from.key.rows(), width) : joint.columns(queries, queries + width);
    return new Projected(query, both.columns(0, widths.keyWidth()), both.columns(widths.keyWidth(), width), both, joint);
  }

  /** Projects the sources. */
  void forward(Trace trace, Sources from, Projected to) {
    if (all != null && to.all != null) {
      all.forward(trace, from.query, to.all);
      return;
    }
    query.forward(trace, from.query, to.query);
    if (memory != null && from.key.equals(from.value)) {
      memory.forward(trace, from.key, to.memory);
    } else {
      key.forward(trace, from.key, to.key);
      value.forward(trace, from.value, to.value);
    }
  }

  /**
   * Computes the gradients of the sources and the parameters.
   *
   * @param outputs the gradients of the projected rows
   * @param queryGradient written; null if it is not wanted
   * @param keyGradient added to; null if it is not wanted
   * @param valueGradient added to; null if it is not wanted; may be keyGradient if key and value have one source
   */
  void backward(
      Trace trace,
      Sources from,
      Projected outputs,
      @Nullable SequenceBatch queryGradient,
      @Nullable SequenceBatch keyGradient,
      @Nullable SequenceBatch valueGradient) {
    if (all != null && outputs.all != null) {
      all.parameterGradients(trace, from.query, outputs.all);
      if (queryGradient != null) {
        all.inputGradient(trace, outputs.all, queryGradient);
      }
      return;
    }
    query.parameterGradients(trace, from.query, outputs.query);
    if (queryGradient != null) {
      query.inputGradient(trace, outputs.query, queryGradient);
    }
    if (memory != null
        && from.key.equals(from.value)
        && (keyGradient == null ? valueGradient == null : keyGradient.equals(valueGradient))) {
      backward(trace, memory, from.key, outputs.memory, keyGradient);
    } else {
      backward(trace, key, from.key, outputs.key, keyGradient);
      backward(trace, value, from.value, outputs.value, valueGradient);
    }
  }

  private static void backward(
      Trace trace, OutputRange range, SequenceBatch from, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    range.parameterGradients(trace, from, outputGradient);
    if (inputGradient != null) {
      int borrowed = trace.borrowed();
      SequenceBatch added = trace.borrow(from.batch(), from.rows(), from.width());
      range.inputGradient(trace, outputGradient, added);
      LayerRows.add(trace, added, inputGradient, inputGradient);
      trace.release(borrowed);
    }
  }
}
