/**
 * The attention explorer: all attention weights of a text in a model on one HTML page that needs nothing beside it.
 *
 * <p>{@link dev.lanewise.bench.cli.explain.ExplainCommand} is the command. {@link dev.lanewise.bench.cli.explain.Explanation} computes the
 * weights, {@link dev.lanewise.bench.cli.explain.ExplorerPage} writes the page; {@code demo} uses both. Template, style and scripts are
 * resources of this package.
 *
 * <p>A text is data: nothing in it may become part of a page's markup or script.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.explain;
