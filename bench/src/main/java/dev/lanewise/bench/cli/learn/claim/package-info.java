/**
 * Claims of teaching texts, the trainings that try them, and the rule that decides.
 *
 * <p>{@link dev.lanewise.bench.cli.learn.claim.Experiments} lists them. An {@link dev.lanewise.bench.cli.learn.claim.Experiment} has
 * variants, which are trained from several seeds, and claims about them. {@link dev.lanewise.bench.cli.learn.claim.Findings} collects the
 * outcomes. {@link dev.lanewise.bench.cli.learn.claim.Comparison} holds the rule.
 *
 * <p>A verdict must follow from figures and the rule alone. What a claim says is written down before its figures are known.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.learn.claim;
