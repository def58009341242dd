package dev.lanewise.spark.job.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.SparkSession;

/**
 * A standalone master of Spark and workers on the loopback interface, each in its own JVM. The workers know the jars of Spark only;
 * executors get those of Lanewise from the driver, as on a cluster that already exists. The processes end when this is closed, and when
 * this JVM ends.
 */
final class LocalCluster implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration END = Duration.ofSeconds(10);
  private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final String REGISTERED = "Successfully registered with master";
  private static final String HOST = "127.0.0.1";

  private final Path folder;
  private final Jars jars;
  private final List<Process> processes = new ArrayList<>();
  private final Thread end = new Thread(this::kill);
  private String master = "";

  private LocalCluster(Path folder, Jars jars) {
    this.folder = folder;
    this.jars = jars;
    Runtime.getRuntime().addShutdownHook(end);
  }

  /**
   * Starts a master and workers with one core each.
   *
   * @param folder where they write; new
   * @param workers number of workers
   * @param megabytes memory of a worker's executors
   */
  static LocalCluster start(Path folder, int workers, long megabytes) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    LocalCluster cluster = new LocalCluster(folder, Jars.ofClassPath(folder));
    try {
      cluster.launch("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", "0", "--webui-port", "0");
      cluster.master = cluster.await("master", MASTER);
      for (int i = 0; i < workers; i++) {
        String name = "worker-" + i;
        cluster.launch(
            name,
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            HOST,
            "--webui-port",
            "0",
            "--cores",
            "1",
            "--memory",
            megabytes + "m",
            "--work-dir",
            folder.resolve(name).toString(),
            cluster.master);
      }
      for (int i = 0; i < workers; i++) {
        cluster.await("worker-" + i, Pattern.compile("(" + REGISTERED + ")"));
      }
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void launch(String name, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m"));
    all.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    all.addAll(List.of("-cp", jars.home().resolve("jars") + "/*"));
    all.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(log(name).toFile());
    builder.directory(folder.toFile());
    builder.environment().put("SPARK_HOME", jars.home().toString());
    builder.environment().put("SPARK_LOCAL_IP", HOST);
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    processes.add(builder.start());
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  /** Waits for a line in a log; returns the first group. */
  private String await(String name, Pattern pattern) throws IOException, InterruptedException {
    Process process = processes.getLast();
    for (long until = System.nanoTime() + START.toNanos(); System.nanoTime() < until; ) {
      String text = Files.readString(log(name));
      Matcher found = pattern.matcher(text);
      if (found.find()) {
        return found.group(1);
      }
      if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
        throw new IOException(name + " of Spark ended at once: " + text.strip().lines().reduce("", (before, line) -> line));
      }
    }
    throw new IOException(name + " of Spark is not ready after " + START.toSeconds() + " s, see " + log(name));
  }

  /**
   * Starts a driver in this JVM, with all its executors.
   *
   * @param executors how many executors it takes, each with one core
   * @param megabytes memory of an executor
   */
  SparkSession session(int executors, long megabytes) {
    return SparkSession.builder()
        .appName("cluster")
        .master(master)
        .config("spark.driver.host", HOST)
        .config("spark.driver.bindAddress", HOST)
        .config("spark.ui.enabled", "false")
        .config("spark.jars", jars.application())
        .config("spark.executor.cores", "1")
        .config("spark.executor.memory", megabytes + "m")
        .config("spark.memory.fraction", "0.8")
        .config("spark.cores.max", executors)
        .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
        .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s")
        .getOrCreate();
  }

  /** Kills a worker with its executors, as a machine that fails. */
  void kill(int worker) {
    kill(processes.get(worker + 1));
  }

  /** Number of JVMs that run now: master, workers and executors. */
  long running() {
    return processes.stream().filter(Process::isAlive).mapToLong(process -> 1 + process.descendants().count()).sum();
  }

  private static void kill(Process process) {
    List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(
        handle -> {
          try {
            handle.onExit().get(END.toSeconds(), TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("process " + handle.pid() + " does not end", e);
          }
        });
  }

  private void kill() {
    processes.reversed().forEach(LocalCluster::kill);
  }

  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(end);
    } catch (IllegalStateException e) {
      // this JVM is ending, and the hook has run or is running
      Objects.requireNonNull(e);
    }
  }
}
