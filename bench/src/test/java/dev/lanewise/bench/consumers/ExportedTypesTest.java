package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleReader;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a consumer can call mentions only types that a consumer can name, which javac's lint "exports" would check but for annotations.
 * Methods for other modules of Lanewise are an exception: their Javadoc has the tag hidden.
 */
@Tag("consumers")
class ExportedTypesTest {
  /** Types for learning outside of {@code core.learn}. */
  private static final Set<String> LEARNING =
      Set.of(
          "dev.lanewise.kernels.BackwardKernels",
          "dev.lanewise.kernels.data.Dropout",
          "dev.lanewise.core.Gradients",
          "dev.lanewise.core.reference.ReferenceGradients");

  @Test
  void exportedTypesMentionTypesOfTheJdkAndExportedOnesOnly() throws Exception {
    Set<Class<?>> exported = Set.copyOf(exportedTypes());
    assertThat(exported).hasSizeGreaterThan(30);
    Set<String> hidden = new TreeSet<>();
    for (Class<?> type : exported) {
      mentioned(type)
          .map(ExportedTypesTest::element)
          .filter(other -> !other.isPrimitive() && !other.getName().startsWith("java.") && !exported.contains(other))
          .forEach(other -> hidden.add(type.getName() + " mentions " + other.getName()));
    }
    assertThat(hidden).isEmpty();
  }

  @Test
  void kernelsAndCoreExportAtMost50TypesForTheForwardPass() throws Exception {
    assertThat(ofKernelsAndCore(false)).hasSizeLessThanOrEqualTo(50);
  }

  @Test
  void kernelsAndCoreExportAtMost35TypesForLearning() throws Exception {
    assertThat(ofKernelsAndCore(true)).hasSizeBetween(5, 35);
  }

  private static List<Class<?>> ofKernelsAndCore(boolean learning) throws Exception {
    return exportedTypes().stream()
        .filter(type -> type.getEnclosingClass() == null && !type.getName().startsWith("dev.lanewise.text"))
        .filter(type -> isForLearning(type) == learning)
        .toList();
  }

  private static boolean isForLearning(Class<?> type) {
    return type.getName().startsWith("dev.lanewise.core.learn.") || LEARNING.contains(type.getName());
  }

  private static List<Class<?>> exportedTypes() throws Exception {
    List<Class<?>> types = new ArrayList<>();
    for (Published module : Published.all()) {
      Set<String> packages =
          module.reference().descriptor().exports().stream()
              .filter(export -> !export.isQualified())
              .map(export -> export.source().replace('.', '/'))
              .collect(Collectors.toSet());
      try (ModuleReader reader = module.reference().open()) {
        for (String name : reader.list().filter(entry -> entry.endsWith(".class") && packages.contains(folder(entry))).toList()) {
          Class<?> type = Class.forName(name.substring(0, name.length() - ".class".length()).replace('/', '.'), false, loader());
          if (isAccessible(type)) {
            types.add(type);
          }
        }
      }
    }
    return types;
  }

  private static ClassLoader loader() {
    return ExportedTypesTest.class.getClassLoader();
  }

  private static String folder(String entry) {
    return entry.substring(0, Math.max(0, entry.lastIndexOf('/')));
  }

  /** Public, and so is what it lies in. */
  private static boolean isAccessible(Class<?> type) {
    Class<?> around = type.getEnclosingClass();
    return Modifier.isPublic(type.getModifiers()) && (around == null || isAccessible(around));
  }

  private static Stream<Class<?>> mentioned(Class<?> type) {
    Stream<Class<?>> fields = Arrays.stream(type.getDeclaredFields()).filter(ExportedTypesTest::isCallable).map(Field::getType);
    Stream<Class<?>> executables =
        Stream.<Executable>concat(Arrays.stream(type.getDeclaredMethods()), Arrays.stream(type.getDeclaredConstructors()))
            .filter(member -> isCallable(member) && !isHidden(member))
            .flatMap(member -> Stream.concat(Arrays.stream(member.getParameterTypes()), Arrays.stream(member.getExceptionTypes())));
    Stream<Class<?>> results =
        Arrays.stream(type.getDeclaredMethods()).filter(method -> isCallable(method) && !isHidden(method)).map(Method::getReturnType);
    return Stream.of(fields, executables, results).flatMap(all -> all);
  }

  private static boolean isCallable(Member member) {
    return (member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0 && !member.isSynthetic();
  }

  /** Whether the Javadoc of a method, or of another of its name, ends with the tag hidden. */
  private static boolean isHidden(Member member) {
    String file = member.getDeclaringClass().getName().replaceAll("\\$.*", "").replace('.', '/') + ".java";
    for (String module : List.of("kernels", "core", "core/text")) {
      Path source = Path.of("..", module, "src/main/java", file);
      if (Files.isRegularFile(source)) {
        return Pattern.compile("@hidden\\s+\\*/[^;{]*\\b" + member.getName() + "\\(").matcher(text(source)).find();
      }
    }
    return false;
  }

  private static String text(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Class<?> element(Class<?> type) {
    return type.isArray() ? element(type.getComponentType()) : type;
  }
}
