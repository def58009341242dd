package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/** The weights of a {@link MultiHeadAttention} under construction, with the checks that they fit each other. */
final class ProjectionWeights {
  final int embedDim;
  final int numHeads;
  int keyValueHeads;

  /** Elements of a query or key head; 0 for embedDim / numHeads. */
  int headDim;

  /** Elements of a value head; 0 for headDim. */
  int valueDim;

  int keyInputDim;
  int valueInputDim;
  @Nullable Weight query;
  @Nullable Weight key;
  @Nullable Weight value;
  @Nullable Weight output;
  Weight.@Nullable Dense packedInput;
  @Nullable Norm queryNorm;
  @Nullable Norm keyNorm;

  ProjectionWeights(int embedDim, int numHeads) {
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.atLeast("numHeads", numHeads, 1);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.keyValueHeads = numHeads;
    this.keyInputDim = embedDim;
    this.valueInputDim = embedDim;
  }

  /**
   * Creates the projections.
   *
   * @throws IllegalStateException if a weight is missing, or packedInput is set together with one of the weights that it contains
   * @throws IllegalArgumentException if numHeads does not divide embedDim and headDim is not set, or a weight, bias or norm has the wrong
   *     length
   */
  Projections projections() {
    if (headDim == 0) {
      Checks.multiple("embedDim", embedDim, "numHeads", numHeads);
    }
    int keyDim = headDim == 0 ? embedDim / numHeads : headDim;
    int ofValue = valueDim == 0 ? keyDim : valueDim;
    int queryRows = Checks.product("numHeads", numHeads, "headDim", keyDim);
    int keyRows = Checks.product("keyValueHeads", keyValueHeads, "headDim", keyDim);
    int valueRows = Checks.product("keyValueHeads", keyValueHeads, "valueDim", ofValue);
    int headsWidth = Checks.product("numHeads", numHeads, "valueDim", ofValue);
    checkNorm("queryNorm", queryNorm, keyDim);
    checkNorm("keyNorm", keyNorm, keyDim);
    Weight.Dense packed = packedInput;
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
        queryNorm,
        keyNorm,
        numHeads,
        keyValueHeads);
  }

  private static void checkNorm(String name, @Nullable Norm norm, int keyDim) {
    if (norm != null) {
      Checks.same(name + ".width", norm.width(), "headDim", keyDim);
    }
  }

  private void checkPacked(Weight.Dense packed, long rows) {
    if (query != null || key != null || value != null) {
      throw new IllegalStateException("packedInput holds query, key and value, which are given separately, too");
    }
    Checks.same("keyInputDim", keyInputDim, "embedDim, from which packedInput projects,", embedDim);
    Checks.same("valueInputDim", valueInputDim, "embedDim, from which packedInput projects,", embedDim);
    packed.checkLengths(embedDim, rows);
  }
}
