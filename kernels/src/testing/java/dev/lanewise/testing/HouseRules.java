package dev.lanewise.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CaseLabelTree;
import com.sun.source.tree.CaseTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConstantCaseLabelTree;
import com.sun.source.tree.DefaultCaseLabelTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.core.importer.resolvers.SelectedClassResolverFromClasspath;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.LocationProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Rules that hold in every module. The ArchitectureTest of each module includes them, so that its own tests fail when its code breaks a
 * rule.
 */
public final class HouseRules {
  private static final int MOST_TYPES = 25;
  private static final int LARGEST_KNOT = 12;
  private static final Path SOURCES = Path.of("src/main/java");

  /** Classes that switch over types of other projects. */
  private static final Set<String> FOREIGN_TYPES = Set.of("SafetensorsJson.java", "ColumnOrder.java");

  /** Packages that users do not call, in modules that have no descriptor to say so. */
  private static final Set<String> INSIDES = Set.of("dev.lanewise.spark.embed");

  private static final Pattern EXPORTED = Pattern.compile("exports ([\\w.]+);");

  /** The Javadoc of a public top-level type. */
  private static final Pattern DESCRIBED =
      Pattern.compile("^/\\*\\*((?:(?!\\*/).)*)\\*/\\s(?:@[^\n]*\n)*public ", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern LINK = Pattern.compile("\\{@link (?:[\\w.]+\\.)?(\\w+)");

  private HouseRules() {}

  /**
   * The main classes of the module whose tests run. Of the JDK and of libraries nothing is read: no rule asks for more than their names.
   */
  public static final class MainClasses implements LocationProvider {
    @Override
    public Set<Location> get(Class<?> testClass) {
      ArchConfiguration.get().setClassResolver(SelectedClassResolverFromClasspath.class);
      ArchConfiguration.get().setClassResolverArguments("dev.lanewise");
      return Set.of(Location.of(Path.of("target/classes")));
    }
  }

  /** Checks that the list names all packages, lowest first, and that none uses a package behind it. There are no cycles then. */
  public static void packagesUseThoseBefore(JavaClasses classes, List<String> packages) {
    assertThat(packages).containsExactlyInAnyOrderElementsOf(typesOfPackages(classes).keySet());
    List<String> wrong = new ArrayList<>();
    for (JavaClass type : classes) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (packages.indexOf(target) > packages.indexOf(type.getPackageName())) {
          wrong.add(dependency.getDescription());
        }
      }
    }
    assertThat(wrong).as("uses of a package that stands behind the user's in the list").isEmpty();
  }

  @ArchTest
  static void packagesHaveAtMost25Types(JavaClasses classes) {
    typesOfPackages(classes).forEach((name, types) -> assertThat(types).as(name).hasSizeLessThanOrEqualTo(MOST_TYPES));
  }

  private static Map<String, Set<String>> typesOfPackages(JavaClasses classes) {
    return classes.stream()
        .filter(type -> !type.getSimpleName().equals("package-info"))
        .collect(
            Collectors.groupingBy(JavaClass::getPackageName, TreeMap::new, Collectors.mapping(HouseRules::topLevel, Collectors.toSet())));
  }

  private static String topLevel(JavaClass type) {
    return type.getEnclosingClass().map(HouseRules::topLevel).orElse(type.getName());
  }

  /** Types need each other directly or through others. */
  @ArchTest
  static void atMost12TypesNeedEachOther(JavaClasses classes) {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (JavaClass type : classes) {
      Set<String> used = uses.computeIfAbsent(topLevel(type), name -> new TreeSet<>());
      type.getDirectDependenciesFromSelf().forEach(dependency -> used.add(topLevel(dependency.getTargetClass().getBaseComponentType())));
    }
    Map<String, Set<String>> reached = new TreeMap<>();
    uses.keySet().forEach(type -> reached.put(type, reachedFrom(type, uses)));
    reached.forEach(
        (type, others) -> {
          List<String> knot = others.stream().filter(other -> reached.getOrDefault(other, Set.of()).contains(type)).sorted().toList();
          assertThat(knot).as("types that need " + type + " and that it needs").hasSizeLessThanOrEqualTo(LARGEST_KNOT);
        });
  }

  private static Set<String> reachedFrom(String type, Map<String, Set<String>> uses) {
    Set<String> reached = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(type));
    while (!open.isEmpty()) {
      uses.getOrDefault(open.pop(), Set.of()).stream().filter(reached::add).forEach(open::push);
    }
    return reached;
  }

  /** Each package has a package-info.java of 5 to 20 lines, which turns null checking on. */
  @ArchTest
  static void packagesAreDescribed(JavaClasses classes) throws IOException {
    for (Path folder : sources().map(Path::getParent).filter(folder -> !folder.equals(SOURCES)).collect(Collectors.toSet())) {
      List<String> lines = Files.readAllLines(folder.resolve("package-info.java"));
      assertThat(lines).as(folder.toString()).hasSizeBetween(5, 20).contains("@org.jspecify.annotations.NullMarked");
    }
  }

  private static Stream<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    }
  }

  /** The Javadoc of each exported type has an example, or a link to a type of this module that has one. */
  @ArchTest
  static void exportedTypesHaveExamples(JavaClasses classes) throws IOException {
    Map<String, String> exported = new TreeMap<>();
    for (String name : exportedPackages(classes)) {
      try (Stream<Path> files = Files.list(SOURCES.resolve(name.replace('.', '/')))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          exported.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
        }
      }
    }
    exported.values().removeIf(source -> found(DESCRIBED, source).isEmpty());
    List<String> without = new ArrayList<>(exported.keySet());
    without.removeIf(
        type ->
            hasExample(exported.get(type))
                || found(LINK, found(DESCRIBED, exported.get(type)).getFirst()).stream()
                    .anyMatch(other -> hasExample(exported.getOrDefault(other, ""))));
    assertThat(without).as("types without an example").isEmpty();
  }

  /** A field that users can read is one whose array they can change. Values are read by methods. */
  @ArchTest
  static void exportedTypesHaveNoPublicFields(JavaClasses classes) throws IOException {
    List<String> exported = exportedPackages(classes);
    List<String> fields =
        classes.stream()
            .filter(type -> exported.contains(type.getPackageName()) && type.getModifiers().contains(JavaModifier.PUBLIC))
            .flatMap(type -> type.getFields().stream())
            .filter(field -> field.getModifiers().contains(JavaModifier.PUBLIC) && !field.getModifiers().contains(JavaModifier.STATIC))
            .map(JavaField::getFullName)
            .toList();
    assertThat(fields).as("public fields of exported types").isEmpty();
  }

  /** What the module's descriptor exports; all packages if it has none, as an adapter whose framework has no descriptor. */
  private static List<String> exportedPackages(JavaClasses classes) throws IOException {
    Path descriptor = SOURCES.resolve("module-info.java");
    return Files.exists(descriptor)
        ? found(EXPORTED, Files.readString(descriptor))
        : typesOfPackages(classes).keySet().stream().filter(name -> !INSIDES.contains(name)).toList();
  }

  private static boolean hasExample(String source) {
    return source.contains("<pre>{@code");
  }

  private static List<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }

  /**
   * No switch over names or patterns has a default branch, so that a new constant or subtype does not compile before each switch has an
   * answer for it. Switches over strings and numbers need one.
   */
  @ArchTest
  static void switchesOverOwnTypesHaveNoDefault(JavaClasses classes) throws IOException {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
      List<Path> read = sources().filter(file -> FOREIGN_TYPES.stream().noneMatch(file::endsWith)).toList();
      JavacTask task = (JavacTask) javac.getTask(null, files, null, null, null, files.getJavaFileObjectsFromPaths(read));
      List<String> wrong = new ArrayList<>();
      for (CompilationUnitTree file : task.parse()) {
        new Switches(file, wrong).scan(file, null);
      }
      assertThat(wrong).as("switches with a default branch beside names or patterns").isEmpty();
    }
  }

  private static final class Switches extends TreeScanner<Void, Void> {
    private final CompilationUnitTree file;
    private final List<String> wrong;

    Switches(CompilationUnitTree file, List<String> wrong) {
      this.file = file;
      this.wrong = wrong;
    }

    @Override
    public Void visitSwitch(SwitchTree node, Void unused) {
      check(node.getExpression().toString(), node.getCases());
      return super.visitSwitch(node, null);
    }

    @Override
    public Void visitSwitchExpression(SwitchExpressionTree node, Void unused) {
      check(node.getExpression().toString(), node.getCases());
      return super.visitSwitchExpression(node, null);
    }

    private void check(String selector, List<? extends CaseTree> cases) {
      List<CaseLabelTree> labels = cases.stream().<CaseLabelTree>flatMap(branch -> branch.getLabels().stream()).toList();
      boolean hasDefault = labels.stream().anyMatch(DefaultCaseLabelTree.class::isInstance);
      if (hasDefault && !labels.stream().allMatch(Switches::isDefaultOrLiteral)) {
        wrong.add(Path.of(file.getSourceFile().toUri()).getFileName() + ": switch " + selector);
      }
    }

    private static boolean isDefaultOrLiteral(CaseLabelTree label) {
      return label instanceof DefaultCaseLabelTree
          || (label instanceof ConstantCaseLabelTree constant && constant.getConstantExpression() instanceof LiteralTree);
    }
  }
}
