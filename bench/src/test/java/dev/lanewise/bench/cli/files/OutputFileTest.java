package dev.lanewise.bench.cli.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir private Path folder;

  @Test
  void replacesWhatWasThereAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("page.html");
    OutputFile.write(file, "first");
    OutputFile.write(file, "second – ü");
    assertThat(file).hasContent("second – ü");
    assertThat(folder).isDirectoryContaining(file::equals).isDirectoryNotContaining(other -> !other.equals(file));
  }

  @Test
  void failedWriteLeavesNothing() throws IOException {
    Path folderInTheWay = Files.createDirectories(folder.resolve("page.html").resolve("inside")).getParent();
    assertThatThrownBy(() -> OutputFile.write(folderInTheWay, "text")).isInstanceOf(IOException.class);
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(folderInTheWay));
  }

  /** A link leads nowhere: it is replaced by the file, and what it named stays. */
  @Test
  void aLinkIsReplacedAndNotFollowed() throws IOException {
    Path elsewhere = Files.writeString(Files.createDirectory(folder.resolve("elsewhere")).resolve("kept"), "kept");
    Path file = Files.createSymbolicLink(folder.resolve("page.html"), elsewhere);
    OutputFile.write(file, "text");
    assertThat(elsewhere).hasContent("kept");
    assertThat(file).hasContent("text").isRegularFile();
    assertThat(Files.isSymbolicLink(file)).isFalse();
  }

  @Test
  void devicesAreNoOutput() {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device));
    assertThat(OutputFile.obstacle(device, false)).isEmpty();
  }

  @Test
  void obstaclesAreSeenBefore() {
    assertThat(OutputFile.obstacle(folder.resolve("page.html"), false)).isEmpty();
    assertThat(OutputFile.obstacle(Path.of("page.html"), false)).isEmpty();
    assertThat(OutputFile.obstacle(folder, true)).hasValue(" is a folder, must be a file");
    assertThat(OutputFile.obstacle(folder.resolve("no").resolve("page.html"), true).orElseThrow())
        .contains("there is no folder " + folder.resolve("no"));
  }
}
