package dev.lanewise.core.learn;

import dev.lanewise.kernels.runtime.Checks;

/**
 * The sizes of a multi-head attention.
 *
 * @param embedDim width of input and output rows
 * @param numHeads number of query heads
 * @param keyValueHeads number of key/value heads, a divisor of numHeads
 * @param headDim width of a query or key head
 * @param valueDim width of a value head
 * @param keyInputDim width of the rows that keys are projected from
 * @param valueInputDim width of the rows that values are projected from
 */
record AttentionWidths(int embedDim, int numHeads, int keyValueHeads, int headDim, int valueDim, int keyInputDim, int valueInputDim) {
  AttentionWidths {
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.atLeast("numHeads", numHeads, 1);
    Checks.atLeast("keyValueHeads", keyValueHeads, 1);
    Checks.multiple("numHeads", numHeads, "keyValueHeads", keyValueHeads);
    Checks.atLeast("headDim", headDim, 1);
    Checks.atLeast("valueDim", valueDim, 1);
    Checks.atLeast("keyInputDim", keyInputDim, 1);
    Checks.atLeast("valueInputDim", valueInputDim, 1);
    long outputs = (long) numHeads * headDim + (long) keyValueHeads * headDim + (long) keyValueHeads * valueDim;
    Checks.product(
        "outputs of query, key and value", outputs, "their largest input", Math.max(embedDim, Math.max(keyInputDim, valueInputDim)));
    Checks.product("embedDim", embedDim, "numHeads * valueDim", (long) numHeads * valueDim);
  }

  /** Width of the projected queries of all heads. */
  int queryWidth() {
    return numHeads * headDim;
  }

  /** Width of the projected keys of all heads. */
  int keyWidth() {
    return keyValueHeads * headDim;
  }

  /** Width of the projected values of all heads. */
  int valueWidth() {
    return keyValueHeads * valueDim;
  }

  /** Width of projected queries, keys and values side by side. */
  int inputWidth() {
    return queryWidth() + keyWidth() + valueWidth();
  }

  /** Width of the outputs of all heads side by side. */
  int headsWidth() {
    return numHeads * valueDim;
  }

  /** Whether query, key and value are projected from rows of the same width, so that one matrix holds their weights. */
  boolean isPacked() {
    return keyInputDim == embedDim && valueInputDim == embedDim;
  }
}
