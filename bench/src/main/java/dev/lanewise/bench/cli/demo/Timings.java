package dev.lanewise.bench.cli.demo;

import com.google.gson.JsonObject;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.probe.Probe;
import java.util.ArrayList;
import java.util.List;

/**
 * The table of times.
 *
 * @param rows one for each step and length
 * @param peak floating-point operations a second that one core reaches with the multiply-adds of the path that runs, and nothing else
 */
record Timings(List<Row> rows, double peak) {
  private static final int PEAK_STEPS = 200_000;

  /**
   * One line.
   *
   * @param tokens length of the text
   * @param step what was timed
   * @param scalar best time of the plain Java path
   * @param path best time of the path that runs; the same if that is plain Java
   */
  record Row(int tokens, Workload.Step step, Stopwatch.Time scalar, Stopwatch.Time path) {
    double speedUp() {
      return scalar.seconds() / path.seconds();
    }

    boolean settled() {
      return scalar.settled() && path.settled();
    }

    JsonObject json(double fractionOfPeak) {
      JsonObject json = new JsonObject();
      json.addProperty("tokens", tokens);
      json.addProperty("step", step.name());
      json.addProperty("scalarMs", scalar.seconds() * 1e3);
      json.addProperty("pathMs", path.seconds() * 1e3);
      json.addProperty("settled", settled());
      if (!Double.isNaN(fractionOfPeak)) {
        json.addProperty("fractionOfPeak", fractionOfPeak);
      }
      return json;
    }
  }

  /** Whether all times have settled. */
  boolean settled() {
    return rows.stream().allMatch(Row::settled);
  }

  /** The number of parts of {@link #measure}, each of which it reports. */
  static int parts(int texts) {
    return 1 + texts * (Workload.STEPS + 1);
  }

  /** Seconds of {@link #measure} if times settle at once: a part has two measurements, each as long as its warm-up. */
  static double typicalSeconds(int texts, Stopwatch stopwatch) {
    return parts(texts) * 4.5 * stopwatch.seconds();
  }

  /** Times every step on every text, one path right after the other. The peak is the best of several measurements in between. */
  static Timings measure(
      FirstLayer model, List<SequenceBatch> texts, Kernels kernels, int threads, Stopwatch stopwatch, Runnable progress) {
    double peak = measurePeak(kernels, stopwatch);
    progress.run();
    List<Row> rows = new ArrayList<>();
    for (SequenceBatch text : texts) {
      List<Workload.Step> scalar = new Workload(model, text, Kernels.scalar(), threads).steps();
      List<Workload.Step> path = new Workload(model, text, kernels, threads).steps();
      for (int i = 0; i < Workload.STEPS; i++) {
        Stopwatch.Time scalarTime = stopwatch.fastest(scalar.get(i).call());
        Stopwatch.Time pathTime = kernels == Kernels.scalar() ? scalarTime : stopwatch.fastest(path.get(i).call());
        rows.add(new Row(text.rows(), path.get(i), scalarTime, pathTime));
        progress.run();
      }
      peak = Math.max(peak, measurePeak(kernels, stopwatch));
      progress.run();
    }
    return new Timings(rows, peak);
  }

  /** The speed of the path that runs as a fraction of the peak of the threads it uses; NaN where operations are not counted. */
  double fractionOfPeak(Row row) {
    return row.step().flops() / row.path().seconds() / (peak * row.step().threads());
  }

  private static double measurePeak(Kernels kernels, Stopwatch stopwatch) {
    Probe probe = Probe.of(kernels);
    float[] sink = new float[1];
    double seconds = stopwatch.fastest(() -> sink[0] += probe.fmaPeak(PEAK_STEPS)).seconds();
    return (double) PEAK_STEPS * probe.flopsPerStep() / seconds;
  }
}
