/**
 * The small models of the command {@code learn}, and how one of them is trained.
 *
 * <p>{@link dev.lanewise.bench.cli.learn.model.Design} says what a model has. {@link dev.lanewise.bench.cli.learn.model.Lesson} trains a
 * model of a design on a task from one seed, and returns an {@link dev.lanewise.bench.cli.learn.model.Outcome}: losses, accuracies and
 * attention maps.
 *
 * <p>Everything random follows from the seed, and a lesson runs on one thread: it gives the same bits whatever runs beside it. Models of
 * one comparison differ in nothing but what is compared.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.learn.model;
