package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;

/** A part of a layer, which reads rows and writes the same number of rows to another view. */
@FunctionalInterface
interface Sublayer {
  void forward(SequenceBatch from, SequenceBatch to);
}
