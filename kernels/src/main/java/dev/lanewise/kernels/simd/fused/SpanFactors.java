package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The factors of each lane by which a span of keys is joined to the spans before it, see {@link dev.lanewise.kernels.simd.lanes.RowOrder}:
 * joined = kept · joined + added · span. A lane that sees no key of the span has 1 and 0.
 */
final class SpanFactors {
  final float[] kept = new float[Tiles.QUERIES];
  final float[] added = new float[Tiles.QUERIES];
}
