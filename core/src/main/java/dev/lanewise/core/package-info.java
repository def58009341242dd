/**
 * Attention over float arrays: the door to the module.
 *
 * <p>Start at {@link dev.lanewise.core.Attention}, an immutable description whose {@code with…} methods return changed copies; {@link
 * dev.lanewise.core.Results} asks for by-products, and {@link dev.lanewise.core.Merge} joins results over parts of the keys. {@link
 * dev.lanewise.core.SequenceBatch} is the view that layers read and write. {@link dev.lanewise.core.AttentionWeights} measures weights.
 *
 * <p>A call checks its arguments here, turns its mask into ranges of keys, and hands tasks to threads. Arithmetic belongs to the module
 * dev.lanewise.kernels, and nothing here may depend on positions, layers or weights.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core;
