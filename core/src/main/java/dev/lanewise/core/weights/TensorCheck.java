package dev.lanewise.core.weights;

import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks tensors against expected names and shapes. */
final class TensorCheck {
  private static final int MOST_LINES = 50;

  /** Number of prefixes that are tried, so that the time stays linear. */
  private static final int MOST_PREFIXES = 16;

  /** Least number of tensors of a layer, for layers that this library makes. If a number in names has fewer tensors, it may be no layer. */
  private static final int LEAST_OF_A_LAYER = 3;

  private TensorCheck() {}

  /**
   * Returns what was found under a name.
   *
   * @throws IllegalArgumentException if nothing was found
   */
  static <T> T present(@Nullable T found, String name, NamedTensors tensors) {
    Objects.requireNonNull(name, "name");
    if (found == null) {
      throw new IllegalArgumentException("there is no tensor " + TensorText.quoted(name) + " in " + tensors + elsewhere(tensors, name));
    }
    return found;
  }

  /**
   * Counts the numbers between {@code before} and a dot in names, at least 1, so that a missing layer in the middle is reported as missing.
   * If a number has only one or two tensors, fewer layers are counted, so that the number of expected tensors stays a small multiple of the
   * number of existing tensors; the remaining tensors are then reported as extra.
   */
  static int layers(Set<String> names, String before) {
    Pattern numbered = Pattern.compile(Pattern.quote(before) + "(0|[1-9][0-9]*)\\..*", Pattern.DOTALL);
    Stream<Matcher> matches = names.stream().map(numbered::matcher).filter(Matcher::matches);
    long counted = matches.map(match -> match.group(1)).distinct().count();
    return (int) Math.max(1, Math.min(counted, Math.ceilDiv(names.size(), LEAST_OF_A_LAYER)));
  }

  /** Checks that a tensor exists and has the expected shape. */
  static void one(NamedTensors tensors, String name, long[] expected) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(expected, "expectedShape");
    if (!tensors.names().contains(name)) {
      throw new IllegalArgumentException(missing(name, expected) + " in " + tensors + elsewhere(tensors, name));
    }
    long[] actual = tensors.shape(name);
    if (!Arrays.equals(actual, expected)) {
      throw new IllegalArgumentException(different(name, actual, expected) + " in " + tensors);
    }
  }

  /** Checks that the tensors under the prefix are exactly the expected ones. */
  static void all(NamedTensors tensors, String prefix, Map<String, long[]> expected) {
    Objects.requireNonNull(expected, "expected");
    List<String> wrong = new ArrayList<>();
    Set<String> names = tensors.names();
    expected.forEach(
        (name, shape) -> {
          Objects.requireNonNull(shape, "expected");
          String full = prefix + name;
          if (!names.contains(full)) {
            wrong.add(missing(full, shape));
          } else {
            boolean codes = shape.length == 2 && StoredWeight.isCodes(tensors, full);
            long[] stored = codes ? StoredWeight.shapeOfCodes(tensors, full, shape) : shape;
            if (!Arrays.equals(tensors.shape(full), stored)) {
              wrong.add(different(full, tensors.shape(full), stored));
            }
          }
        });
    for (String name : names) {
      String owner = StoredWeight.belongsToCodes(tensors, name) ? StoredWeight.weight(name) : name;
      if (name.startsWith(prefix) && !(owner.startsWith(prefix) && expected.containsKey(owner.substring(prefix.length())))) {
        wrong.add("extra: " + TensorText.quoted(name) + " has shape " + TensorText.shape(tensors.shape(name)) + ", but is not expected");
      }
    }
    if (!wrong.isEmpty()) {
      int count = wrong.size();
      String found = elsewhere(names, prefix, expected.keySet());
      if (!found.isEmpty()) {
        wrong.add(0, found);
      }
      throw new IllegalArgumentException(count + (count == 1 ? " tensor" : " tensors") + " in " + tensors + ":\n" + lines(wrong));
    }
  }

  /** Describes the other prefix with most of the missing names; empty if there is none. */
  static String elsewhere(Set<String> names, String prefix, Set<String> expected) {
    Map<String, Integer> found = new LinkedHashMap<>();
    String missing = expected.stream().filter(name -> !names.contains(prefix + name)).findFirst().orElse("");
    for (String name : names) {
      if (!missing.isEmpty() && name.endsWith(missing) && found.size() < MOST_PREFIXES) {
        String other = name.substring(0, name.length() - missing.length());
        if (other.isEmpty() || other.endsWith(".")) {
          found.put(other, (int) expected.stream().filter(each -> names.contains(other + each)).count());
        }
      }
    }
    return found.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(most -> "found: " + most.getValue() + " of " + expected.size() + " names are under " + location(most.getKey(), prefix))
        .orElse("");
  }

  private static String location(String found, String prefix) {
    String actual = found.isEmpty() ? "no prefix" : TensorText.quoted(found);
    return actual + ", not under " + (prefix.isEmpty() ? "no prefix" : TensorText.quoted(prefix));
  }

  /** Describes a name that ends like a missing one, from one of its dots on; empty if there is none. */
  private static String elsewhere(NamedTensors tensors, String name) {
    for (String end = name; end.contains("."); end = end.substring(end.indexOf('.') + 1)) {
      for (String other : tensors.names()) {
        if (other.equals(end) || other.endsWith("." + end)) {
          return "; there is " + TensorText.quoted(other);
        }
      }
    }
    return "";
  }

  /** Joins the first lines, as many as a reader can use, and counts the others. */
  static String lines(List<String> lines) {
    String first = lines.stream().limit(MOST_LINES).collect(Collectors.joining("\n"));
    return lines.size() > MOST_LINES ? first + "\nand " + (lines.size() - MOST_LINES) + " more" : first;
  }

  private static String missing(String name, long[] expected) {
    return "missing: " + TensorText.quoted(name) + " is expected with shape " + TensorText.shape(expected) + ", but is not there";
  }

  private static String different(String name, long[] actual, long[] expected) {
    return "wrong shape: "
        + TensorText.quoted(name)
        + " has shape "
        + TensorText.shape(actual)
        + ", but is expected with shape "
        + TensorText.shape(expected);
  }

  /** Checks a range of elements of a tensor and of its target. */
  static void range(String name, long elements, long first, float[] target, int offset, int length) {
    Objects.requireNonNull(target, "target");
    Checks.atLeast("first", first, 0);
    Checks.atLeast("offset", offset, 0);
    Checks.atLeast("length", length, 0);
    Checks.atMost("first", first, "the number of elements of tensor " + TensorText.quoted(name), elements);
    Checks.atMost("length", length, "the rest of tensor " + TensorText.quoted(name), elements - first);
    Checks.atMost("offset + length", (long) offset + length, "target.length", target.length);
  }

  static IllegalArgumentException noFloats(String name, Safetensors.Dtype dtype) {
    return new IllegalArgumentException(
        "tensor " + TensorText.quoted(name) + " is of " + dtype + ", but floats are read only from " + FloatFormats.READABLE);
  }

  static IllegalArgumentException noBytes(String name, Safetensors.Dtype dtype) {
    return new IllegalArgumentException(
        "tensor " + TensorText.quoted(name) + " is of " + dtype + ", but bytes are read only from " + FloatFormats.BYTES);
  }

  /** Checks that the array has as many elements as the shape. */
  static void length(String name, long[] shape, int length) {
    if (Arrays.stream(shape).anyMatch(size -> size < 0) || !exactly(length, shape)) {
      throw new IllegalArgumentException(
          "tensor " + TensorText.quoted(name) + " has " + length + " elements, which do not make up shape " + TensorText.shape(shape));
    }
  }

  private static boolean exactly(int length, long[] shape) {
    try {
      return elements(shape) == length;
    } catch (ArithmeticException tooMany) {
      return false;
    }
  }

  /**
   * The product of the dimensions; 1 if there are none.
   *
   * @throws ArithmeticException if a partial product exceeds a long
   */
  static long elements(long[] shape) {
    long product = 1;
    for (long size : shape) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }
}
