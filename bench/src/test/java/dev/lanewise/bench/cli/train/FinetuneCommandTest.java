package dev.lanewise.bench.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.cli.train.data.MadeUpPairs;
import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import dev.lanewise.bench.cli.train.pairs.PairRun;
import dev.lanewise.bench.cli.train.pairs.PairSettings;
import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(1200) // against hanging
class FinetuneCommandTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    return Main.commandLine(words).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
  }

  /** The written file is read by similar; that of a smaller model by embed and finetune, too. */
  @Test
  void itLearnsAndItsFileIsRead() throws IOException {
    List<Pair> pairs = MadeUpPairs.of(1, 12);
    StringBuilder lines = new StringBuilder();
    pairs.forEach(pair -> lines.append(pair.query()).append('\t').append(pair.text()).append('\n'));
    Path file = Files.writeString(folder.resolve("pairs.tsv"), lines);
    Path model = folder.resolve("model");
    // The pairs that are measured are the last 4; with as many epochs a model that is trained on 8 others still changes.
    assertThat(run("finetune", file, "--output", model, "--held-out", 4, "--epochs", 3, "--batch", 4, "--freeze-layers", 5))
        .as(err.toString())
        .isZero();
    assertThat(out.toString().lines().map(line -> line.replaceAll("\\d\\.\\d{3}", "x")))
        .containsExactly(
            "before: recall@1 x, recall@10 x, MRR x of 4 pairs",
            "after:  recall@1 x, recall@10 x, MRR x of 4 pairs",
            model + ": take it with embed --model and similar --model");
    assertThat(err.toString()).contains("step 6 of 6: loss ");
    assertThat(folder.resolve("model.check-point")).doesNotExist();
    NamedTensors before = EncoderModel.weights(ModelFiles.onClassPath("all-minilm-l6-v2"));
    try (Safetensors after = Safetensors.open(model.resolve("model.safetensors"))) {
      assertThat(after.names()).containsExactlyInAnyOrderElementsOf(before.names());
      assertThat(after.floats("encoder.layer.4.output.dense.weight")).isEqualTo(before.floats("encoder.layer.4.output.dense.weight"));
      assertThat(after.floats("encoder.layer.5.output.dense.weight")).isNotEqualTo(before.floats("encoder.layer.5.output.dense.weight"));
    }
    Path texts = Files.writeString(folder.resolve("texts.txt"), pairs.get(0).text() + "\n" + pairs.get(1).text() + "\n");
    assertThat(run("similar", pairs.get(0).query(), texts, "--model", model, "--top", 1)).as(err.toString()).isZero();
    String adapted = out.toString();
    assertThat(run("similar", pairs.get(0).query(), texts, "--top", 1)).isZero();
    assertThat(out.toString()).isNotEqualTo(adapted);
    assertThat(run("finetune", file, "--output", folder.resolve("x"), "--model", texts)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains(texts.toString());
  }

  /** A run that was stopped after two steps continues with the bits of an unbroken one. */
  @Test
  void aStoppedRunContinuesWithTheSameBits() throws IOException {
    PairSettings settings = new PairSettings(2, 3, 8, 1e-3, 0.05, 0.1f, 0.01, 1, false, 7, 1);
    List<Pair> pairs = MadeUpPairs.of(2, 6);
    EncoderModel model = EncoderModel.load(TinyBert.write(folder.resolve("tiny")));
    NamedTensors weights = EncoderModel.weights(ModelFiles.of(folder.resolve("tiny")));
    PairRun unbroken = new PairRun(settings, model, weights, pairs, 2);
    assertThat(unbroken.learn(folder.resolve("a"), progress -> true)).isTrue();
    PairRun stopped = new PairRun(settings, model, weights, pairs, 1);
    assertThat(stopped.learn(folder.resolve("b"), progress -> progress.step() < 2)).isFalse();
    Path other = TinyBert.write(folder.resolve("other"));
    Safetensors.write(other.resolve("model.safetensors"), stopped.tensors(), Map.of("format", "pt"), Safetensors.Dtype.F32);
    PairRun others = new PairRun(settings, EncoderModel.load(other), stopped.tensors(), pairs, 2);
    assertThatThrownBy(() -> others.learn(folder.resolve("b"), progress -> true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("other options, pairs or weights");
    PairRun continued = new PairRun(settings, model, weights, pairs, 2);
    assertThat(continued.learn(folder.resolve("b"), progress -> true)).isTrue();
    String learned = "encoder.layer.1.attention.self.query.weight";
    assertThat(continued.tensors().floats(learned)).isEqualTo(unbroken.tensors().floats(learned));
    assertThat(continued.tensors().floats(learned)).isNotEqualTo(weights.floats(learned));
  }

  @Test
  void aModelFromAFolderIsTrained() throws IOException {
    Path tiny = TinyBert.write(folder.resolve("tiny"));
    Path trained = folder.resolve("trained");
    assertThat(run("finetune", "--made-up", 12, "--model", tiny, "--output", trained, "--max-tokens", 20, "--batch", 4))
        .as(err.toString())
        .isZero();
    Path texts = Files.writeString(folder.resolve("texts.txt"), "the law is just\nit rained\n");
    assertThat(run("similar", "law", texts, "--model", trained)).as(err.toString()).isZero();
    Path vectors = folder.resolve("vectors.jsonl");
    assertThat(run("embed", texts, "--model", trained, "--output", vectors)).isZero();
    assertThat(Files.readAllLines(vectors)).hasSize(2);
    assertThat(run("finetune", "--made-up", 12, "--model", trained, "--output", folder.resolve("again"))).isEqualTo(2);
    assertThat(err.toString()).contains("--max-tokens is 64, must be from 3 to 20");
    assertThat(run("finetune", "--made-up", 12, "--model", tiny, "--output", trained, "--max-tokens", 20, "--force"))
        .as(err.toString())
        .isZero();
    Path relu = TinyBert.write(folder.resolve("relu"));
    Files.writeString(relu.resolve("config.json"), Files.readString(relu.resolve("config.json")).replace("gelu", "relu"));
    assertThat(run("finetune", "--made-up", 12, "--model", relu, "--output", folder.resolve("x"), "--max-tokens", 20)).isEqualTo(1);
    assertThat(err.toString().lines()).singleElement().asString().contains("cannot be trained: it has another activation or epsilon");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "; one of PAIRS and --made-up is needed",
        "pairs.tsv --made-up 4; one of PAIRS and --made-up is needed, not both",
        "--made-up 13000; --made-up with the held-out pairs is 16250, must be from 2 to 13824",
        "--made-up 9 --batch 1; --batch is 1, must be from 2",
        "--made-up 9 --model TINY --max-tokens 20 --freeze-layers 2; --freeze-layers is 2, must be from 0 to 1",
        "--made-up 9 --model TINY --max-tokens 41; --max-tokens is 41, must be from 3 to 20",
        "--made-up 9 --temperature 0; --temperature is 0.0, must be above 0",
        "--made-up 9 --model nothing; --model nothing is not there",
        "nothing.tsv; nothing.tsv is not there",
        "--made-up 9 --resume --force; --resume and --force exclude each other",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) throws IOException {
    String given = options == null ? "" : options;
    if (given.contains("TINY")) {
      given = given.replace("TINY", TinyBert.write(folder.resolve("tiny")).toString());
    }
    String line = ("finetune --output " + folder.resolve("x") + " " + given).strip();
    assertThat(run((Object[]) line.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench finetune: ").contains(message);
  }
}
