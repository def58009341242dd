package dev.lanewise.bench.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanewise.bench.testing.Chromium;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the page shows is what Java has computed, for mouse and for keys. Skipped where there is no Chromium. */
@Timeout(1200) // against hanging
class ExplorerInBrowserTest {
  private static final int NUM_HEADS = 12;
  private static final String LAW =
      "The law will never be perfect, but its application should be just - this is what we are missing, in my opinion.";
  private static final int ENTER = 13;
  private static final int LEFT = 37;
  private static final int RIGHT = 39;
  private static final int DOWN = 40;

  /** "its → law 0.123" */
  private static final Pattern READOUT = Pattern.compile("(.+) → (.+) (\\d\\.\\d+)");

  @TempDir private static Path folder;
  private static Chromium browser;
  private static Explanation law;
  private static Path lawPage;

  @BeforeAll
  static void start() throws IOException {
    Optional<Path> program = Chromium.installed();
    assumeTrue(program.isPresent(), "no Chromium on the path");
    EncoderModel model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
    law = Explanation.of(model.encoder(), Tokens.of(model, LAW));
    lawPage = Files.writeString(folder.resolve("law.html"), ExplorerPage.of("a-model", law, law.tokens().length()));
    browser = Chromium.start(program.get(), Files.createDirectory(folder.resolve("profile")));
  }

  @AfterAll
  static void end() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void open() throws IOException {
    browser.open(lawPage, 1280, 1000);
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void hoveringACellShowsTheWeightOfTheChosenHead() throws IOException {
    choose("layer", 3);
    choose("head", 7);
    assertThat(browser.text("#mapTitle")).isEqualTo("Layer 4, head 8");
    for (String key : new String[] {"law", "application", "[SEP]", "its"}) {
      hover(token("its"), token(key));
      assertReadout("#readout", token("its"), token(key), law.layers().get(3), 7);
      assertReadout("#tip", token("its"), token(key), law.layers().get(3), 7);
    }
    hover(0, 26);
    assertReadout("#readout", 0, 26, law.layers().get(3), 7);
  }

  @Test
  void meanOfHeadsAndRolloutAreThere() throws IOException {
    choose("layer", 2);
    choose("head", NUM_HEADS);
    assertThat(browser.text("#mapTitle")).isEqualTo("Layer 3, mean of 12 heads");
    hover(token("its"), token("application"));
    double sum = 0;
    for (int head = 0; head < NUM_HEADS; head++) {
      sum += law.layers().get(2).get(0, head, token("its"), token("application"));
    }
    assertThat(shown("#readout", "its", "application")).isCloseTo(sum / NUM_HEADS, within(0.00056));

    choose("head", NUM_HEADS + 1);
    choose("layer", 5);
    assertThat(browser.text("#mapTitle")).isEqualTo("Rollout, layers 1 to 6");
    hover(token("application"), token("law"));
    assertReadout("#readout", token("application"), token("law"), law.rollouts().get(5).split(1), 0);
  }

  @Test
  void aClickOnATokenShowsItsLinks() throws IOException {
    choose("layer", 1);
    choose("head", 8);
    int query = token("perfect");
    browser.click("#sentence button[title*='→ perfect ']");
    assertThat(browser.text("#outTitle")).isEqualTo("“perfect” looks at");
    assertThat(browser.text("#inTitle")).isEqualTo("“perfect” is looked at by");
    assertStrongest("#outList", law.layers().get(1), 8, query);
    assertStrongest("#inList", law.layers().get(1).transposed(), 8, query);
    assertThat(lines("out")).isPositive();
    assertThat(lines("in")).isPositive();
    browser.click("#outgoing");
    assertThat(lines("out")).isZero();
    assertThat(lines("in")).isPositive();
  }

  @Test
  void entropyIsThatOfTheHeadsAndChoosesThem() throws IOException {
    for (int i = 0; i < 6 * NUM_HEADS; i++) {
      double entropy = law.entropies()[i / NUM_HEADS][i % NUM_HEADS];
      String shown = browser.evaluate("document.querySelectorAll('#entropy button')[" + i + "].textContent").getAsString();
      assertThat(Double.parseDouble(shown)).isCloseTo(entropy, within(0.0501));
    }
    browser.click("#entropy button[aria-label^='Layer 2, head 9:']");
    assertThat(browser.text("#mapTitle")).isEqualTo("Layer 2, head 9");
    assertThat(Double.parseDouble(browser.text("#entropyReadout b"))).isCloseTo(law.entropies()[1][8], within(0.0051));
    hover(token("the"), token("law"));
    assertReadout("#readout", token("the"), token("law"), law.layers().get(1), 8);
  }

  @Test
  void keysReachEverything() throws IOException {
    // Radio buttons, then the entropy of heads, then tokens, then the map.
    browser.evaluate("document.querySelector('input[name=layer]:checked').focus()");
    browser.evaluate("choose({ layer: 0, head: 0, token: 0 })");
    browser.evaluate("document.querySelector('input[name=layer]:checked').focus()");
    browser.press("ArrowRight", RIGHT);
    assertThat(browser.text("#mapTitle")).isEqualTo("Layer 2, head 1");
    browser.evaluate("document.querySelector('#entropy button[tabindex=\"0\"]').focus()");
    browser.press("ArrowDown", DOWN);
    browser.press("ArrowRight", RIGHT);
    browser.press("Enter", ENTER);
    assertThat(browser.text("#mapTitle")).isEqualTo("Layer 3, head 2");
    browser.evaluate("document.querySelector('#sentence button[tabindex=\"0\"]').focus()");
    for (int i = 0; i < 3; i++) {
      browser.press("ArrowRight", RIGHT);
    }
    browser.press("ArrowLeft", LEFT);
    browser.press("Enter", ENTER);
    assertThat(browser.text("#outTitle")).isEqualTo("“law” looks at");
    browser.evaluate("document.querySelector('#plot').focus()");
    browser.press("Home", 36);
    browser.press("ArrowRight", RIGHT);
    browser.press("ArrowDown", DOWN);
    assertReadout("#readout", 3, 1, law.layers().get(2), 1);
    browser.press("Enter", ENTER);
    assertThat(browser.text("#outTitle")).isEqualTo("“will” looks at");
    assertThat(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle").getAsString()).isEqualTo("solid");
  }

  @Test
  void coloursChangeAndPaperIsLight() throws IOException {
    String colours = "document.querySelector('#ramp').style.background + getComputedStyle(document.body).backgroundColor";
    String light = browser.evaluate(colours).getAsString();
    browser.click("#theme");
    String dark = browser.evaluate(colours).getAsString();
    assertThat(dark).isNotEqualTo(light);
    browser.evaluate("addEventListener('beforeprint', () => { window.printed = " + colours + "; })");
    assertThat(browser.print()).isGreaterThan(10_000);
    assertThat(browser.evaluate("window.printed").getAsString()).isEqualTo(light);
    assertThat(browser.evaluate(colours).getAsString()).isEqualTo(dark);
    browser.click("#theme");
    assertThat(browser.evaluate(colours).getAsString()).isEqualTo(light);
  }

  @Test
  void aHostileTextIsTextOnly() throws IOException {
    String hostile = "</script><script>document.title='hacked'</script><img src='https://example.org/x' onerror='document.title=1'>";
    Explanation explanation = Explanations.seeded(2, 3, hostile, "<!--", "'\"&amp;", "{{data}}", "##\u202e\u0000", "##");
    browser.open(Files.writeString(folder.resolve("hostile.html"), ExplorerPage.of("a-model", explanation, 8)), 1280, 1000);
    hover(1, 2);
    assertThat(browser.text("#readout")).startsWith(hostile + " → <!-- ");
    assertThat(browser.evaluate("document.title").getAsString()).isEqualTo("Attention explorer – Lanewise");
    assertThat(browser.evaluate("document.images.length").getAsInt()).isZero();
  }

  @Test
  void longTextsFitNarrowWindows() throws IOException {
    String[] words = new String[254];
    for (int i = 0; i < words.length; i++) {
      words[i] = "word" + i;
    }
    Explanation explanation = Explanations.seeded(2, 3, words);
    browser.open(Files.writeString(folder.resolve("long.html"), ExplorerPage.of("a-model", explanation, 300)), 400, 900);
    assertThat(browser.evaluate("document.documentElement.scrollWidth").getAsInt()).isLessThanOrEqualTo(400);
    assertThat(browser.text("#cut")).contains("300 tokens", "256");
    assertThat(browser.evaluate("document.querySelector('#cut').hidden").getAsBoolean()).isFalse();
    browser.click("#whole");
    choose("head", 2);
    hover(200, 100);
    assertReadout("#readout", explanation, 200, 100, explanation.layers().get(0), 2);
  }

  private static int token(String text) {
    return law.tokens().texts().indexOf(text);
  }

  private static void choose(String what, int value) throws IOException {
    browser.click("label:has(input[name=" + what + "][value='" + value + "'])");
  }

  private static void hover(int query, int key) throws IOException {
    int count = browser.evaluate("document.querySelectorAll('#sentence button').length").getAsInt();
    browser.point("#plot", (key + 0.5) / count, (query + 0.5) / count);
  }

  private static void assertReadout(String selector, int query, int key, Heads weights, int head) throws IOException {
    assertReadout(selector, law, query, key, weights, head);
  }

  private static void assertReadout(String selector, Explanation explanation, int query, int key, Heads weights, int head)
      throws IOException {
    double shown = shown(selector, explanation.tokens().texts().get(query), explanation.tokens().texts().get(key));
    // Ten thousandths in the data, three decimals on the page.
    assertThat(shown).isCloseTo(weights.get(0, head, query, key), within(0.00056));
  }

  private static double shown(String selector, String query, String key) throws IOException {
    Matcher matcher = READOUT.matcher(browser.text(selector));
    assertThat(matcher.matches()).as(browser.text(selector)).isTrue();
    assertThat(matcher.group(1)).isEqualTo(query);
    assertThat(matcher.group(2)).isEqualTo(key);
    return Double.parseDouble(matcher.group(3));
  }

  /** The first line of a list names the largest weight of a row. */
  private static void assertStrongest(String list, Heads weights, int head, int row) throws IOException {
    int strongest = 0;
    for (int other = 1; other < weights.width(); other++) {
      if (weights.get(0, head, row, other) > weights.get(0, head, row, strongest)) {
        strongest = other;
      }
    }
    assertThat(browser.text(list + " li bdi")).isEqualTo(law.tokens().texts().get(strongest));
    assertThat(Double.parseDouble(browser.text(list + " li span"))).isCloseTo(weights.get(0, head, row, strongest), within(0.00056));
  }

  private static int lines(String kind) throws IOException {
    return browser.evaluate("document.querySelectorAll('#sentence path." + kind + "').length").getAsInt();
  }
}
