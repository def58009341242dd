package dev.lanewise.bench.demo;

import dev.lanewise.bench.minilm.MiniLm;
import dev.lanewise.core.Sequences;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.Probe;
import java.util.ArrayList;
import java.util.List;

/**
 * One line of the table.
 *
 * @param tokens length of the text
 * @param step what was timed
 * @param scalarSeconds best time of the plain Java path
 * @param pathSeconds best time of the path that runs; the same number if that is plain Java
 * @param fractionOfPeak of the path that runs, of the multiply-add peak of the threads used; NaN where it says nothing
 */
record Timing(int tokens, String step, double scalarSeconds, double pathSeconds, double fractionOfPeak) {
  private static final int PEAK_STEPS = 200_000;

  double speedUp() {
    return scalarSeconds / pathSeconds;
  }

  /** How often {@link #measure} reports that it has done one more measurement. */
  static int measurements(List<Sequences> texts) {
    return 1 + 2 * 5 * texts.size();
  }

  /** Times every step on every text, one path after the other for each. */
  static List<Timing> measure(MiniLm model, List<Sequences> texts, Kernels kernels, int threads, Stopwatch stopwatch, Runnable progress) {
    double peak = peak(kernels, stopwatch);
    progress.run();
    List<Timing> timings = new ArrayList<>();
    for (Sequences text : texts) {
      List<Workload.Step> scalar = new Workload(model, text, Kernels.scalar(), threads).steps();
      List<Workload.Step> path = new Workload(model, text, kernels, threads).steps();
      for (int i = 0; i < scalar.size(); i++) {
        Workload.Step step = path.get(i);
        double scalarSeconds = stopwatch.best(scalar.get(i).call());
        progress.run();
        double pathSeconds = kernels == Kernels.scalar() ? scalarSeconds : stopwatch.best(step.call());
        progress.run();
        double limit = step.threaded() ? peak * threads : peak;
        double fraction = step.flops() == 0 ? Double.NaN : step.flops() / pathSeconds / limit;
        timings.add(new Timing(text.rows(), step.name(), scalarSeconds, pathSeconds, fraction));
      }
    }
    return timings;
  }

  /** Floating-point operations a second that one core can do with the instructions of these kernels. */
  private static double peak(Kernels kernels, Stopwatch stopwatch) {
    Probe probe = Probe.of(kernels);
    float[] sink = new float[1];
    double seconds = stopwatch.best(() -> sink[0] += probe.fmaPeak(PEAK_STEPS));
    return (double) PEAK_STEPS * probe.flopsPerStep() / seconds;
  }
}
