package dev.lanewise.bench.cli.train.pairs;

import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import dev.lanewise.bench.cli.train.data.Retrieval;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainablePooling;
import dev.lanewise.core.learn.loss.InfoNce;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.GradientClip;
import dev.lanewise.core.learn.optimise.Optimiser;
import dev.lanewise.core.learn.optimise.Schedule;
import dev.lanewise.core.learn.optimise.Training;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.bert.TrainableBert;
import dev.lanewise.text.model.EncoderModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Trains an encoder on pairs. */
public final class PairRun {
  private static final double MOST_NORM = 1;

  /** Two ways to compute the same model differ by less, other settings by more. */
  private static final float MOST_DIFFERENCE = 1e-4f;

  private static final String SAMPLE = "The law will never be perfect.";

  /** The warm-up is this part of the steps. */
  private static final int WARM_UP_PART = 10;

  private static final String IDENTITY = "settings";
  private static final Pattern LAYER = Pattern.compile("encoder\\.layers\\.(\\d+)\\..*");

  private final PairSettings settings;
  private final List<Pair> pairs;
  private final int threads;
  private final long identity;
  private final TrainableBert bert;
  private final TrainablePooling pooling;
  private final PairBatches batches;

  /**
   * A run from its beginning.
   *
   * @param model the model to begin with
   * @param weights its weights
   * @throws IllegalArgumentException if such a model cannot be trained
   */
  public PairRun(PairSettings settings, EncoderModel model, NamedTensors weights, List<Pair> pairs, int threads) {
    this.settings = settings;
    this.pairs = pairs;
    this.threads = threads;
    identity = settings.identity(pairs, weights);
    bert = BertWeights.of(weights, model.encoder().numHeads()).trainable(settings.dropout());
    pooling = pooling(model);
    checkSame(model);
    for (Parameter parameter : bert.parameters()) {
      Matcher layer = LAYER.matcher(parameter.name());
      boolean learns = layer.matches() ? Integer.parseInt(layer.group(1)) >= settings.frozenLayers() : settings.embeddings();
      parameter.setFrozen(!learns);
    }
    batches = new PairBatches(pairs, model, settings);
  }

  private static TrainablePooling pooling(EncoderModel model) {
    return switch (model.pooling().orElseThrow(() -> new IllegalArgumentException("its files do not say how rows are pooled"))) {
      case FIRST_TOKEN -> TrainablePooling.firstToken();
      case MEAN -> TrainablePooling.mean();
      case LAST_TOKEN -> throw new IllegalArgumentException("it pools the last token, must be the first token or the mean");
    };
  }

  /** Refuses a model with other settings than BERT's own, which what is trained has. */
  private void checkSame(EncoderModel model) {
    int[] ids = model.tokenizer().withMaxTokens(model.maxTokens()).encode(SAMPLE).ids();
    PackedSequences text = PackedSequences.of(0, ids.length);
    SequenceBatch expected = SequenceBatch.zeros(1, ids.length, bert.embedDim());
    SequenceBatch rows = SequenceBatch.zeros(1, ids.length, bert.embedDim());
    model.encoder().forward(ids, text, expected);
    bert.toLayer().forward(ids, text, rows);
    for (int i = 0; i < rows.data().length; i++) {
      if (!(Math.abs(rows.data()[i] - expected.data()[i]) <= MOST_DIFFERENCE * (1 + Math.abs(expected.data()[i])))) {
        throw new IllegalArgumentException("it has another activation or epsilon than BERT, whose are trained");
      }
    }
  }

  /** The weights, with what has been learned so far, under the names of the published checkpoint. */
  public NamedTensors tensors() {
    return bert.tensors();
  }

  /** Number of steps of the whole run. */
  public long steps() {
    return settings.steps(pairs.size());
  }

  /**
   * Trains to the last step, from the check-point if there is one.
   *
   * @param listener receives progress after each step
   * @return whether the last step was reached
   * @throws IllegalStateException if the check-point is of another run
   */
  public boolean learn(Path checkpoint, Training.Listener listener) {
    Optimiser optimiser = AdamW.builder(bert.parameters()).decay(settings.decay()).threads(threads).build();
    Schedule schedule = Schedule.linear(settings.learningRate(), steps()).withWarmUp(steps() / WARM_UP_PART);
    Training training =
        Training.of(optimiser, schedule)
            .withClip(GradientClip.globalNorm(MOST_NORM).withThreads(threads))
            .withCheckpoints(checkpoint, settings.checkpointEvery())
            .withListener(listener);
    return training.run(steps(), new Task());
  }

  private final class Task implements Training.Task {
    private final Trace trace = Trace.create().setThreads(threads);
    private final InfoNce loss = InfoNce.of(settings.temperature()).symmetric();
    private final SequenceBatch sentences = SequenceBatch.zeros(2 * settings.batch(), 1, bert.embedDim());
    private final SequenceBatch gradient = SequenceBatch.zeros(2 * settings.batch(), 1, bert.embedDim());

    @Override
    public Training.Batch batch(long number) {
      PairBatches.Batch batch = batches.batch(number);
      bert.forward(batch.ids(), batch.starts(), pooling, sentences, trace.train(settings.seed(), number));
      double value = loss.compute(half(sentences, 0), half(sentences, 1), half(gradient, 0), half(gradient, 1));
      bert.backward(trace, pooling, gradient);
      return new Training.Batch(value, settings.batch());
    }

    @Override
    public Map<String, Long> position() {
      return Map.of(IDENTITY, identity);
    }

    @Override
    public void seek(Map<String, Long> position) {
      if (!position.equals(position())) {
        throw new IllegalStateException("the check-point belongs to a run with other options, pairs or weights; --force begins anew");
      }
    }
  }

  /** The queries, or the texts. */
  private SequenceBatch half(SequenceBatch x, int which) {
    int from = which * settings.batch();
    return x.batch(from, from + settings.batch());
  }

  /** How well a model finds the texts of pairs. */
  public static Retrieval measure(TextEncoder model, List<Pair> pairs) {
    float[][] queries = model.embed(pairs.stream().map(Pair::query).toList());
    return Retrieval.of(queries, model.embed(pairs.stream().map(Pair::text).toList()));
  }
}
