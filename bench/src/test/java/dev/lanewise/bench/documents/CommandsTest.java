package dev.lanewise.bench.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.testing.ShownOutput;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The shell commands of the documents are commands of this build: their options, profiles and modules exist. */
@Tag("once")
class CommandsTest {
  /** Commands that only the profile {@code peers} compiles. */
  private static final Set<String> PEERS = Set.of("duel", "peers");

  private static final Pattern JAR = Pattern.compile("^java .*lanewise-bench\\.jar +(?!org\\.openjdk)(\\S.*)$");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*[a-z]");
  private static final Pattern PROFILE = Pattern.compile("<id>([\\w.-]+)</id>");

  @Test
  void commandsAreUnderstood() throws IOException {
    Set<String> names = Main.commandLine().getSubcommands().keySet();
    List<String> faults = new ArrayList<>();
    int commands = 0;
    for (Path file : Markdown.all()) {
      for (String line : Markdown.codeLines(Files.readString(file)).toList()) {
        Matcher jar = JAR.matcher(line);
        String command = jar.matches() ? jar.group(1) : line;
        String name = command.split(" ", 2)[0];
        if (!jar.matches() && !(names.contains(name) && command.contains(" --"))) {
          continue;
        }
        commands++;
        if (!PEERS.contains(name)) {
          fault(command).forEach(fault -> faults.add(Markdown.ROOT.relativize(file) + ": " + command + ": " + fault));
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(commands).isGreaterThan(40);
  }

  /** What picocli says about a command; it is parsed, not run. */
  private static Stream<String> fault(String command) {
    String[] given = words(command);
    try {
      Main.commandLine(given).parseArgs(given);
      return Stream.empty();
    } catch (ParameterException e) {
      return Stream.of(String.valueOf(e.getMessage()));
    }
  }

  private static String[] words(String command) {
    String plain = command.replaceFirst(" +[#|<>] .*$", "");
    return WORD.matcher(plain).results().map(word -> word.group().replace("\"", "")).toArray(String[]::new);
  }

  /** The Chinese page shows what {@code explain} prints; only the line with the place of the page is left out there. */
  @Test
  void explainPrintsWhatIsShown(@TempDir Path folder) throws IOException {
    String shown = "```sh\n(java .*lanewise-bench.jar explain \"The law [^\n]*)\n```\n+```text\n([^`]*)```";
    Matcher found = Pattern.compile(shown).matcher(Files.readString(Path.of("..", "core", "README.zh.md")));
    assertThat(found.find()).isTrue();
    Matcher jar = JAR.matcher(found.group(1));
    assertThat(jar.matches()).isTrue();
    String[] words = words(jar.group(1) + " --output " + folder.resolve("page.html"));
    StringWriter printed = new StringWriter();
    assertThat(Main.commandLine(words).setOut(new PrintWriter(printed, true)).execute(words)).isZero();
    ShownOutput.assertSame(printed.toString().replaceFirst("(?m)^Page .*\\R", ""), found.group(2));
  }

  @Test
  void wrongCommandsAreFound() {
    assertThat(fault("throughput --op gemm --threads 2   # a remark")).isEmpty();
    assertThat(fault("explain \"two words\" --output a.html")).isEmpty();
    assertThat(fault("explain two words")).isNotEmpty();
    assertThat(fault("throughput --operation gemm")).isNotEmpty();
    assertThat(fault("thruput --op gemm")).isNotEmpty();
  }

  /** Every option that the README of this module names belongs to a command, to java or to a program beside it. */
  @Test
  void optionsExist() throws IOException {
    Set<String> known = new HashSet<>(Set.of("--add-modules", "--peer"));
    for (CommandLine command : Main.commandLine().getSubcommands().values()) {
      command.getCommandSpec().options().forEach(option -> known.addAll(Arrays.asList(option.names())));
    }
    Set<String> unknown = new TreeSet<>();
    String readme = Files.readString(Path.of("README.md"));
    OPTION.matcher(readme).results().map(option -> option.group()).filter(option -> !known.contains(option)).forEach(unknown::add);
    unknown.remove("--accuracy"); // of the command peers
    unknown.remove("--quantised");
    assertThat(unknown).isEmpty();
  }

  @Test
  void profilesAndModulesExist() throws IOException {
    Set<String> profiles = new HashSet<>();
    Set<String> modules = new HashSet<>();
    for (Path pom : Markdown.files("pom.xml")) {
      modules.add(Markdown.ROOT.relativize(pom.getParent()).toString().replace('\\', '/'));
      String text = Files.readString(pom);
      if (text.contains("<profiles>")) {
        PROFILE.matcher(text.substring(text.indexOf("<profiles>"))).results().forEach(id -> profiles.add(id.group(1)));
      }
    }
    List<String> faults = new ArrayList<>();
    for (Path file : Markdown.all()) {
      for (String line : Markdown.codeLines(Files.readString(file)).filter(line -> line.startsWith("mvn ")).toList()) {
        List<String> words = WORD.matcher(line.replaceFirst(" +#.*$", "")).results().map(word -> word.group()).toList();
        Set<String> named = words.stream().filter(word -> word.startsWith("-P")).collect(Collectors.toSet());
        named.stream()
            .flatMap(word -> Stream.of(word.substring(2).split(",", -1)))
            .filter(profile -> !profiles.contains(profile))
            .forEach(profile -> faults.add(file + ": no profile " + profile));
        for (int i = 0; i + 1 < words.size(); i++) {
          if (words.get(i).equals("-pl")) {
            Stream.of(words.get(i + 1).split(",", -1))
                .filter(module -> !modules.contains(module.replaceFirst("^!", "")))
                .forEach(module -> faults.add(file + ": no module " + module));
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }
}
