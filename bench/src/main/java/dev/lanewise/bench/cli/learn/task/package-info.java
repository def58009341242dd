/**
 * Seeded tasks whose answers are known: sequences of tokens, and sentences with their translation.
 *
 * <p>{@link dev.lanewise.bench.cli.learn.task.Task} is a task whose questions stand in the sequence; {@link
 * dev.lanewise.bench.cli.learn.task.Translation} makes sentences of two languages. A task draws as many sequences as it is asked for, from
 * a generator of random numbers that the caller seeds: the same seed gives the same sequences.
 *
 * <p>Tasks know nothing of models. A sequence must hold everything that its answer depends on.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.learn.task;
