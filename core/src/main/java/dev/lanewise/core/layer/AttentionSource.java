package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;

/**
 * Provides the attention sublayers of one call of a layer or stack with keys, values and results: those of whole sequences ({@link
 * WholeCall}) or of a state ({@link StateCall}). It counts the sublayers, so the order of calls is that of the sublayers: first {@link
 * #check} for each of them, then {@link #forward} for each of them.
 */
interface AttentionSource {
  /** Checks that a sublayer fits the call, before anything is written. */
  void check(SublayerPart.Attending sublayer);

  /** Checks that a view that the call writes shares no element with anything that the call reads besides {@code x}. */
  void checkApart(String name, Heads written);

  /** Runs the next attention sublayer. */
  void forward(SublayerPart.Attending sublayer, SequenceBatch from, SequenceBatch to);
}
