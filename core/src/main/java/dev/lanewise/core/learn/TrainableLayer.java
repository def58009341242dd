package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import org.jspecify.annotations.Nullable;

/**
 * A layer that learns: a forward pass and its backward pass. A layer is mutable and for one thread at a time; the {@link Trace} says how
 * many threads share the work of a call.
 *
 * <pre>{@code
 * Trace trace = Trace.create();
 * layer.forward(x, y, trace);
 * layer.backward(trace, outputGradient, inputGradient); // adds to the gradients of layer.parameters()
 * }</pre>
 */
public interface TrainableLayer extends Trainable {

  /**
   * Computes the output, and keeps in the trace what the backward pass needs. The trace may keep {@code x} itself instead of a copy:
   * neither {@code x} nor {@code y} may change before the backward pass.
   *
   * @param x batch × rows × input width
   * @param y batch × rows × output width, written; shares no element with {@code x}
   * @throws IllegalArgumentException if shapes differ, or y shares elements with x or with itself; nothing has been written then
   */
  void forward(SequenceBatch x, SequenceBatch y, Trace trace);

  /**
   * Computes gradients of the last forward pass that kept something in the trace, and removes what it kept. Gradients of parameters are
   * added to, except for frozen ones; the gradient of the input is written.
   *
   * @param outputGradient the gradient of y, with its shape; not changed
   * @param inputGradient written, with the shape of x; shares no element with outputGradient; null if it is not wanted
   * @throws IllegalArgumentException if shapes differ, or inputGradient shares elements with outputGradient or with itself
   * @throws IllegalStateException if the trace ends with what another layer kept
   */
  void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient);
}
