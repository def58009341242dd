package dev.lanewise.bench.cli.learn.claim;

import dev.lanewise.bench.cli.learn.model.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The outcomes so far. Safe for several threads. */
public final class Findings {
  private final Map<Key, Map<Integer, Outcome>> outcomes = new HashMap<>();

  private record Key(String experiment, String variant) {}

  /** Adds the outcome of a training. */
  public synchronized void put(Experiment experiment, Variant variant, int seed, Outcome outcome) {
    outcomes.computeIfAbsent(new Key(experiment.id(), variant.name()), key -> new TreeMap<>()).put(seed, outcome);
  }

  /** The outcomes of a variant, by seed. */
  public synchronized List<Outcome> of(Experiment experiment, Variant variant) {
    return List.copyOf(outcomes.getOrDefault(new Key(experiment.id(), variant.name()), Map.of()).values());
  }

  /** Number of trainings. */
  public synchronized int count() {
    return outcomes.values().stream().mapToInt(Map::size).sum();
  }

  /** A figure of a variant. */
  public Spread spread(Experiment experiment, Variant variant, Measure measure) {
    return new Spread(of(experiment, variant).stream().mapToDouble(measure::of).toArray());
  }

  /** The difference that a statement is about. */
  public Comparison.Difference difference(Experiment experiment, Comparison part) {
    return Comparison.difference(first(experiment, part), second(experiment, part));
  }

  /** The verdict on a statement. */
  public Verdict verdict(Experiment experiment, Comparison part) {
    return part.verdict(first(experiment, part), second(experiment, part));
  }

  /** The verdict on a claim. */
  public Verdict verdict(Experiment experiment, Claim claim) {
    return Verdict.ofAll(claim.parts().stream().map(part -> verdict(experiment, part)).collect(Collectors.toSet()));
  }

  private Spread first(Experiment experiment, Comparison part) {
    return spread(experiment, experiment.variant(part.first()), Objects.requireNonNull(part.firstMeasure()));
  }

  private Spread second(Experiment experiment, Comparison part) {
    return spread(experiment, experiment.variant(part.second()), part.secondMeasure());
  }
}
