package dev.lanewise.core;

import dev.lanewise.kernels.Heads;

/** The example of the Javadoc of {@link Positions}; {@link PositionsTest} compares the two and runs it. */
final class PositionsExample {
  private PositionsExample() {}

  static Attention run(Sequences x, Heads query, Heads key) {
    // begin
    Positions.sinusoidal(x.width()).addTo(x, 0); // once, before the first layer
    Positions.rotary(Rotary.of(query.width())).apply(query, query, 0); // in each layer; keys likewise
    Attention near = Positions.alibi(query.heads()).applyTo(Attention.standard(), query.rows(), key.rows());
    // end
    return near;
  }
}
