/**
 * Positions: how a model tells rows apart by where they stand.
 *
 * <p>Users come in by the factories of {@link dev.lanewise.core.position.Positions}, and by {@link dev.lanewise.core.position.Rotary} with
 * {@link dev.lanewise.core.position.RotaryScaling}. {@link dev.lanewise.core.position.InputPositions} act once on the input, {@link
 * dev.lanewise.core.position.LayerPositions} in each layer.
 *
 * <p>The classes behind the factories are not public. A kind of positions decides what it does to queries, keys or scores, and no layer
 * asks which kind it has.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.position;
