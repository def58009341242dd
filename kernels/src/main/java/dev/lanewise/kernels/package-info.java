/** Vectorised attention arithmetic. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels;
