package dev.lanewise.kernels.data;

import dev.lanewise.kernels.Kernels;

/**
 * A function that {@link Kernels#activate} applies to each element of a matrix. Each function returns its limit at ±∞ and NaN for NaN. The
 * bits of a result depend on its element alone, not on its position. The error bounds are those of the SIMD path; one ULP is a unit in the
 * last place of the result.
 */
public enum Activation {
  /** x. */
  NONE,
  /** max(x, 0). */
  RELU,
  /** x/2 · (1 + erf(x/√2)), the Gaussian error linear unit (Hendrycks and Gimpel, 2016), within 2e-7 · max(1, |x|). */
  GELU,
  /** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), the approximation of {@link #GELU} from the same paper, within 2e-7 · max(1, |x|). */
  GELU_TANH,
  /** x / (1 + e<sup>−x</sup>), also called swish, within 3 ULP down to x = −87.3; −0 on the SIMD path below −88.73. */
  SILU,
  /** tanh x within 3 ULP; odd to the last bit and never beyond ±1. */
  TANH,
  /** 1 / (1 + e<sup>−x</sup>) within 3 ULP where the result is normal; 0 on the SIMD path below −88.73. */
  SIGMOID
}
