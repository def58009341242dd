package dev.lanewise.bench.verify.files;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code fuzz-files}: damaged files for every reader. */
@Command(
    name = "fuzz-files",
    sortOptions = false,
    description = "Damages the files of small models and reads them.",
    footer = {
      "",
      "A damaged file must be read, or refused with an IOException or an IllegalArgumentException that names it, within 2 seconds of CPU",
      "time and 256 MB. What was read is used once, which may end with an IllegalArgumentException or an ArithmeticException. The first"
          + " file that breaks this is kept, and ends its reader. Run it with -Xmx512m,",
      "so that no reader takes more. Exit code 1: a file broke the promise."
    })
public final class FuzzFilesCommand extends BenchCommand {
  private static final int STEP = 50;

  @Option(names = "--files", paramLabel = "N", defaultValue = "1000", description = "Files for each reader (default: ${DEFAULT-VALUE}).")
  private long files;

  @Option(names = "--seed", description = "The seed of all changes (default: a random one, which is printed).")
  private @Nullable Long seed;

  @Option(names = "--readers", split = ",", paramLabel = "NAME", description = "Only these readers (default: all).")
  private List<String> readers = List.of();

  @Option(
      names = "--keep",
      paramLabel = "FOLDER",
      defaultValue = "fuzz-files",
      description = "The folder for files that break the promise (default: ${DEFAULT-VALUE}).")
  private Path keep = Path.of("");

  /** For picocli, which sets the options. */
  public FuzzFilesCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireAtLeast("--files", files, 1);
    Path folder = Files.createTempDirectory("lanewise-fuzz-files");
    try {
      List<Subject> all = Subjects.all(folder.resolve("made"));
      List<String> names = all.stream().map(Subject::name).toList();
      for (String reader : readers) {
        if (!names.contains(reader)) {
          throw rejected("--readers has " + reader + ", which is none of " + names);
        }
      }
      List<Subject> chosen = readers.isEmpty() ? all : all.stream().filter(subject -> readers.contains(subject.name())).toList();
      long from = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000_000) : seed;
      out().println("seed " + from);
      boolean right = true;
      try (Progress progress = Progress.of("Reading", files * chosen.size())) {
        for (int i = 0; i < chosen.size(); i++) {
          right &= one(chosen.get(i), folder.resolve("read"), from, progress, files * i);
        }
      }
      return right ? 0 : 1;
    } finally {
      delete(folder);
    }
  }

  private boolean one(Subject subject, Path folder, long from, Progress progress, long before) throws IOException, InterruptedException {
    write(folder, subject.files());
    Attempt valid = Attempt.of(subject, folder);
    if (valid.refused() || !valid.fault().isEmpty()) {
      throw new IllegalStateException(subject.name() + " does not read its own files: " + valid.refusal() + valid.fault());
    }
    long refused = 0;
    for (long n = 0; n < files; n++) {
      FileMutations mutations = new FileMutations(from + n);
      String name = mutations.one(subject.changed());
      byte[] bytes = mutations.of(name, content(subject, name));
      replace(folder.resolve(name), bytes);
      Attempt attempt = Attempt.of(subject, folder);
      if (!attempt.fault().isEmpty()) {
        Path kept = keep.resolve(subject.name() + "-" + (from + n)).resolve(name);
        replace(kept, bytes);
        out().println(subject.name() + ", " + name + " of seed " + (from + n) + ", kept as " + kept + ": " + attempt.fault());
        out().flush();
        return false;
      }
      refused += attempt.refused() ? 1 : 0;
      replace(folder.resolve(name), content(subject, name));
      if (n % STEP == 0) {
        progress.to(before + n);
      }
    }
    out().println(subject.name() + ": " + files + " files, " + refused + " refused");
    out().flush();
    return true;
  }

  private static byte[] content(Subject subject, String name) {
    byte[] content = subject.files().get(name);
    if (content == null) {
      throw new IllegalStateException(subject.name() + " has no " + name);
    }
    return content;
  }

  private static void write(Path folder, Map<String, byte[]> files) throws IOException {
    delete(folder);
    Files.createDirectories(folder);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      replace(folder.resolve(file.getKey()), file.getValue());
    }
  }

  /** Writes a file anew: to cut off the one that is there and write again waits for the disk. */
  private static void replace(Path file, byte[] bytes) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.deleteIfExists(file);
    Files.write(file, bytes);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
