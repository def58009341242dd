package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/** The weights of a {@link MultiHeadAttention} under construction, with the checks that they fit each other. */
final class ProjectionWeights {
  private final int embedDim;
  final int numHeads;
  int keyValueHeads;
  int valueDim;
  int keyInputDim;
  int valueInputDim;
  @Nullable Weight query;
  @Nullable Weight key;
  @Nullable Weight value;
  @Nullable Weight output;
  @Nullable Weight packedInput;

  ProjectionWeights(int embedDim, int numHeads) {
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.atLeast("numHeads", numHeads, 1);
    Checks.multiple("embedDim", embedDim, "numHeads", numHeads);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.keyValueHeads = numHeads;
    this.valueDim = embedDim / numHeads;
    this.keyInputDim = embedDim;
    this.valueInputDim = embedDim;
  }

  /**
   * Creates the projections.
   *
   * @throws IllegalStateException if a weight is missing, or packedInput is set together with one of the weights that it contains
   * @throws IllegalArgumentException if a weight or bias has the wrong length
   */
  Projections projections() {
    int queryRows = embedDim;
    int keyRows = Checks.product("keyValueHeads", keyValueHeads, "headDim", embedDim / numHeads);
    int valueRows = Checks.product("keyValueHeads", keyValueHeads, "valueDim", valueDim);
    int headsWidth = Checks.product("numHeads", numHeads, "valueDim", valueDim);
    Weight packed = packedInput;
    if (packed != null) {
      checkPacked(packed, (long) queryRows + keyRows + valueRows);
    }
    Weight wq = packed == null ? Weight.given(query, "query") : packed.rows(0, queryRows, embedDim);
    Weight wk = packed == null ? Weight.given(key, "key") : packed.rows(queryRows, keyRows, embedDim);
    Weight wv = packed == null ? Weight.given(value, "value") : packed.rows(queryRows + keyRows, valueRows, embedDim);
    return new Projections(
        wq.linear(embedDim, queryRows),
        wk.linear(keyInputDim, keyRows),
        wv.linear(valueInputDim, valueRows),
        Weight.given(output, "output").linear(headsWidth, embedDim),
        numHeads,
        keyValueHeads);
  }

  private void checkPacked(Weight packed, long rows) {
    if (query != null || key != null || value != null) {
      throw new IllegalStateException("packedInput holds query, key and value, which are given separately, too");
    }
    Checks.same("keyInputDim", keyInputDim, "embedDim, from which packedInput projects,", embedDim);
    Checks.same("valueInputDim", valueInputDim, "embedDim, from which packedInput projects,", embedDim);
    packed.checkLengths(embedDim, rows);
  }
}
