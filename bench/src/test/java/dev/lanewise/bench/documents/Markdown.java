package dev.lanewise.bench.documents;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A document of this repository in Markdown, as GitHub shows it.
 *
 * @param prose the lines outside of blocks of code, without the code inside of them
 * @param blocks the blocks between fences
 * @param indented the lines of blocks that are indented, without the indentation
 */
record Markdown(String prose, List<Block> blocks, List<String> indented, Set<String> anchors) {
  /** The folder that holds all modules. */
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Folders that hold no documents of ours: what is built, and the folders of tools. */
  private static final Pattern FOREIGN = Pattern.compile("target|node_modules|\\.(?!github$).*");

  private static final Pattern FENCE = Pattern.compile(" {0,3}(```+|~~~+)(.*)");
  private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*?)(?: +#+)? *");
  private static final Pattern NAMED = Pattern.compile("<[a-z0-9]+ [^>]*\\b(?:id|name)=\"([^\"]+)\"");
  private static final Pattern CODE = Pattern.compile("(`+).+?(?<!`)\\1(?!`)");
  private static final Pattern LINK = Pattern.compile("!?\\[([^\\]]*)]\\([^)]*\\)");

  /** What GitHub leaves out of the name of a heading; the letters of all scripts stay. */
  private static final Pattern NOT_IN_ANCHOR = Pattern.compile("[^\\p{L}\\p{M}\\p{Nd}\\p{Pc}\\- ]");

  /** A block between fences, with the word behind the first fence. */
  record Block(String language, String text) {}

  /** Every document of the repository, those of tools and builds excepted. */
  static List<Path> all() throws IOException {
    return files(".md");
  }

  /** Every file of the repository with this ending, those of tools and builds excepted. */
  static List<Path> files(String ending) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean foreign = !folder.equals(ROOT) && FOREIGN.matcher(folder.getFileName().toString()).matches();
            return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(ending)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found.stream().sorted().toList();
  }

  static Markdown read(Path file) throws IOException {
    return of(Files.readString(file));
  }

  static Markdown of(String text) {
    List<String> prose = new ArrayList<>();
    List<Block> blocks = new ArrayList<>();
    List<String> indented = new ArrayList<>();
    List<String> headings = new ArrayList<>();
    List<String> lines = text.lines().toList();
    boolean afterBlank = true;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      Matcher fence = FENCE.matcher(line);
      if (fence.matches()) {
        int begin = i + 1;
        do {
          i++;
        } while (i < lines.size() && !lines.get(i).strip().equals(fence.group(1)));
        if (i == lines.size()) {
          throw new IllegalArgumentException("the block of line " + begin + " has no end");
        }
        blocks.add(new Block(fence.group(2).strip(), String.join("\n", lines.subList(begin, i))));
        afterBlank = true;
      } else if (afterBlank && line.startsWith("    ")) {
        indented.add(line.substring(4));
      } else {
        prose.add(CODE.matcher(line).replaceAll("`code`"));
        if (HEADING.matcher(line).matches()) {
          headings.add(line);
        }
        afterBlank = line.isBlank();
      }
    }
    return new Markdown(String.join("\n", prose), List.copyOf(blocks), List.copyOf(indented), anchors(headings, text));
  }

  private static Set<String> anchors(List<String> headings, String text) {
    Set<String> anchors = new HashSet<>();
    Map<String, Integer> times = new HashMap<>();
    for (String line : headings) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        String anchor = anchor(heading.group(1));
        int before = times.merge(anchor, 1, Integer::sum) - 1;
        anchors.add(before == 0 ? anchor : anchor + "-" + before);
      }
    }
    NAMED.matcher(text).results().forEach(found -> anchors.add(found.group(1)));
    return anchors;
  }

  /** The name by which links reach a heading. */
  static String anchor(String heading) {
    String plain = LINK.matcher(heading).replaceAll("$1");
    return NOT_IN_ANCHOR.matcher(plain.strip().toLowerCase(Locale.ROOT)).replaceAll("").replace(' ', '-');
  }

  /** The blocks of Java code. */
  Stream<String> java() {
    return blocks.stream().filter(block -> block.language().equals("java")).map(Block::text);
  }

  /** The lines of all code, also inside of sentences of which {@code text} is the source. */
  static Stream<String> codeLines(String text) {
    Markdown document = of(text);
    Stream<String> fenced =
        document.blocks().stream().filter(block -> block.language().equals("sh")).flatMap(block -> block.text().lines());
    Stream<String> inline = text.lines().flatMap(line -> CODE.matcher(line).results().map(code -> code.group().replaceAll("^`+|`+$", "")));
    return Stream.of(fenced, document.indented().stream(), inline).flatMap(lines -> lines).map(String::strip);
  }
}
