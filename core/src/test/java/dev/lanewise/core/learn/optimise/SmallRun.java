package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.loss.CrossEntropy;
import dev.lanewise.kernels.runtime.Interruption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * A run of two projections that learn classes of random rows in a seeded order. The position of its data is kept in the object, so that a
 * run which continues has to seek.
 */
final class SmallRun implements Training.Task {
  static final int ITEMS = 50;
  private static final int CLASSES = 5;
  private static final int WIDTH = 7;

  private final int batchSize;
  private final TrainableLinear first;
  private final TrainableLinear second;
  private final Trace trace = Trace.create();
  private final SeededOrder order = SeededOrder.of(3, ITEMS);
  private final float[] rows = new float[ITEMS * WIDTH];
  private final int[] targets = new int[ITEMS];
  private long next;
  final List<Parameter> parameters = new ArrayList<>();

  SmallRun(int batchSize, int hidden) {
    this.batchSize = batchSize;
    first = TrainableLinear.xavier(1, WIDTH, hidden);
    second = TrainableLinear.xavier(2, hidden, CLASSES);
    Random random = new Random(4);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < ITEMS; i++) {
      targets[i] = random.nextInt(CLASSES);
    }
    first.parameters().forEach(parameter -> parameters.add(parameter.under("first.")));
    second.parameters().forEach(parameter -> parameters.add(parameter.under("second.")));
  }

  AdamW adamW() {
    return AdamW.builder(parameters).threads(2).build();
  }

  static Training training(Optimiser optimiser) {
    return Training.of(optimiser, Schedule.cosine(0.02, 40).withWarmUp(5)).withClip(GradientClip.globalNorm(0.7));
  }

  @Override
  public Training.Batch batch(long number) {
    int[] own = new int[batchSize];
    SequenceBatch x = SequenceBatch.zeros(1, batchSize, WIDTH);
    for (int i = 0; i < batchSize; i++) {
      int item = order.item(next++);
      System.arraycopy(rows, item * WIDTH, x.data(), i * WIDTH, WIDTH);
      own[i] = targets[item];
    }
    SequenceBatch hidden = SequenceBatch.zeros(1, batchSize, first.outputs());
    SequenceBatch logits = SequenceBatch.zeros(1, batchSize, CLASSES);
    first.forward(x, hidden, trace.train(1, number));
    second.forward(hidden, logits, trace);
    double loss = CrossEntropy.standard().compute(logits, own, logits);
    SequenceBatch hiddenGradient = SequenceBatch.zeros(1, batchSize, first.outputs());
    second.backward(trace, logits, hiddenGradient);
    first.backward(trace, hiddenGradient, null);
    return new Training.Batch(loss, batchSize);
  }

  @Override
  public Map<String, Long> position() {
    return Map.of("next", next);
  }

  @Override
  public void seek(Map<String, Long> position) {
    next = position.getOrDefault("next", 0L);
  }

  /**
   * A process that can be killed: path, steps, size of the hidden layer, steps between checkpoints, and what to do after a step ("exit12"
   * ends the JVM after step 12, "wait12" checks for an interrupt there until it comes, "park12" only waits for it). It prints each step,
   * and at last whether the thread is interrupted.
   */
  public static void main(String[] arguments) {
    SmallRun run = new SmallRun(10, Integer.parseInt(arguments[2]));
    String exit = arguments[4];
    Thread main = Thread.currentThread();
    boolean finished =
        training(run.adamW())
            .withCheckpoints(Path.of(arguments[0]), Long.parseLong(arguments[3]))
            .withListener(
                progress -> {
                  System.out.println("step " + progress.step());
                  if (exit.equals("exit" + progress.step())) {
                    System.exit(3);
                  }
                  while (exit.equals("wait" + progress.step())) {
                    Interruption.check();
                    Thread.onSpinWait();
                  }
                  if (exit.equals("park" + progress.step())) {
                    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> joined(main))); // it prints to the end
                    System.out.println("waiting");
                    while (!main.isInterrupted()) {
                      LockSupport.park();
                    }
                  }
                  return true;
                })
            .run(Long.parseLong(arguments[1]), run);
    System.out.println((finished ? "finished" : "stopped") + (main.isInterrupted() ? ", interrupted" : ""));
  }

  private static void joined(Thread thread) {
    try {
      thread.join(Duration.ofMinutes(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
