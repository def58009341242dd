package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.Interrupts;
import dev.lanewise.testing.Sample;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with the steps one after another: tokens, one text at a time, rows pooled in double. */
class TextEncoderTest {
  private static final String CANCELLED = "java.util.concurrent.CancellationException: the call was interrupted";

  @TempDir private static Path folder;
  private static EncoderModel model;
  private static TextEncoder encoder;

  @BeforeAll
  static void load() throws IOException {
    SmallModels.encoder(folder, 3, 0);
    model = EncoderModel.load(folder);
    encoder = TextEncoder.of(model, TextPooling.MEAN).withNormalised(true);
  }

  /** Texts of some words and letters, from none to more than the model reads. */
  private static List<String> texts(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int word = random.nextInt(random.nextInt(10) == 0 ? 60 : 12); word > 0; word--) {
        text.append(random.nextInt(4) == 0 ? letters(random) : SmallModels.WORDS.get(random.nextInt(9))).append(' ');
      }
      texts.add(text.toString());
    }
    return texts;
  }

  private static String letters(Random random) {
    return random.ints(1 + random.nextInt(4), 'a', 'z' + 1).mapToObj(Character::toString).reduce("", String::concat);
  }

  /** The rows of a text's tokens. */
  private static SequenceBatch rows(int[] ids) {
    SequenceBatch rows = SequenceBatch.zeros(1, ids.length, model.encoder().embedDim());
    model.encoder().forward(ids, PackedSequences.of(0, ids.length), rows);
    return rows;
  }

  private static double[] pooled(int[] ids, TextPooling pooling, int dimensions) {
    SequenceBatch rows = rows(ids);
    double[] pooled = new double[dimensions];
    for (int row = 0; row < ids.length; row++) {
      double weight =
          switch (pooling) {
            case FIRST_TOKEN -> row == 0 ? 1 : 0;
            case LAST_TOKEN -> row == ids.length - 1 ? 1 : 0;
            case MEAN -> 1.0 / ids.length;
          };
      for (int i = 0; i < dimensions; i++) {
        pooled[i] += weight * rows.data()[rows.index(0, row) + i];
      }
    }
    return pooled;
  }

  private static double[] normalised(double[] vector) {
    double length = Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
    return Arrays.stream(vector).map(x -> x / length).toArray();
  }

  private static void assertClose(String name, float[] actual, double[] expected) {
    assertThat(actual).as(name).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).as("%s[%d]", name, i).isCloseTo(expected[i], within(2e-6 * Math.max(1, Math.abs(expected[i]))));
    }
  }

  private static void assertSameBits(float[][] actual, float[][] expected) {
    assertThat(actual.length).isEqualTo(expected.length);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).as("vector " + i).isEqualTo(expected[i]);
    }
  }

  private static float[][] alone(TextEncoder one, List<String> texts) {
    return texts.stream().map(one::embed).toArray(float[][]::new);
  }

  @Test
  void aVectorIsThatOfTheStepsOneAfterAnother() {
    for (TextPooling pooling : TextPooling.values()) {
      TextEncoder plain = encoder.withPooling(pooling).withNormalised(false);
      for (String text : texts(40, 1)) {
        int[] ids = model.tokenizer().withMaxTokens(SmallModels.POSITIONS).encode(text).ids();
        double[] expected = pooled(ids, pooling, SmallModels.WIDTH);
        assertClose(pooling + " of " + text, plain.embed(text), expected);
        assertClose("normalised " + pooling, plain.withNormalised(true).embed(text), normalised(expected));
        assertClose("cut", plain.withDimensions(7).embed(text), pooled(ids, pooling, 7));
        double[] cut = normalised(pooled(ids, pooling, 7));
        assertClose("cut and normalised", plain.withNormalised(true).withDimensions(7).embed(text), cut);
      }
    }
  }

  @Test
  void aVectorHasTheSameBitsInAnyBatchWithAnyThreads() {
    List<String> texts = texts(700, 2);
    float[][] alone = alone(encoder, texts);
    for (int threads = 1; threads <= 3; threads++) {
      TextEncoder several = encoder.withThreads(threads);
      assertSameBits(several.embed(texts), alone);
      assertSameBits(several.embed(texts.stream()).toArray(float[][]::new), alone);
      for (int count : new int[] {0, 1, 2, 7, 30}) {
        assertSameBits(several.embed(texts.subList(0, count)), Arrays.copyOf(alone, count));
      }
    }
  }

  @Test
  void aPrefixIsBeforeEveryText() {
    TextEncoder prefixed = encoder.withPrefix("query: ");
    assertThat(prefixed.embed("the law")).isEqualTo(encoder.embed("query: the law")).isNotEqualTo(encoder.embed("the law"));
    assertThat(prefixed.withPrefix("").embed("the law")).isEqualTo(encoder.embed("the law"));
    assertThat(prefixed.prefix()).isEqualTo("query: ");
    assertThat(prefixed.tokens("the law")).isEqualTo(encoder.tokens("the law") + 2);
  }

  @Test
  void aModelMayReadLowerCase(@TempDir Path other) throws IOException {
    SmallModels.encoder(other, 3, 0);
    Path tokenizer = other.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"lowercase\":true", "\"lowercase\":false"));
    TextEncoder cased = TextEncoder.of(EncoderModel.load(other), TextPooling.MEAN).withPrefix("Query: ");
    assertThat(cased.embed("The LAW")).isNotEqualTo(cased.withPrefix("query: ").embed("the law"));
    Files.writeString(other.resolve("sentence_bert_config.json"), "{\"max_seq_length\":40,\"do_lower_case\":true}");
    TextEncoder lower = TextEncoder.of(EncoderModel.load(other), TextPooling.MEAN).withPrefix("Query: ");
    assertThat(lower.embed("The LAW")).isEqualTo(cased.withPrefix("query: ").embed("the law"));
  }

  @Test
  void longTextsAreTruncated() {
    String text = "river ".repeat(100);
    assertThat(encoder.withMaxTokens(10).embed(text)).isEqualTo(encoder.embed("river ".repeat(8))).isNotEqualTo(encoder.embed(text));
    assertThat(encoder.withMaxTokens(10).tokens(text)).isEqualTo(10);
  }

  @Test
  void longTextsFailWithTheirIndexAndBothNumbers() {
    TextEncoder strict = encoder.withMaxTokens(10).withLongTexts(LongTexts.fail()).withThreads(2);
    List<String> texts = new ArrayList<>(texts(3, 4).stream().map(x -> "the").toList());
    texts.add("river ".repeat(9));
    assertThatThrownBy(() -> strict.embed(texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("texts[3]")
        .hasMessageContaining("is 11")
        .hasMessageContaining("10");
    List<String> many = new ArrayList<>(java.util.Collections.nCopies(200, "law"));
    many.set(150, "river ".repeat(9));
    List<float[]> seen = new ArrayList<>();
    assertThatThrownBy(() -> strict.embed(many.stream()).forEach(seen::add)).hasMessageContaining("texts[150]");
    assertThat(seen).hasSize(64);
    assertThat(strict.embed("river ".repeat(8))).isEqualTo(encoder.embed("river ".repeat(8)));
  }

  @Test
  void windowsAreWeightedByTheirTokens() {
    List<String> words = IntStream.range(0, 21).mapToObj(i -> SmallModels.WORDS.get(i % 9)).toList();
    for (boolean normalised : new boolean[] {true, false}) {
      TextEncoder windows = encoder.withNormalised(normalised).withMaxTokens(10).withLongTexts(LongTexts.windows(3));
      // 8 words a window, 3 of them shared: 0-8, 5-13, 10-18, 15-21
      double[] expected = new double[SmallModels.WIDTH];
      int weights = 0;
      for (int from = 0; from < 20 && from != 20; from += 5) {
        int to = Math.min(21, from + 8);
        float[] part = encoder.withNormalised(normalised).embed(String.join(" ", words.subList(from, to)));
        for (int i = 0; i < expected.length; i++) {
          expected[i] += (double) (to - from) * part[i];
        }
        weights += to - from;
        if (to == 21) {
          break;
        }
      }
      for (int i = 0; i < expected.length; i++) {
        expected[i] /= weights;
      }
      String text = String.join(" ", words);
      assertClose("windows", windows.embed(text), normalised ? normalised(expected) : expected);
      assertThat(windows.embed("the law")).isEqualTo(encoder.withNormalised(normalised).embed("the law"));
      TextEncoder prefixed = windows.withMaxTokens(12).withPrefix("query: ");
      assertThat(prefixed.embed(text)).isNotEqualTo(windows.embed(text));
      assertThat(prefixed.tokens(text)).isEqualTo(windows.tokens(text) + 4 * 2);
    }
  }

  @Test
  void oddTextsHaveVectors() {
    for (boolean windows : new boolean[] {false, true}) {
      LongTexts longTexts = windows ? LongTexts.windows(4) : LongTexts.truncate();
      // A megabyte, in a thorough run also for windows: they are all computed.
      int part = windows && Sample.extent() != Sample.Extent.THOROUGH ? 10 : 1;
      String words = "river ".repeat(170_000 / part);
      String word = "x".repeat((1 << 20) / part);
      List<String> odd = List.of("", " ", "\n\t ", "\ud800", "a\udc00b", "\u0000", "[SEP] [CLS]", words, word, "\ud83d\ude00");
      TextEncoder two = encoder.withThreads(2).withLongTexts(longTexts);
      float[][] vectors = two.embed(odd);
      for (int i = 0; i < vectors.length; i++) {
        assertThat(vectors[i]).as("text " + i).hasSize(SmallModels.WIDTH).isEqualTo(two.withThreads(1).embed(odd.get(i)));
        assertThat(TextEncoder.similarity(vectors[i], vectors[i])).as("text " + i).isCloseTo(1, within(1e-6));
      }
      assertThat(vectors[1]).isEqualTo(vectors[0]);
    }
  }

  @Test
  void nullIsNamedByItsIndex() {
    assertThatThrownBy(() -> encoder.embed(Arrays.asList("law", null))).isInstanceOf(NullPointerException.class).hasMessage("texts[1]");
    Stream<String> stream = IntStream.range(0, 300).mapToObj(i -> i == 299 ? null : "law");
    List<float[]> seen = new ArrayList<>();
    assertThatThrownBy(() -> encoder.embed(stream).forEach(seen::add)).isInstanceOf(NullPointerException.class).hasMessage("texts[299]");
    assertThat(seen).hasSize(299);
    assertThatThrownBy(() -> encoder.embed((String) null)).hasMessage("text");
    assertThatThrownBy(() -> encoder.embed((List<String>) null)).hasMessage("texts");
    assertThatThrownBy(() -> encoder.embed((Stream<String>) null)).hasMessage("texts");
  }

  @Test
  void streamsAreReadAsFarAsVectorsAreTakenAndClosed() {
    AtomicInteger read = new AtomicInteger();
    AtomicBoolean closed = new AtomicBoolean();
    Stream<String> endless = Stream.generate(() -> "law " + "x".repeat(read.incrementAndGet() % 5)).onClose(() -> closed.set(true));
    try (Stream<float[]> vectors = encoder.embed(endless)) {
      assertThat(read).hasValue(0);
      assertThat(vectors.limit(70)).hasSize(70);
    }
    assertThat(read).hasValue(64 + 128);
    assertThat(closed).isTrue();
    assertThat(encoder.embed(Stream.<String>empty())).isEmpty();
    List<String> texts = texts(300, 8);
    assertSameBits(encoder.embed(texts.parallelStream()).parallel().toArray(float[][]::new), encoder.embed(texts));
    assertThat(encoder.embed(texts.stream()).count()).isEqualTo(300);
  }

  @Test
  void anExceptionOfTheSourceComesAfterTheVectorsBeforeIt() {
    IllegalStateException thrown = new IllegalStateException("of the source");
    Stream<String> texts =
        IntStream.range(0, 500)
            .mapToObj(
                i -> {
                  if (i == 100) {
                    throw thrown;
                  }
                  return "law";
                });
    List<float[]> seen = new ArrayList<>();
    assertThatThrownBy(() -> encoder.embed(texts).forEach(seen::add)).isSameAs(thrown);
    assertThat(seen).hasSize(100).allMatch(vector -> Arrays.equals(vector, encoder.embed("law")));
  }

  @Test
  void anInterruptEndsACall() throws InterruptedException {
    List<String> texts = texts(20_000, 9);
    for (int threads = 1; threads <= 2; threads++) {
      TextEncoder several = encoder.withThreads(threads);
      for (boolean stream : new boolean[] {false, true}) {
        Object end = interrupted(() -> stream ? several.embed(texts.stream()).toList() : several.embed(texts));
        for (int again = 0; again < 20 && end instanceof List; again++) { // the machine was busy, and the interrupt late
          end = interrupted(() -> stream ? several.embed(texts.stream()).toList() : several.embed(texts));
        }
        assertThat(end).isInstanceOf(CancellationException.class).hasToString(CANCELLED);
      }
    }
    Interrupts.assertCancels(() -> encoder.embed("law"));
  }

  /** How a call ends that is interrupted after five milliseconds: its result, or what it throws. */
  private static Object interrupted(Supplier<Object> call) throws InterruptedException {
    CompletableFuture<Object> end = new CompletableFuture<>();
    Thread caller =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    end.complete(call.get());
                  } catch (RuntimeException e) {
                    end.complete(Thread.currentThread().isInterrupted() ? e : "the thread is not interrupted any more");
                  }
                });
    Thread.sleep(5);
    caller.interrupt();
    caller.join();
    return end.join();
  }

  @Test
  void settingsAreChecked() {
    assertThatThrownBy(() -> encoder.withThreads(0)).hasMessage("threads is 0, must be at least 1");
    assertThatThrownBy(() -> encoder.withDimensions(0)).hasMessage("dimensions is 0, must be at least 1");
    assertThatThrownBy(() -> encoder.withDimensions(25)).hasMessageContaining("25").hasMessageContaining("24");
    assertThatThrownBy(() -> encoder.withMaxTokens(41)).hasMessageContaining("41").hasMessageContaining("40");
    assertThatThrownBy(() -> encoder.withMaxTokens(1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("1");
    assertThatThrownBy(() -> encoder.withMaxTokens(2)).hasMessage("maxTokens is 2, must be at least 3");
    assertThat(encoder.withMaxTokens(3).tokens("the law")).isEqualTo(3);
    assertThatThrownBy(() -> encoder.withMaxTokens(4).withPrefix("query: ")).hasMessage("maxTokens is 4, must be at least 5");
    assertThatThrownBy(() -> LongTexts.windows(-1)).hasMessageContaining("-1");
    TextEncoder ten = encoder.withMaxTokens(10); // eight without template, six without the prefix
    assertThatThrownBy(() -> ten.withLongTexts(LongTexts.windows(8)))
        .hasMessage("overlap is 8, but maxTokens without template, prefix and one new token is 7");
    TextEncoder most = ten.withLongTexts(LongTexts.windows(7));
    assertThat(most.embed("river ".repeat(30))).hasSize(24);
    assertThatThrownBy(() -> most.withPrefix("query: ")).hasMessageContaining("overlap is 7").hasMessageContaining("is 5");
    assertThatThrownBy(() -> TextEncoder.similarity(new float[3], new float[4])).hasMessageContaining("3").hasMessageContaining("4");
    assertThat(encoder.dimensions()).isEqualTo(24);
    assertThat(encoder.withDimensions(5).dimensions()).isEqualTo(5);
    assertThat(encoder.maxTokens()).isEqualTo(40);
    assertThat(encoder.pooling()).isEqualTo(TextPooling.MEAN);
    assertThat(encoder.isNormalised()).isTrue();
    assertThat(encoder.model()).isSameAs(model);
  }
}
