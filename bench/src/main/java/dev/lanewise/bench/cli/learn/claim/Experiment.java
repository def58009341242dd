package dev.lanewise.bench.cli.learn.claim;

import java.util.List;

/**
 * Models that differ in one thing, trained on one task.
 *
 * @param id a word, the anchor of its section
 * @param title the question
 * @param task what the models have to do
 * @param example a sequence of the task with its answer
 * @param setting what the models have in common
 * @param guess share of right answers of a model that guesses
 * @param variants the models
 * @param claims what is said about them
 */
public record Experiment(
    String id, String title, String task, String example, String setting, double guess, List<Variant> variants, List<Claim> claims) {

  /** The variant of a name. */
  public Variant variant(String name) {
    return variants.stream().filter(variant -> variant.name().equals(name)).findFirst().orElseThrow();
  }
}
