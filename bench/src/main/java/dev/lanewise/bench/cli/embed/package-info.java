/** Commands that turn lines of text into vectors, and find the lines that are most alike. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.embed;
