package dev.lanewise.bench.cli.learn.claim;

import dev.lanewise.bench.cli.learn.model.Design;
import dev.lanewise.bench.cli.learn.model.Design.Keys;
import dev.lanewise.bench.cli.learn.model.Design.Mixer;
import dev.lanewise.bench.cli.learn.model.Design.Order;
import dev.lanewise.bench.cli.learn.model.Design.Weights;
import dev.lanewise.bench.cli.learn.model.ReadingLesson;
import dev.lanewise.bench.cli.learn.model.TranslationLesson;
import dev.lanewise.bench.cli.learn.model.TranslationLesson.Scores;
import dev.lanewise.bench.cli.learn.task.DuplicateTask;
import dev.lanewise.bench.cli.learn.task.LatestValueTask;
import dev.lanewise.bench.cli.learn.task.LookupTask;
import dev.lanewise.bench.cli.learn.task.Translation;
import dev.lanewise.bench.cli.learn.task.TwoLookupsTask;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** All experiments of the command, with the claims that they try. */
public final class Experiments {
  private static final String SELF_ATTENTION = "self-attention";

  private static final LookupTask LOOKUP = new LookupTask(4, 8);

  private Experiments() {}

  /** All experiments, in the order of the page. */
  public static List<Experiment> all() {
    return List.of(far(), weights(), positions(), heads(), own(), scale(), translation());
  }

  private static String setting(ReadingLesson lesson) {
    int width = lesson.design().embedDim();
    return String.format(
        Locale.ROOT,
        "One block: x + mixer(norm(x)), then x + feedForward(norm(x)); width %d, feed-forward width %d. %d steps of %d new sequences,"
            + " AdamW.",
        width,
        2 * width,
        lesson.steps(),
        lesson.batch());
  }

  private static ReadingLesson lookup(Design design) {
    return new ReadingLesson(LOOKUP, design, 800, 64, 25, 0, 3e-3, true);
  }

  private static Variant variant(String name, ReadingLesson lesson) {
    return new Variant(name, lesson, lesson.design().mixer() == Mixer.ATTENTION);
  }

  private static Experiment far() {
    String window = "window of neighbours";
    String mean = "mean of all tokens";
    ReadingLesson lesson = lookup(Design.attention());
    return new Experiment(
        "far",
        "Is an answer found that is far away?",
        "The last token asks for the number that stands with a letter, somewhere among 24 tokens. The mixers: self-attention with one head;"
            + " a linear layer over "
            + Design.WINDOW
            + " neighbours on each side and the token itself; a linear layer over the mean of all tokens.",
        "· · C5 · · · A2 · · · · · D3 · · · B8 · · · · · · · A?   →   2",
        setting(lesson),
        1.0 / LOOKUP.answers(),
        List.of(
            variant(SELF_ATTENTION, lesson),
            variant(window, lookup(Design.attention().with(Mixer.WINDOW))),
            variant(mean, lookup(Design.attention().with(Mixer.MEAN)))),
        List.of(
            new Claim(
                "Self-attention finds an answer that a window of neighbours does not reach.",
                List.of(Comparison.better(SELF_ATTENTION, window, Measure.FAR))),
            new Claim(
                "A window of neighbours knows the answer only if it is near.",
                List.of(new Comparison(window, Measure.NEAR, window, Measure.FAR, Comparison.MARGIN))),
            new Claim(
                "To self-attention, far is as good as near.",
                List.of(new Comparison(SELF_ATTENTION, Measure.FAR, SELF_ATTENTION, Measure.NEAR, -Comparison.MARGIN))),
            new Claim(
                "The mean of all tokens loses which of them answers; self-attention does not.",
                List.of(Comparison.better(SELF_ATTENTION, mean, Measure.ACCURACY)))));
  }

  private static Experiment weights() {
    String softmax = "softmax";
    String relu = "ReLU / keys";
    String sigmoid = "sigmoid / keys";
    ReadingLesson lesson = lookup(Design.attention());
    return new Experiment(
        "weights",
        "Softmax, ReLU or sigmoid?",
        "The same question as above. Weights are softmax of the scores, or ReLU or sigmoid of the scores, divided by the number of keys.",
        "· · C5 · · · A2 · · · · · D3 · · · B8 · · · · · · · A?   →   2",
        setting(lesson),
        1.0 / LOOKUP.answers(),
        List.of(
            variant(softmax, lesson),
            variant(relu, lookup(Design.attention().with(Weights.RELU))),
            variant(sigmoid, lookup(Design.attention().with(Weights.SIGMOID)))),
        List.of(
            new Claim("ReLU in place of softmax answers as well.", List.of(Comparison.asGood(relu, softmax, Measure.ACCURACY))),
            new Claim("Sigmoid in place of softmax answers as well.", List.of(Comparison.asGood(sigmoid, softmax, Measure.ACCURACY))),
            new Claim(
                "Softmax learns earlier than both.",
                List.of(Comparison.better(softmax, relu, Measure.SPEED), Comparison.better(softmax, sigmoid, Measure.SPEED)))));
  }

  private static ReadingLesson latest(Order order) {
    Design design = Design.attention().withHeads(4).with(Keys.EARLIER).with(order);
    return new ReadingLesson(new LatestValueTask(3, 5), design, 800, 32, 24, 72, 3e-3, false);
  }

  private static Experiment positions() {
    String none = "none";
    String sinusoidal = "sinusoidal";
    String learned = "learned";
    String rotary = "rotary";
    String alibi = "ALiBi";
    String t5 = "T5";
    ReadingLesson lesson = latest(Order.NONE);
    return new Experiment(
        "positions",
        "How does attention know the order?",
        "Variables get new values again and again. A question asks for the latest value of one of them. Trained on 24 tokens; tried on 24,"
            + " and on the last 48 of 72.",
        "x3 z1 y2 x5 x? y? z4 y1 y? …   →   5 at x?, 2 at the first y?, 1 at the second",
        setting(lesson) + " Four heads; a token sees itself and those before it.",
        1.0 / lesson.task().answers(),
        List.of(
            variant(none, lesson),
            variant(sinusoidal, latest(Order.SINUSOIDAL)),
            variant(learned, latest(Order.LEARNED)),
            variant(rotary, latest(Order.ROTARY)),
            variant(alibi, latest(Order.ALIBI)),
            variant(t5, latest(Order.T5))),
        List.of(
            new Claim(
                "Without positions, attention does not know which value came last.",
                Stream.of(sinusoidal, learned, rotary, alibi, t5)
                    .map(variant -> Comparison.better(variant, none, Measure.ACCURACY))
                    .toList()),
            new Claim(
                "Sinusoidal and learned positions are equally good at the trained length.",
                List.of(
                    Comparison.asGood(sinusoidal, learned, Measure.ACCURACY), Comparison.asGood(learned, sinusoidal, Measure.ACCURACY))),
            new Claim("Sinusoidal positions carry over to longer sequences.", List.of(Comparison.keepsBeyond(sinusoidal))),
            new Claim("Learned positions are lost beyond the trained length.", List.of(Comparison.losesBeyond(learned))),
            new Claim("Rotary positions carry over to longer sequences.", List.of(Comparison.keepsBeyond(rotary))),
            new Claim("ALiBi carries over to longer sequences.", List.of(Comparison.keepsBeyond(alibi))),
            new Claim("T5's biases carry over to longer sequences.", List.of(Comparison.keepsBeyond(t5)))));
  }

  private static Experiment heads() {
    String one = "1 head of 32";
    String two = "2 heads of 16";
    String four = "4 heads of 8";
    TwoLookupsTask task = new TwoLookupsTask(4, 4);
    List<ReadingLesson> lessons =
        Stream.of(1, 2, 4).map(heads -> new ReadingLesson(task, Design.attention().withHeads(heads), 600, 32, 17, 0, 3e-3, false)).toList();
    return new Experiment(
        "heads",
        "One head or several?",
        "The last token asks for two numbers at once: those of two letters, in this order. One head sees both places in one weighted mean.",
        "· C3 · A2 · · · D1 · · B4 · · · · · CA?   →   32",
        setting(lessons.getFirst()) + " As many parameters with any number of heads.",
        1.0 / task.answers(),
        List.of(variant(one, lessons.get(0)), variant(two, lessons.get(1)), variant(four, lessons.get(2))),
        List.of(
            new Claim(
                "Several heads look at several things at once; one head as wide does not.",
                List.of(Comparison.better(two, one, Measure.ACCURACY))),
            new Claim("Several heads learn it earlier.", List.of(Comparison.better(two, one, Measure.SPEED))),
            new Claim(
                "Twice as many heads as there are things to look at are better still.",
                List.of(Comparison.better(four, two, Measure.ACCURACY)))));
  }

  private static Experiment own() {
    String with = "with the own token";
    String without = "without the own token";
    DuplicateTask task = new DuplicateTask(20);
    ReadingLesson lesson = new ReadingLesson(task, Design.attention(), 400, 32, 16, 0, 3e-3, false);
    return new Experiment(
        "own",
        "Should a token see itself?",
        "Every token asks whether its letter stands a second time in the sequence. The own token is always alike. The keys of a token are"
            + " all tokens, or all but its own; the residual connection has the own token in any case.",
        "K B R B …   →   no yes no yes …",
        setting(lesson),
        1.0 / task.answers(),
        List.of(
            variant(with, lesson),
            variant(without, new ReadingLesson(task, Design.attention().with(Keys.OTHERS), 400, 32, 16, 0, 3e-3, false))),
        List.of(
            new Claim("A token must be among its own keys.", List.of(Comparison.better(with, without, Measure.ACCURACY))),
            new Claim(
                "A token that asks about the others does better without itself.",
                List.of(Comparison.better(without, with, Measure.ACCURACY))),
            new Claim("Without itself it learns earlier.", List.of(Comparison.better(without, with, Measure.SPEED)))));
  }

  private static Experiment scale() {
    String scaled = "scores / √64";
    String unscaled = "scores as they are";
    ReadingLesson lesson = lookup(Design.attention().withEmbedDim(64));
    return new Experiment(
        "scale",
        "Must scores be scaled?",
        "The same question as in the first experiment, with one head of width 64. Without the divisor √64 the scores are 8 times as large,"
            + " and softmax begins nearer to a choice of one key.",
        "· · C5 · · · A2 · · · · · D3 · · · B8 · · · · · · · A?   →   2",
        setting(lesson),
        1.0 / LOOKUP.answers(),
        List.of(variant(scaled, lesson), variant(unscaled, lookup(Design.attention().withEmbedDim(64).unscaled()))),
        List.of(
            new Claim("Without scaling a model learns later.", List.of(Comparison.better(scaled, unscaled, Measure.SPEED))),
            new Claim("Without scaling a model ends up worse.", List.of(Comparison.better(scaled, unscaled, Measure.ACCURACY)))));
  }

  private static TranslationLesson translation(Scores scores) {
    return new TranslationLesson(new Translation(4), scores, 500, 32, 32, 3e-3);
  }

  private static Experiment translation() {
    String additive = "additive scores";
    String dot = "dot scores";
    String none = "last state only";
    TranslationLesson lesson = translation(Scores.NONE);
    return new Experiment(
        "translation",
        "Additive or dot scores in a recurrent translator?",
        "A recurrent encoder reads two to four English phrases; a recurrent decoder writes them in Spanish, word by word. Before each word"
            + " it attends to the states of the encoder, or knows only the last of them. Spanish puts adjectives after nouns, and their"
            + " endings follow the noun.",
        "red house and dog and old book .   →   casa roja y perro y libro viejo .",
        String.format(
            Locale.ROOT,
            "States of width %d. %d steps of %d new pairs of sentences, AdamW. In training the decoder gets the right words before; when it"
                + " is tried, it gets its own.",
            lesson.width(),
            lesson.steps(),
            lesson.batch()),
        1.0 / lesson.task().targetVocabulary(),
        List.of(
            new Variant(additive, translation(Scores.ADDITIVE), true),
            new Variant(dot, translation(Scores.DOT), true),
            new Variant(none, lesson, false)),
        List.of(
            new Claim(
                "A decoder that attends translates better than one that knows the last state only.",
                List.of(Comparison.better(additive, none, Measure.ACCURACY), Comparison.better(dot, none, Measure.ACCURACY))),
            new Claim("Dot scores translate as well as additive scores.", List.of(Comparison.asGood(dot, additive, Measure.ACCURACY))),
            new Claim("Additive scores translate better than dot scores.", List.of(Comparison.better(additive, dot, Measure.ACCURACY)))));
  }
}
