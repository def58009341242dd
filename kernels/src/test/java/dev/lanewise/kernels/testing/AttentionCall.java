package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Builder of an {@link AttentionProblem} for tests. */
public final class AttentionCall {
  private final Function<@Nullable PackedSequences, CallShape> shape;
  private ScoreFormula formula = ScoreFormula.STANDARD.withScale(1);
  private @Nullable PackedSequences sequences;
  private @Nullable Visibility visibility;
  private int @Nullable [] depths;
  private @Nullable Heads value;
  private @Nullable Heads output;
  private float @Nullable [] logSumExp;
  private int @Nullable [] rows;
  private final List<CallResults.Observer> observers = new ArrayList<>();

  private AttentionCall(Function<@Nullable PackedSequences, CallShape> shape) {
    this.shape = shape;
  }

  public static AttentionCall of(Heads query, Heads key) {
    return new AttentionCall(sequences -> CallShape.of(query, key, sequences));
  }

  public static AttentionCall of(Heads query, CachedSequence[] caches) {
    return new AttentionCall(sequences -> CallShape.of(query, caches, sequences));
  }

  public AttentionCall output(Heads newValue, Heads newOutput) {
    value = newValue;
    return output(newOutput);
  }

  public AttentionCall output(Heads newOutput) {
    output = newOutput;
    return this;
  }

  public AttentionCall scale(float scale) {
    formula = formula.withScale(scale);
    return this;
  }

  public AttentionCall similarity(Similarity similarity) {
    formula = formula.withSimilarity(similarity);
    return this;
  }

  public AttentionCall normaliser(Normaliser normaliser) {
    formula = formula.withNormaliser(normaliser);
    return this;
  }

  public AttentionCall visibility(Visibility newVisibility) {
    visibility = newVisibility;
    return this;
  }

  public AttentionCall softcap(float softcap) {
    return with(new ScoreChange.Softcap(softcap));
  }

  public AttentionCall bias(Bias bias) {
    return with(new ScoreChange.AddedBias(bias, false));
  }

  public AttentionCall positionBias(Bias bias) {
    return with(new ScoreChange.AddedBias(bias, true));
  }

  public AttentionCall slopes(float[] slopes) {
    return with(new ScoreChange.Alibi(slopes, null, false));
  }

  public AttentionCall scoreFunction(RowFunction function) {
    return with(new ScoreChange.Function(function, null));
  }

  public AttentionCall weightFunction(RowFunction function) {
    formula = formula.withWeightFunction(function);
    return this;
  }

  private AttentionCall with(ScoreChange change) {
    formula = formula.with(change);
    return this;
  }

  public AttentionCall treeDepths(int[] newDepths) {
    depths = newDepths;
    return this;
  }

  public AttentionCall logSumExp(float[] newLogSumExp) {
    logSumExp = newLogSumExp;
    return this;
  }

  public AttentionCall sequences(PackedSequences newSequences) {
    sequences = newSequences;
    return this;
  }

  public AttentionCall rows(int[] newRows) {
    rows = newRows;
    return this;
  }

  public AttentionCall observe(Stage stage, RowFunction function) {
    observers.add(new CallResults.Observer(stage, function));
    return this;
  }

  public AttentionProblem build() {
    CallResults results = new CallResults(value, output, logSumExp, rows, observers);
    return new AttentionProblem(shape.apply(sequences), formula, visibility, depths, results);
  }
}
