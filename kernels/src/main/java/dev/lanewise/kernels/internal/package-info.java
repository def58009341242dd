/** What the modules of Lanewise share and nobody else should use. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.internal;
