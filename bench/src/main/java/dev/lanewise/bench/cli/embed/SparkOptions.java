package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.model.EmbeddingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code embed} for Apache Spark, whose driver runs in a JVM of its own. */
final class SparkOptions {
  private static final String JOB = "dev.lanewise.spark.job.EmbedJob";
  private static final Pattern MASTER = Pattern.compile("local(\\[[^]]+])?|yarn|(spark|k8s)://.+");

  /** A place such as {@code hdfs://host/file}, whose slashes a path has merged. */
  private static final Pattern ELSEWHERE = Pattern.compile("([a-z][a-z0-9+.-]+):/+(.*)");

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec command;

  @Option(
      names = "--spark",
      arity = "0..1",
      fallbackValue = "local[*]",
      paramLabel = "MASTER",
      description =
          "Run on Apache Spark: local[*] (if no MASTER follows: all cores of this machine), local[N], spark://HOST:PORT, yarn or k8s://…;"
              + " only if built with mvn -Pspark.")
  private @Nullable String master;

  @Option(names = "--text-column", paramLabel = "NAME", description = "With --spark: the column of texts (default: text).")
  private @Nullable String textColumn;

  @Option(
      names = "--conf",
      paramLabel = "KEY=VALUE",
      description = "With --spark: a setting of Spark, such as spark.executor.memory=4g. May be repeated.")
  private List<String> settings = new ArrayList<>();

  /** Creates the options; picocli sets them. */
  SparkOptions() {}

  boolean isAsked() {
    return master != null;
  }

  /** Refuses the other options without {@code --spark}. */
  void check() {
    if (textColumn != null || !settings.isEmpty()) {
      throw rejected((textColumn != null ? "--text-column" : "--conf") + " needs --spark");
    }
  }

  private ParameterException rejected(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** Runs the job in another JVM, on the same streams, and returns its exit code. */
  int run(Path input, Path output, EmbeddingOptions embeddings) throws IOException, InterruptedException {
    String where = String.valueOf(master);
    if (!MASTER.matcher(where).matches()) {
      throw rejected("--spark is " + where + ", must be local[N], spark://HOST:PORT, yarn or k8s://…; FILE stands before --spark");
    }
    SparkLibraries libraries =
        SparkLibraries.find().orElseThrow(() -> rejected("this build has no Spark; build with mvn -Pspark -DskipTests package"));
    if (input.equals(Input.STANDARD) || output.equals(OutputFile.STANDARD)) {
      throw rejected("--spark needs FILE and --output: parts of a stream cannot be read or written at the same time");
    }
    List<String> arguments = new ArrayList<>(List.of(inputName(input), "--output", outputName(output)));
    arguments.addAll(embeddings.sparkArguments());
    if (textColumn != null) {
      arguments.addAll(List.of("--text-column", textColumn));
    }
    ProcessBuilder builder = ChildJvm.builder(flags(libraries, where), libraries.classPath(), JOB, arguments).inheritIO();
    if (where.startsWith("local")) {
      builder.environment().putIfAbsent("SPARK_LOCAL_IP", "127.0.0.1");
    }
    return ChildJvm.waitFor(builder.start());
  }

  private List<String> flags(SparkLibraries libraries, String where) throws IOException {
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.addAll(libraries.flags());
    // Others on the class path would log to java.util.logging, which Spark redirects to them again.
    flags.add("-Dslf4j.provider=org.apache.logging.slf4j.SLF4JServiceProvider");
    flags.add("-Dslf4j.internal.verbosity=WARN");
    flags.add("-Dlog4j2.configurationFile=dev-lanewise-spark-log4j2.properties");
    flags.add("-Dspark.master=" + where);
    flags.add("-Dspark.ui.enabled=false");
    flags.add("-Dspark.ui.showConsoleProgress=" + Progress.isShown());
    if (!where.startsWith("local")) {
      flags.add("-Dspark.jars=" + libraries.sent());
    }
    for (String setting : settings) {
      if (!setting.matches("spark\\.[^=]+=.*")) {
        throw rejected("--conf is " + setting + ", must be KEY=VALUE with a KEY that begins with spark.");
      }
      flags.add("-D" + setting);
    }
    return flags;
  }

  private String inputName(Path input) {
    if (ELSEWHERE.matcher(input.toString()).matches()) {
      return elsewhere(input);
    }
    if (!Files.exists(input)) {
      throw rejected(input + " is not there");
    }
    return "file:" + input.toAbsolutePath().toString().replaceAll("[{}\\[\\]*?\\\\]", "\\\\$0");
  }

  private String outputName(Path output) {
    if (ELSEWHERE.matcher(output.toString()).matches()) {
      return elsewhere(output);
    }
    if (Files.exists(output, LinkOption.NOFOLLOW_LINKS)) {
      throw rejected("--output " + output + " is there already, must be a new folder with --spark");
    }
    return "file:" + output.toAbsolutePath();
  }

  private static String elsewhere(Path place) {
    String name = place.toString();
    return name.startsWith("file:") ? name : ELSEWHERE.matcher(name).replaceFirst("$1://$2");
  }
}
