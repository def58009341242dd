package dev.lanewise.kernels.data;

/** Which elements of a row a rotary embedding turns together; the first rotaryDim of them turn, with pairs = rotaryDim / 2. */
public enum RotaryForm {
  /** Element i with element i + pairs, known as "rotate half": GPT-NeoX, Llama and most that came after. */
  HALF,
  /** Element 2i with element 2i + 1, as in the paper: GPT-J. */
  INTERLEAVED
}
