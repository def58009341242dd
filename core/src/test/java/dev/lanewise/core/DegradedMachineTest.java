package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.Gson;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.probe.ChildJvm;
import dev.lanewise.probe.DegradedProbe;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * With any part of the JVM disabled, and any way to load the classes, results are right. The log has one line; if the JVM runs slowly, this
 * line is a warning with its remedy. Each case starts a JVM that runs {@link DegradedProbe}; two run at a time.
 */
@Tag("once")
class DegradedMachineTest {
  private static final String MODULE = "--add-modules=jdk.incubator.vector";

  /** Tolerance for the float sums of the layer's projections, whose error is 3e-6. */
  private static final double LIMIT = 1e-5;

  private static final ExecutorService TWO = Executors.newFixedThreadPool(2);
  private static final Map<String, Future<ChildJvm.Output>> RUNNING = new HashMap<>();

  @TempDir private static @Nullable Path images;

  /**
   * A case with its JVM options.
   *
   * @param slow text that the warning must contain, or null if SIMD kernels run
   */
  private record Case(String name, @Nullable String slow, boolean modules, String... options) {
    static Case fast(String... options) {
      return new Case(String.join(" ", options), null, false, withModule(options));
    }

    static Case slow(String warning, String... options) {
      return new Case(String.join(" ", options), warning, false, withModule(options));
    }

    private static String[] withModule(String... options) {
      return Stream.concat(Stream.of(MODULE), Stream.of(options)).toArray(String[]::new);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Stream<Case> cases() {
    boolean intel = System.getProperty("os.arch").matches("amd64|x86_64");
    return Stream.of(
        Case.fast(),
        intel ? Case.slow("-XX:UseAVX=0", "-XX:UseAVX=0") : Case.fast("-XX:UseAVX=0"),
        Case.fast("-XX:UseAVX=1", "-XX:+UseZGC"),
        Case.fast("-XX:UseAVX=2", "-XX:+UseParallelGC"),
        Case.fast("-XX:UseAVX=3", "-XX:+UseCompactObjectHeaders"),
        Case.slow("-XX:-UseFMA", "-XX:-UseFMA"),
        Case.slow("-Xint", "-Xint"),
        Case.slow("-XX:TieredStopAtLevel", "-XX:TieredStopAtLevel=1"),
        Case.fast("-XX:ReservedCodeCacheSize=4m", "-XX:+UseSerialGC"),
        new Case("class path, no module", MODULE.replace('=', ' '), false),
        new Case("module path", null, true, MODULE),
        new Case("module path, no module", MODULE.replace('=', ' '), true));
  }

  @BeforeAll
  static void start() {
    if ("preferred".equals(System.getProperty("lanewise.expectedPath"))) {
      cases().forEach(testCase -> RUNNING.put(testCase.name, TWO.submit(() -> run(testCase))));
    }
  }

  @AfterAll
  static void end() {
    TWO.shutdownNow();
  }

  private static ChildJvm.Output run(Case testCase) throws Exception {
    List<String> options = new ArrayList<>(List.of(testCase.options));
    options.add("-XX:+IgnoreUnrecognizedVMOptions");
    String probe = place(DegradedProbe.class).toString();
    if (testCase.modules) {
      options.addAll(List.of("--module-path", path(modules()), "--add-modules=dev.lanewise.core", "-cp", probe));
    } else {
      options.addAll(List.of("-cp", path(modules()) + File.pathSeparator + probe));
    }
    return ChildJvm.run(Path.of(System.getProperty("java.home")), DegradedProbe.class, options);
  }

  /** Directories or jars with the classes of kernels, core, and core's JSON library. */
  private static List<Path> modules() throws URISyntaxException {
    return List.of(place(Kernels.class), place(Attention.class), place(Gson.class));
  }

  private static Path place(Class<?> testCase) throws URISyntaxException {
    return Path.of(testCase.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String path(List<Path> entries) {
    return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesRightNumbersAndWarnsOnceIfSlow(Case testCase) throws Exception {
    // the child JVMs choose their own vector width
    assumeThat(System.getProperty("lanewise.expectedPath")).isEqualTo("preferred");
    check(testCase, RUNNING.get(testCase.name).get());
  }

  private static void check(Case testCase, ChildJvm.Output output) {
    assertThat(output.exit()).as(output.toString()).isZero();
    assertThat(output.out().get(0)).as(output.toString()).startsWith(testCase.slow == null ? "path vector-" : "path scalar");
    assertThat(output.out().get(1)).isEqualTo("module " + testCase.modules);
    assertThat(output.out()).hasSize(24);
    assertThat(output.out().stream().skip(2))
        .allSatisfy(line -> assertThat(Double.parseDouble(line.substring(0, line.indexOf(' ')))).as(line).isLessThan(LIMIT));
    List<String> said = output.log().stream().filter(line -> line.contains("Lanewise")).toList();
    assertThat(said).as(output.toString()).hasSize(1);
    if (testCase.slow == null) {
      assertThat(said.get(0)).startsWith("INFO ").doesNotContain("slow");
    } else {
      assertThat(said.get(0)).startsWith("WARNING ").contains(testCase.slow, "slower");
    }
  }

  /** An image of this JDK that contains core and kernels, with and without the flag in the image. */
  @Test
  void runsFromAnImage() throws Exception {
    assumeThat(System.getProperty("lanewise.expectedPath")).isEqualTo("preferred");
    ToolProvider jlink = ToolProvider.findFirst("jlink").orElse(null);
    assumeThat(jlink).as("jlink").isNotNull();
    Path without = link(jlink, "without", "dev.lanewise.core");
    Future<ChildJvm.Output> slow = TWO.submit(() -> run(without));
    Path with = link(jlink, "with", "dev.lanewise.core,jdk.incubator.vector", "--add-options=" + MODULE);
    check(new Case("image with the module", null, true), run(with));
    check(new Case("image without the module", "jlink --add-modules jdk.incubator.vector", true), slow.get());
  }

  private static Path link(ToolProvider jlink, String name, String modules, String... options) throws URISyntaxException {
    Path image = Objects.requireNonNull(images).resolve(name);
    List<String> arguments = new ArrayList<>(List.of("--module-path", path(modules()), "--add-modules", modules));
    arguments.addAll(List.of("--output", image.toString()));
    arguments.addAll(List.of(options));
    assertThat(jlink.run(System.out, System.err, arguments.toArray(String[]::new))).isZero();
    return image;
  }

  private static ChildJvm.Output run(Path image) throws Exception {
    return ChildJvm.run(image, DegradedProbe.class, List.of("-cp", place(DegradedProbe.class).toString()));
  }
}
