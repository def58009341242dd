/**
 * The reference: attention as its formulas state it, in double, for every option.
 *
 * <p>Tests and users come in by {@link dev.lanewise.core.reference.ReferenceAttention} to compare results with.
 *
 * <p>This package must share no code with what it checks. It uses masks and the values of a call, and neither kernels nor {@code core}. It
 * is written to be read, not to be fast.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.reference;
