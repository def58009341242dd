package dev.lanewise.spark.job;

import dev.lanewise.spark.TextEmbedder;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Embeds a column of texts: reads text, JSON lines or Parquet, and writes Parquet with all columns of the input and a column of vectors.
 * The main class for {@code spark-submit}:
 *
 * <pre>
 * spark-submit --class dev.lanewise.spark.job.EmbedJob --jars JARS lanewise-spark.jar INPUT --output DIR --model MODEL
 * </pre>
 *
 * <p>The output folder must be new. If the job fails or is interrupted, no folder is left. The exit code is 0 for success, 1 for a failure,
 * and 2 for a wrong argument; the reason is one line on standard error.
 *
 * <pre>{@code
 * int code = EmbedJob.run(System.out, System.err, "texts.jsonl", "--output", "vectors", "--model", "classpath:all-minilm-l6-v2");
 * }</pre>
 */
public final class EmbedJob {
  /** The exit code for a wrong argument. */
  private static final int WRONG = 2;

  /** How long an interrupt waits for the driver to delete what it has written. */
  private static final int SECONDS_TO_END = 10;

  private final PrintStream out;
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  private EmbedJob(PrintStream out) {
    this.out = out;
  }

  /** Runs the job and ends the JVM with its exit code. */
  public static void main(String[] args) {
    int code = run(System.out, System.err, args);
    System.out.flush();
    if (code != 0) {
      System.exit(code);
    }
  }

  /**
   * Runs the job in the session of this thread, or in a new one with {@code spark.master} from the system properties, {@code local[*]}
   * without it. A new session is stopped at the end.
   *
   * @param args as for {@link #main}
   * @return the exit code
   */
  public static int run(PrintStream out, PrintStream err, String... args) {
    try {
      EmbedArguments arguments = EmbedArguments.parse(args);
      if (arguments.help()) {
        out.print(EmbedArguments.USAGE);
        return 0;
      }
      new EmbedJob(out).run(arguments);
      return 0;
    } catch (IllegalArgumentException e) {
      err.println("embed: " + Failures.line(e));
      return WRONG;
    } catch (Exception e) {
      err.println("embed: " + Failures.line(e));
      return 1;
    }
  }

  private void run(EmbedArguments arguments) throws Exception {
    boolean own = SparkSession.getActiveSession().isEmpty() && SparkSession.getDefaultSession().isEmpty();
    SparkSession session = session();
    try {
      Configuration hadoop = session.sparkContext().hadoopConfiguration();
      TextInput input = TextInput.of(arguments, hadoop);
      Path output = new Path(arguments.output());
      if (output.getFileSystem(hadoop).exists(output)) {
        throw new IllegalArgumentException("--output " + arguments.output() + " is there already, must be a new folder");
      }
      Dataset<Row> vectors = arguments.embedder().transform(input.read(session));
      write(session, vectors, arguments.output(), hadoop);
    } finally {
      ended.countDown();
      if (own && !interrupted.get()) {
        session.stop();
      }
    }
  }

  private static SparkSession session() {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.master", "local[*]");
    conf.setIfMissing("spark.app.name", "lanewise embed");
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /** Writes all or nothing: the folder is deleted if the job does not end well. */
  private void write(SparkSession session, Dataset<Row> vectors, String output, Configuration hadoop) throws IOException {
    Thread interrupt = new Thread(() -> interrupt(session));
    Runtime.getRuntime().addShutdownHook(interrupt);
    long failedBefore = TextEmbedder.failedTexts(session); // of earlier jobs in the same application
    boolean complete = false;
    try {
      vectors.write().parquet(output);
      complete = true;
    } finally {
      if (!complete) {
        Path folder = new Path(output);
        folder.getFileSystem(hadoop).delete(folder, true);
      }
      if (!interrupted.get()) {
        Runtime.getRuntime().removeShutdownHook(interrupt);
      }
    }
    long rows = session.read().parquet(output).count();
    long failed = TextEmbedder.failedTexts(session) - failedBefore;
    out.println(output + ": " + rows + (rows == 1 ? " row" : " rows") + (failed > 0 ? "; " + failed + " without a vector" : ""));
  }

  /** Ends the job when the JVM is asked to end, and waits until nothing of its output is left. */
  private void interrupt(SparkSession session) {
    interrupted.set(true);
    try {
      session.sparkContext().cancelAllJobs();
      if (!ended.await(SECONDS_TO_END, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the job does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
