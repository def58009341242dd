/**
 * Embedding of texts by Spark SQL. {@code TextEmbedder} and {@code LanewiseExtensions} of the package above are the doors.
 *
 * <p>{@link dev.lanewise.spark.embed.Embed} is an expression that Spark carries through analysis and optimisation, but cannot evaluate. The
 * rule {@link dev.lanewise.spark.embed.ExtractEmbeds} takes it out of each operator and puts a node of its own below, {@link
 * dev.lanewise.spark.embed.EmbedTexts}. Its physical operator reads windows of rows and embeds the texts of a window in one call.
 *
 * <p>{@link dev.lanewise.spark.embed.Models} keeps one model for each JVM. The driver checks model and settings before a job starts.
 *
 * <p>The types are public because Spark constructs them by reflection. Users do not call them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark.embed;
