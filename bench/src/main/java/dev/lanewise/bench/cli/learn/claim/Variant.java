package dev.lanewise.bench.cli.learn.claim;

import dev.lanewise.bench.cli.learn.model.Lesson;

/**
 * One of the models that an experiment compares.
 *
 * @param name its name, unique in its experiment
 * @param lesson how it is trained
 * @param showsMap whether the page shows its attention
 */
public record Variant(String name, Lesson lesson, boolean showsMap) {}
