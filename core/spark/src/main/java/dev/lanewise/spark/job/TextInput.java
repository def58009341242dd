package dev.lanewise.spark.job;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Files of texts, which are read as a column.
 *
 * @param path a file, a folder or a pattern
 * @param format of the files
 * @param bytes size of all files
 * @param textColumn the name of the column if the files are text
 */
record TextInput(String path, Format format, long bytes, String textColumn) {
  /** The smallest part of a file that is a task of its own: about 10 000 short texts, half a minute of one core. */
  private static final long LEAST_BYTES = 1 << 20;

  /** About the most tasks of an input whose files can be divided. */
  private static final long MOST_TASKS = 4096;

  /** What a file costs beside its bytes when files are put together to a task. */
  private static final long FILE_BYTES = 1 << 16;

  /** Tasks for each core if files cannot be divided, such as those of gzip. */
  private static final int TASKS_PER_CORE = 4;

  /** The formats that can be read. */
  enum Format {
    /** A text a line. */
    TEXT("txt"),
    /** An object a line. */
    JSON("json|jsonl|ndjson"),
    /** Apache Parquet. */
    PARQUET("parquet");

    /** How the names of its files end: a regular expression. */
    private final String endings;

    Format(String endings) {
      this.endings = endings;
    }

    private String option() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The format with this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Format named(String name) {
      String all = Arrays.stream(values()).map(Format::option).collect(Collectors.joining(", "));
      return Arrays.stream(values())
          .filter(format -> format.option().equals(name))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("--format is " + name + ", must be one of " + all));
    }

    /** The format that a file's name tells, also if it is compressed; empty if it tells none. */
    static Optional<Format> ofName(String name) {
      String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst|lz4|snappy|deflate)$", "");
      return Arrays.stream(values()).filter(format -> plain.matches(".*\\.(" + format.endings + ")")).findFirst();
    }
  }

  /**
   * Finds the files.
   *
   * @throws IllegalArgumentException if there are none
   */
  static TextInput of(EmbedArguments arguments, Configuration hadoop) throws IOException {
    Path path = new Path(arguments.input());
    FileSystem system = path.getFileSystem(hadoop);
    FileStatus[] found = system.globStatus(path);
    if (found == null || found.length == 0) {
      throw new IllegalArgumentException("INPUT " + arguments.input() + " is not there");
    }
    long bytes = 0;
    for (FileStatus status : found) {
      bytes += system.getContentSummary(status.getPath()).getLength();
    }
    Optional<Format> asked = arguments.format();
    Format format = asked.isPresent() ? asked.get() : ofNames(system, found);
    return new TextInput(arguments.input(), format, bytes, arguments.textColumn());
  }

  /** The format of the first file whose name tells one, also in folders inside, such as those of partitions. */
  private static Format ofNames(FileSystem system, FileStatus... found) throws IOException {
    for (FileStatus status : found) {
      RemoteIterator<LocatedFileStatus> files = system.listFiles(status.getPath(), true);
      while (files.hasNext()) {
        Path file = files.next().getPath();
        Optional<Format> format =
            isHidden(status.getPath().toUri().relativize(file.toUri())) ? Optional.empty() : Format.ofName(file.getName());
        if (format.isPresent()) {
          return format.get();
        }
      }
    }
    return Format.TEXT;
  }

  /** Whether Spark leaves a file of a folder out, such as those of a log of transactions. */
  private static boolean isHidden(URI inside) {
    return Arrays.stream(inside.getPath().split("/", -1)).anyMatch(name -> name.startsWith("_") || name.startsWith("."));
  }

  /** Reads the files, in enough parts for all cores. */
  Dataset<Row> read(SparkSession session) {
    // An embedding takes a thousand times as long as reading its text: tasks need fewer bytes than those of other jobs.
    setIfMissing(session, "spark.sql.files.maxPartitionBytes", Math.max(LEAST_BYTES, bytes / MOST_TASKS));
    setIfMissing(session, "spark.sql.files.openCostInBytes", FILE_BYTES);
    Dataset<Row> rows =
        switch (format) {
          case TEXT -> session.read().text(path).toDF(textColumn);
          case JSON -> session.read().option("mode", "FAILFAST").json(path);
          case PARQUET -> session.read().parquet(path);
        };
    int cores = session.sparkContext().defaultParallelism();
    boolean few = bytes > FILE_BYTES && rows.javaRDD().getNumPartitions() < cores;
    return few ? rows.repartition(cores * TASKS_PER_CORE) : rows;
  }

  private static void setIfMissing(SparkSession session, String name, long value) {
    if (!session.sparkContext().getConf().contains(name)) {
      session.conf().set(name, value);
    }
  }
}
