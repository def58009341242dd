/**
 * The page of the command {@code learn}: one HTML file with its style and its pictures, and no script.
 *
 * <p>{@link dev.lanewise.bench.cli.learn.page.LearnPage} is the only way in. The page begins with a table of all claims; a section for each
 * experiment follows, drawn by the charts of this package as SVG. Template and style are resources of this package.
 *
 * <p>Every number and every line on the page comes from outcomes of trainings. A text becomes part of the markup only through {@code
 * Html.text}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.learn.page;
