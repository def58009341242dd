package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A model of a family, loaded by the library and by {@link ReferenceCausalModel}. */
final class FamilyModel {
  /** The number of tokens that a sequence of a state has room for. */
  private static final int CAPACITY = 96;

  private final String name;
  private final ReferenceCausalModel reference;
  private final LanguageModel model;

  /** The logits of texts so far, which all kernels and threads share. */
  private final Map<List<Integer>, Expected> expected;

  private FamilyModel(String name, ReferenceCausalModel reference, LanguageModel model, Map<List<Integer>, Expected> expected) {
    this.name = name;
    this.reference = reference;
    this.model = model;
    this.expected = expected;
  }

  /** Writes a checkpoint into a folder of its own and reads it. */
  static FamilyModel of(String name, RandomCheckpoint checkpoint, Path parent) throws IOException {
    Path folder = parent.resolve(name);
    checkpoint.write(folder);
    return read(name, folder);
  }

  /** Reads a checkpoint. */
  static FamilyModel read(String name, Path folder) throws IOException {
    return new FamilyModel(name, ReferenceCausalModel.read(folder), CausalModel.load(folder).model(), new ConcurrentHashMap<>());
  }

  FamilyModel withKernels(Kernels kernels) {
    return new FamilyModel(name + " on " + kernels.path(), reference, model.withKernels(kernels), expected);
  }

  FamilyModel withThreads(int threads) {
    return new FamilyModel(name + " on " + threads + " threads", reference, model.withThreads(threads), expected);
  }

  @Override
  public String toString() {
    return name;
  }

  LanguageModel model() {
    return model;
  }

  StackState start(int batch) {
    return model.stack().start(batch, CAPACITY);
  }

  int vocabulary() {
    return model.vocabulary();
  }

  /** Ids of a text; another text for each seed. */
  int[] text(int length, int seed) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = Math.floorMod((i + seed) * (i + 3 * seed + 1) * 37 + seed * 11 + i, vocabulary());
    }
    return ids;
  }

  /** The logits of a text that alone goes through the model in parts of these lengths; the last length is repeated. */
  float[] alone(int[] text, int... parts) {
    try (StackState state = start(1)) {
      return append(state, text, parts);
    }
  }

  /** Appends texts of equal length to the sequences of a state, in parts, and returns the logits of all texts, one text after another. */
  float[] append(StackState state, int[] texts, int... parts) {
    int length = texts.length / state.batch();
    SequenceBatch all = SequenceBatch.zeros(state.batch(), length, vocabulary());
    int from = 0;
    for (int part = 0; from < length; part++) {
      int rows = Math.min(parts[Math.min(part, parts.length - 1)], length - from);
      int[] ids = new int[state.batch() * rows];
      for (int b = 0; b < state.batch(); b++) {
        System.arraycopy(texts, b * length + from, ids, b * rows, rows);
      }
      model.forward(ids, state, all.rows(from, from + rows));
      from += rows;
    }
    return all.data();
  }

  /** Appends texts of different lengths to the sequences of a state, packed, and returns the logits of all texts, one after another. */
  float[] appendPacked(StackState state, int[]... texts) {
    int[] starts = new int[texts.length + 1];
    for (int s = 0; s < texts.length; s++) {
      starts[s + 1] = starts[s] + texts[s].length;
    }
    int[] ids = Arrays.stream(texts).flatMapToInt(Arrays::stream).toArray();
    SequenceBatch logits = SequenceBatch.zeros(1, ids.length, vocabulary());
    model.forward(ids, PackedSequences.of(starts), state, logits);
    return logits.data();
  }

  /** The logits of some rows of a text's result. */
  float[] rows(float[] logits, int from, int to) {
    return Arrays.copyOfRange(logits, from * vocabulary(), to * vocabulary());
  }

  /** Fails if the last rows of logits are further from the double reference than twice the error of plain float code plus 1e-6. */
  void assertAccurate(Object what, int[] text, float[] lastLogits) {
    int skipped = text.length * vocabulary() - lastLogits.length;
    Expected logits = expected(text);
    double[] exact = logits.exact;
    double[] plain = logits.plain;
    double largest = 0;
    double plainError = 0;
    for (int i = 0; i < exact.length; i++) {
      largest = Math.max(largest, Math.abs(exact[i]));
      plainError = Math.max(plainError, Math.abs(plain[i] - exact[i]));
    }
    // A wrong plain result must not increase the budget.
    assertThat(plainError).as("error of plain float code for %s", this).isLessThanOrEqualTo(1e-5 * largest);
    double budget = 2 * plainError + 1e-6 * largest;
    for (int i = 0; i < lastLogits.length; i++) {
      double expected = exact[skipped + i];
      if (!(Math.abs(lastLogits[i] - expected) <= budget)) {
        int row = (skipped + i) / vocabulary();
        assertThat((double) lastLogits[i]).as("%s of %s: row %d", what, this, row).isCloseTo(expected, within(budget));
      }
    }
  }

  /** The reference's logits. Those of a text are the first of a longer text that begins with it, for no row depends on the rows behind. */
  private Expected expected(int[] text) {
    List<Integer> ids = Arrays.stream(text).boxed().toList();
    for (Map.Entry<List<Integer>, Expected> longer : expected.entrySet()) {
      if (longer.getKey().size() >= text.length && longer.getKey().subList(0, text.length).equals(ids)) {
        return longer.getValue().first(text.length * vocabulary());
      }
    }
    Expected made = new Expected(flat(reference.logits(text)), flat(reference.inFloat().logits(text)));
    expected.put(ids, made);
    return made;
  }

  /** Logits in double, and those of plain float code. */
  private record Expected(double[] exact, double[] plain) {
    Expected first(int length) {
      return new Expected(Arrays.copyOf(exact, length), Arrays.copyOf(plain, length));
    }
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Fails if the bits of logits differ. */
  void assertSame(Object what, float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
        throw new AssertionError(
            what
                + " of "
                + this
                + ": "
                + actual[i]
                + " instead of "
                + expected[i]
                + " in row "
                + i / vocabulary()
                + ", logit "
                + i % vocabulary());
      }
    }
  }
}
