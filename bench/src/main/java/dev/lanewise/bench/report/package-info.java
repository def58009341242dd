/**
 * The command {@code report}: measures a suite of operations, writes the results as JSON and as one page, and compares them with an earlier
 * run.
 *
 * <p>{@link dev.lanewise.bench.report.ReportCommand} is the only way in. {@code Suite} lists the cases, {@code Fork} runs one in a JVM of
 * its own, {@code Results} is the file, {@code Comparison} the verdict, {@code ReportPage} the page.
 *
 * <p>Nothing is measured in this JVM: a case is a command line of {@code throughput} or {@code duel}, and its result is the line of JSON
 * that this command prints. A file to compare with is input of unknown origin and is read with checks.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.report;
