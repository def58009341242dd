package dev.lanewise.spark.job.cluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The program of {@code cluster.sh}: embeds texts and attends to keys on a cluster of several JVMs, and compares with one process. */
final class ClusterCheck {
  private int texts = 20_000;
  private int keys = 1_000_000;
  private boolean kill;

  private ClusterCheck() {}

  /**
   * Checks and ends the JVM: with exit code 0 only if all compares equal, 1 if not, 2 for a wrong argument.
   *
   * @param args the model, a new folder, and the options
   */
  public static void main(String[] args) throws Exception {
    ClusterCheck check = new ClusterCheck();
    Path model = Path.of(args[0]);
    Path folder = Files.createDirectories(Path.of(args[1]));
    try {
      check.parse(List.of(args).subList(2, args.length));
    } catch (IllegalArgumentException e) {
      System.err.println("cluster.sh: " + e.getMessage());
      System.exit(2);
    }
    List<String> wrong = new ArrayList<>();
    if (check.texts > 0) {
      wrong.addAll(new CorpusCheck(model, folder.resolve("corpus"), check.texts, check.kill).run());
    }
    if (check.keys > 0) {
      wrong.addAll(new ContextCheck(folder.resolve("context"), check.keys, check.kill).run());
    }
    wrong.forEach(System.err::println);
    System.out.println(wrong.isEmpty() ? "all equal" : "NOT EQUAL");
    System.exit(wrong.isEmpty() ? 0 : 1);
  }

  private void parse(List<String> args) {
    for (int i = 0; i < args.size(); i++) {
      switch (args.get(i)) {
        case "--texts" -> texts = number(args, ++i);
        case "--keys" -> keys = number(args, ++i);
        case "--kill" -> kill = true;
        default -> throw new IllegalArgumentException("unknown option " + args.get(i) + ", must be --texts N, --keys N or --kill");
      }
    }
  }

  private static int number(List<String> args, int i) {
    String option = args.get(i - 1);
    String value = i < args.size() ? args.get(i) : "missing";
    try {
      int number = Integer.parseInt(value);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new IllegalArgumentException(option + " is " + value + ", must be a number of at least 0");
  }
}
