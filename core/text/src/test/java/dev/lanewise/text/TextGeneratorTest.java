package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.text.causal.CausalModel;
import dev.lanewise.text.causal.RandomCheckpoint;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with {@link Generator} over token ids, and with text that is cut afterwards. */
class TextGeneratorTest {
  private static final int MOST = 40;

  @TempDir private static Path folder;
  private static CausalModel model;
  private static Tokenizer tokenizer;
  private static TextGenerator generator;

  @BeforeAll
  static void load() throws IOException {
    RandomCheckpoint.of(RandomCheckpoint.Family.LLAMA, 5).write(folder);
    SmallModels.letterTokenizer(folder);
    model = CausalModel.load(folder);
    tokenizer = Tokenizer.read(folder.resolve("tokenizer.json"));
    generator = TextGenerator.load(folder).withMaxTokens(MOST);
  }

  private static TextGenerator random(long seed) {
    return generator.withSampling(Sampling.random(seed));
  }

  /** The tokens that follow a prompt. */
  private static Generator.Result tokens(String prompt, Sampling sampling) {
    Generator plain = Generator.of(model.model()).withStopIds(model.stopIds()).withMaxTokens(MOST).withSampling(sampling);
    return plain.generate(List.of(tokenizer.encode(prompt).ids())).getFirst();
  }

  @Test
  void aTextIsItsTokensDecoded() {
    for (long seed = 0; seed < 20; seed++) {
      for (Sampling sampling : List.of(Sampling.greedy(), Sampling.random(seed))) {
        Generator.Result expected = tokens("The law " + seed, sampling);
        List<String> pieces = new ArrayList<>();
        TextGenerator.Result result = generator.withSampling(sampling).generate("The law " + seed, pieces::add);
        assertThat(result.text()).isEqualTo(tokenizer.decode(true, expected.tokens())).isEqualTo(String.join("", pieces));
        assertThat(pieces).doesNotContain("");
        assertThat(result.tokens()).isEqualTo(expected.tokens().length);
        assertThat(result.promptTokens()).isEqualTo(tokenizer.encode("The law " + seed).length());
        boolean stopped = expected.finish() == Generator.Finish.STOP_ID;
        assertThat(result.finish()).isEqualTo(stopped ? TextGenerator.Finish.STOP_TOKEN : TextGenerator.Finish.LENGTH);
        assertThat(generator.withSampling(sampling).generate("The law " + seed)).isEqualTo(result);
      }
    }
  }

  @Test
  void aStopStringEndsATextWhereverItBeginsInATokenAndIsNotPassedOn() {
    int stopped = 0;
    for (long seed = 0; seed < 30; seed++) {
      String whole = random(seed).generate("law").text();
      if (whole.length() < 12) {
        continue;
      }
      String stop = whole.substring(6, 9);
      String other = whole.substring(5, 6) + "?!";
      StringBuilder seen = new StringBuilder();
      TextGenerator.Result result = random(seed).withStop(other, stop).generate("law", seen::append);
      String expected =
          whole.substring(0, whole.contains(other) ? Math.min(whole.indexOf(stop), whole.indexOf(other)) : whole.indexOf(stop));
      assertThat(result.text()).isEqualTo(expected).isEqualTo(seen.toString());
      assertThat(result.finish()).isEqualTo(TextGenerator.Finish.STOP_STRING);
      assertThat(result.tokens()).isLessThan(MOST);
      stopped++;
    }
    assertThat(stopped).isGreaterThan(10);
  }

  @Test
  void textThatMightHaveBegunAStopStringIsPassedOnAtTheEnd() {
    for (long seed = 0; seed < 10; seed++) {
      String whole = random(seed).generate("law").text();
      assertThat(whole).isNotEmpty();
      String stop = whole.substring(whole.length() - 1) + "\u0001";
      TextGenerator.Result result = random(seed).withStop(stop).generate("law");
      assertThat(result.text()).isEqualTo(whole);
      assertThat(result.finish()).isNotEqualTo(TextGenerator.Finish.STOP_STRING);
    }
  }

  @Test
  void aBatchHasTheTextsOfItsPrompts() {
    List<String> prompts = List.of("The law", "The law will never be", "x", "Regen \u00e9\u00fc");
    List<TextGenerator.Result> together = generator.withStop("a").generate(prompts);
    List<StringBuilder> seen = prompts.stream().map(prompt -> new StringBuilder()).toList();
    assertThat(generator.withStop("a").withThreads(2).generate(prompts, (prompt, piece) -> seen.get(prompt).append(piece) != null))
        .isEqualTo(together);
    for (int i = 0; i < prompts.size(); i++) {
      assertThat(together.get(i)).isEqualTo(generator.withStop("a").generate(prompts.get(i)));
      assertThat(seen.get(i)).hasToString(together.get(i).text());
    }
    assertThat(generator.generate(List.of())).isEmpty();
  }

  @Test
  void aListenerEndsItsOwnText() {
    AtomicInteger pieces = new AtomicInteger();
    List<TextGenerator.Result> results =
        generator.generate(List.of("law", "rain"), (prompt, piece) -> prompt == 1 || pieces.incrementAndGet() < 3);
    assertThat(results.get(0).finish()).isEqualTo(TextGenerator.Finish.CANCELLED);
    assertThat(pieces).hasValue(3);
    assertThat(results.get(1)).isEqualTo(generator.generate("rain"));
    RuntimeException thrown = new RuntimeException("of the listener");
    assertThatThrownBy(
            () ->
                generator.generate(
                    "law",
                    piece -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
  }

  @Test
  void anInterruptEndsTheTextsWithWhatTheyHave() {
    TextGenerator.Result result = generator.generate("law", piece -> Thread.currentThread().interrupt());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(result.finish()).isEqualTo(TextGenerator.Finish.CANCELLED);
    assertThat(generator.generate("law").text()).startsWith(result.text());
  }

  @Test
  void theTemplateAndSpecialTokensOfAPromptAreSwitched() {
    assertThat(generator.withTemplate(false).generate("law").promptTokens()).isEqualTo(3);
    assertThat(generator.generate("law").promptTokens()).isEqualTo(4);
    assertThat(generator.generate("</s>").promptTokens()).isEqualTo(2);
    assertThat(generator.withSpecialTokensInText(false).generate("</s>").promptTokens()).isEqualTo(5);
  }

  @Test
  void aStopTokenThatTheModelLacksIsNamedWithItsFolder(@TempDir Path other) throws IOException {
    RandomCheckpoint.of(RandomCheckpoint.Family.LLAMA, 5).with("eos_token_id", 131).write(other);
    SmallModels.letterTokenizer(other);
    assertThatThrownBy(() -> TextGenerator.load(other)).isInstanceOf(IOException.class).hasMessageContainingAll(other.toString(), "131");
  }

  @Test
  void argumentsAreChecked() {
    assertThatThrownBy(() -> generator.withTemplate(false).generate(List.of("law", "")))
        .hasMessage("prompts[1] has 0 tokens, must have at least 1");
    assertThatThrownBy(() -> generator.generate(Arrays.asList("law", null))).hasMessage("prompts[1]");
    assertThatThrownBy(() -> generator.withStop("a", "")).hasMessage("stops[1].length is 0, must be at least 1");
    assertThatThrownBy(() -> TextGenerator.load(folder.resolve("none")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tokenizer.json");
    assertThatThrownBy(() -> generator.withMaxTokens(0)).hasMessageContaining("maxTokens is 0");
    assertThatThrownBy(() -> generator.generate((String) null)).hasMessage("prompt");
  }
}
