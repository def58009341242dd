@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.decode;
