/** The report command: a suite of measurements, their file, and one page that shows them. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.report;
