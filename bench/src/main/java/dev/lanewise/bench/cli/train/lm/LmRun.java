package dev.lanewise.bench.cli.train.lm;

import dev.lanewise.bench.cli.generate.ByteText;
import dev.lanewise.bench.cli.train.data.Corpus;
import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLanguageModel;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.GradientClip;
import dev.lanewise.core.learn.optimise.Optimiser;
import dev.lanewise.core.learn.optimise.Schedule;
import dev.lanewise.core.learn.optimise.Training;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Trains a model of bytes, and tells what it has learned. */
public final class LmRun {
  /** The norm that gradients have at most. */
  private static final double MOST_NORM = 1;

  /** The least learning rate is this part of the largest. */
  private static final double LEAST_RATE = 0.05;

  /** The warm-up is this part of the steps, and at most {@link #MOST_WARM_UP}. */
  private static final int WARM_UP_PART = 20;

  private static final int MOST_WARM_UP = 100;

  /** Settings of AdamW that are usual for language models. */
  private static final double BETA1 = 0.9;

  private static final double BETA2 = 0.98;

  private static final int SAMPLE_BYTES = 160;
  private static final double SAMPLE_TEMPERATURE = 0.7;
  private static final String IDENTITY = "settings";
  private static final double LN2 = Math.log(2);

  private final LmSettings settings;
  private final Corpus corpus;
  private final int threads;
  private final PrintWriter report;
  private final TrainableLanguageModel model;
  private final Optimiser optimiser;
  private double measured;

  /** The step after which {@link #measured} was found. */
  private long measuredAfter = -1;

  /** A run from its beginning. */
  public LmRun(LmSettings settings, Corpus corpus, int threads, PrintWriter report) {
    this.settings = settings;
    this.corpus = corpus;
    this.threads = threads;
    this.report = report;
    model = settings.model().create(settings.seed());
    optimiser = AdamW.builder(model.parameters()).betas(BETA1, BETA2).decay(settings.decay()).threads(threads).build();
  }

  /** The model, with what it has learned so far. */
  public TrainableLanguageModel model() {
    return model;
  }

  /**
   * Trains to the last step, from the check-point if there is one.
   *
   * @return whether the last step was reached
   */
  public boolean learn(Path checkpoint) {
    Schedule schedule =
        Schedule.cosine(settings.learningRate(), settings.steps())
            .withWarmUp(Math.min(MOST_WARM_UP, settings.steps() / WARM_UP_PART))
            .withMinimum(LEAST_RATE * settings.learningRate());
    LmReport lines = new LmReport(settings, report);
    Training training =
        Training.of(optimiser, schedule)
            .withClip(GradientClip.globalNorm(MOST_NORM).withThreads(threads))
            .withCheckpoints(checkpoint, settings.checkpointEvery())
            .withListener(
                progress -> {
                  lines.add(progress.loss());
                  if (lines.isDue(progress.step())) {
                    LanguageModel learned = inference();
                    lines.print(progress.step(), heldOut(learned), sample(learned));
                  }
                  return true;
                });
    return training.run(settings.steps(), new Task());
  }

  private final class Task implements Training.Task {
    private final Map<String, Long> identity = Map.of(IDENTITY, settings.identity(corpus));
    private final Trace trace = Trace.create().setThreads(threads);
    private final ByteWindows windows = new ByteWindows(corpus, settings.model().context(), settings.batch(), settings.seed());

    @Override
    public Training.Batch batch(long number) {
      windows.read(number);
      int count = windows.targets().length;
      trace.train(settings.seed(), number);
      double loss = model.learn(windows.ids(), windows.targets(), windows.batch(), 1f / count, trace);
      return new Training.Batch(loss / count / LN2, count);
    }

    @Override
    public Map<String, Long> position() {
      return identity;
    }

    @Override
    public void seek(Map<String, Long> position) {
      if (!position.equals(identity)) {
        throw new IllegalStateException("the check-point belongs to a run with other options or another text; --force begins anew");
      }
    }
  }

  /** What the model needs for the held-out part, in bits a byte. */
  public double heldOut() {
    return measuredAfter == optimiser.steps() ? measured : heldOut(inference());
  }

  private LanguageModel inference() {
    return model.toLayer().withThreads(threads);
  }

  private double heldOut(LanguageModel learned) {
    measured = HeldOut.bitsPerByte(learned, corpus, settings.model().context());
    measuredAfter = optimiser.steps();
    return measured;
  }

  private String sample(LanguageModel learned) {
    Generator generator =
        Generator.of(learned)
            .withSampling(Sampling.random(settings.seed()).withTemperature(SAMPLE_TEMPERATURE))
            .withMaxTokens(SAMPLE_BYTES);
    int[] tokens = generator.generate(List.of(ByteText.ids(settings.prompt()))).getFirst().tokens();
    return settings.prompt() + ByteText.text(tokens);
  }
}
