/**
 * The reference: attention as its formulas state it, in double, for every option.
 *
 * <p>Tests and users come in by {@link dev.lanewise.core.reference.ReferenceAttention} to compare results with.
 *
 * <p>This package shares settings, shapes and masks with what it checks, and no arithmetic: it never calls a kernel. It is written to be
 * read, not to be fast.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.reference;
