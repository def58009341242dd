package dev.lanewise.bench.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

  @Test
  void obstaclesAreSeenBefore() {
    assertThat(OutputFile.obstacle(folder.resolve("page.html"))).isEmpty();
    assertThat(OutputFile.obstacle(Path.of("page.html"))).isEmpty();
    assertThat(OutputFile.obstacle(folder)).hasValue(" is a folder, must be a file");
    assertThat(OutputFile.obstacle(folder.resolve("no").resolve("page.html")).orElseThrow())
        .contains("there is no folder " + folder.resolve("no"));
  }
}
