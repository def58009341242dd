package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.QuickStart;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in other processes, which are killed at any time and continue. */
@Tag("once")
class KilledRunTest {
  private static final String STEPS = "40";

  /** A checkpoint has some megabytes then, so that many kills come while one is written. */
  private static final String HIDDEN = "20000";

  private static byte[] expected = {};

  @TempDir private Path folder;

  private static Process start(Path path, String everySteps, String exit) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.addAll(QuickStart.FLAGS);
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), SmallRun.class.getName()));
    command.addAll(List.of(path.toString(), STEPS, HIDDEN, everySteps, exit));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** The number of the last line "step n" until a step, or until the process ends. */
  private static long readUntil(BufferedReader output, long step) throws IOException {
    long last = 0;
    while (last < step) {
      String line = output.readLine();
      if (line == null) {
        break;
      }
      last = line.startsWith("step ") ? Long.parseLong(line.substring(5)) : last;
    }
    return last;
  }

  @BeforeAll
  static void unbroken(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("unbroken");
    Process process = start(path, "100", "");
    assertThat(readUntil(process.inputReader(), 100)).isEqualTo(40);
    assertThat(process.waitFor()).isZero();
    expected = Files.readAllBytes(path);
  }

  @Test
  void aRunThatIsKilledAgainAndAgainEndsWithTheBitsOfAnUnbrokenRun() throws Exception {
    Path path = folder.resolve("killed");
    Random random = new Random(1);
    for (int kill = 1; kill <= 4; kill++) {
      Process process = start(path, "1", "");
      long reached = readUntil(process.inputReader(), 8L * kill);
      Thread.sleep(random.nextInt(40));
      process.destroyForcibly().waitFor();
      assertThat(Checkpoint.read(path).step()).isBetween(reached - 1, 40L);
    }
    Process process = start(path, "7", "");
    assertThat(readUntil(process.inputReader(), 100)).isEqualTo(40);
    assertThat(process.waitFor()).isZero();
    assertThat(Files.readAllBytes(path)).isEqualTo(expected);
    assertThat(folder.resolve("killed.aside")).doesNotExist();
  }

  /** SIGTERM, as Ctrl-C: the last complete step is saved. Where the signal comes late, the run waits for it before its last step. */
  @Test
  void aRunThatIsToldToEndWritesACheckpoint() throws Exception {
    Path path = folder.resolve("ended");
    Process process = start(path, "100", "wait39");
    long reached = readUntil(process.inputReader(), 9);
    process.destroy();
    assertThat(process.waitFor()).isNotZero();
    assertThat(Checkpoint.read(path).step()).isBetween(reached, 39L);
    Process other = start(path, "100", "");
    assertThat(readUntil(other.inputReader(), 100)).isEqualTo(40);
    assertThat(other.waitFor()).isZero();
    assertThat(Files.readAllBytes(path)).isEqualTo(expected);
  }

  /** A listener that measures takes longer than a step, so Ctrl-C often comes within one. */
  @Test
  void aRunThatIsToldToEndWithinItsListenerWritesACheckpoint() throws Exception {
    Path path = folder.resolve("measures");
    Process process = start(path, "100", "wait5");
    BufferedReader output = process.inputReader();
    assertThat(readUntil(output, 5)).isEqualTo(5);
    process.destroy();
    assertThat(process.waitFor()).isNotZero();
    assertThat(Checkpoint.read(path).step()).isEqualTo(5);
  }

  /** The interrupt of the exit hook may come after a step: the thread of the caller is free again all the same. */
  @Test
  void theInterruptOfTheExitEndsWithTheRun() throws Exception {
    Path path = folder.resolve("waits");
    Process process = start(path, "100", "park6");
    BufferedReader output = process.inputReader();
    List<String> lines = new ArrayList<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      lines.add(line);
      if (line.equals("waiting")) {
        process.toHandle().destroy(); // the output stays open
      }
    }
    assertThat(lines).endsWith("step 6", "waiting", "stopped");
    assertThat(process.waitFor()).isNotZero();
    assertThat(Checkpoint.read(path).step()).isEqualTo(6);
  }

  @Test
  void aListenerMayEndTheJvm() throws Exception {
    Path path = folder.resolve("exit");
    Process process = start(path, "100", "exit5");
    assertThat(readUntil(process.inputReader(), 100)).isEqualTo(5);
    assertThat(process.waitFor()).isEqualTo(3);
    assertThat(Checkpoint.read(path).step()).isEqualTo(5);
  }
}
