/**
 * The command {@code learn}: it tries what teaching texts claim about attention on small models, and writes a page.
 *
 * <p>{@link dev.lanewise.bench.cli.learn.LearnCommand} is the way in, {@link dev.lanewise.bench.cli.learn.Trainings} runs the trainings
 * seed after seed. The tasks are in {@code cli.learn.task}, the models in {@code cli.learn.model}, the claims and the rule that decides in
 * {@code cli.learn.claim}, the page in {@code cli.learn.page}.
 *
 * <p>A figure depends on its seed alone, never on the number of trainings that run at the same time.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.learn;
