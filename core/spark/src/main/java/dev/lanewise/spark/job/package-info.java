/**
 * Programs that are started on a cluster: {@link dev.lanewise.spark.job.EmbedJob} turns files of texts into files of vectors, from {@code
 * spark-submit} or from the command line of {@code bench}.
 *
 * <p>A program reads its arguments, checks all of them before a job starts, and calls the classes of {@code dev.lanewise.spark} as a user
 * would. It prints one line for what is wrong and ends with exit code 2 for a wrong argument, 1 for a failure. No arithmetic is here.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark.job;
