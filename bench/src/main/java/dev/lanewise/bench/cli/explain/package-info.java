/** The attention explorer: all attention weights of a text in all-MiniLM-L6-v2, as one HTML page that needs nothing beside it. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.explain;
