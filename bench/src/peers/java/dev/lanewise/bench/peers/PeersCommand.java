package dev.lanewise.bench.peers;

import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeBatch;
import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeModel;
import dev.lanewise.bench.peers.texts.ModelsCommand;
import dev.lanewise.bench.peers.texts.PeerTexts;
import dev.lanewise.bench.peers.texts.TextsCommand;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares and times Lanewise and ONNX Runtime on the same model, the same texts and as many threads. */
@Command(
    name = "peers",
    sortOptions = false,
    subcommands = {TextsCommand.class, ModelsCommand.class},
    description = {
      "Compares Lanewise with ONNX Runtime on all-MiniLM-L6-v2, from token ids to embeddings (ONNX Runtime: to the last hidden states), and"
          + " prints",
      "a JSON object a case: seconds of the fastest run of each, and the ratio (above 1, Lanewise is faster) of these and of rounds in"
          + " turns."
    })
public final class PeersCommand extends BenchCommand {
  private static final int SEED = 7;
  private static final int POSITIONS = 512;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      split = ",",
      defaultValue = "8,32,128,256",
      description = "Tokens of each text, a case for each number (default: ${DEFAULT-VALUE}).")
  private List<Integer> tokens = List.of();

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Texts of equal length a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--sentences",
      paramLabel = "N",
      defaultValue = "32",
      description = "A case of so many sentences of mixed length, packed here and padded there; 0 for none (default: ${DEFAULT-VALUE}).")
  private int sentences;

  @Option(
      names = "--accuracy",
      paramLabel = "N",
      defaultValue = "0",
      description = "First compare the embeddings of so many texts (default: ${DEFAULT-VALUE}).")
  private int accuracy;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads that share a batch (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "6",
      description = "How long a case takes (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Override
  public Integer call() throws IOException {
    check("--batch", batch, 1, 4096);
    check("--sentences", sentences, 0, 4096);
    check("--accuracy", accuracy, 0, 1_000_000);
    check("--threads", threads, 1, 1024);
    for (int length : tokens) {
      check("--tokens", length, 2, POSITIONS);
    }
    requirePositive("--seconds", seconds);
    IdEncoder model = IdEncoder.load(threads);
    try (OnnxRuntimeModel peer = OnnxRuntimeModel.load(threads)) {
      if (accuracy > 0) {
        compare(model, peer, "accuracy", PeerTexts.hostile(accuracy, SEED).stream().map(model::ids).toList());
      }
      for (int length : tokens) {
        Random random = new Random(SEED);
        time(model, peer, batch + " x " + length + " tokens", Stream.generate(() -> ModelTask.text(length, random)).limit(batch).toList());
      }
      if (sentences > 0) {
        time(model, peer, sentences + " sentences", PeerTexts.sentences(sentences, SEED).stream().map(model::ids).toList());
      }
    }
    return 0;
  }

  private void check(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw rejected(option + " is " + value + ", must be from " + least + " to " + most);
    }
  }

  private JsonObject compare(IdEncoder model, OnnxRuntimeModel peer, String name, List<int[]> texts) {
    Agreement agreement = Agreement.of(model, peer, texts);
    JsonObject line = new JsonObject();
    line.addProperty("case", name);
    line.addProperty("peer", "ONNX Runtime " + peer.version());
    line.addProperty("threads", threads);
    line.addProperty("texts", texts.size());
    line.addProperty("tokens", texts.stream().mapToInt(ids -> ids.length).sum());
    line.addProperty("leastCosine", agreement.leastCosine());
    line.addProperty("greatestDifference", agreement.greatestDifference());
    if (name.equals("accuracy")) {
      out().println(line);
    }
    if (!agreement.holds()) {
      throw new IllegalStateException("the embeddings of " + name + " differ: " + agreement);
    }
    return line;
  }

  private void time(IdEncoder model, OnnxRuntimeModel peer, String name, List<int[]> texts) {
    JsonObject line = compare(model, peer, name, texts);
    try (OnnxRuntimeBatch padded = peer.batch(texts)) {
      Duel duel = Duel.of(() -> model.embed(texts), padded::run, seconds);
      line.addProperty("lanewiseSeconds", duel.ours());
      line.addProperty("peerSeconds", duel.peer());
      line.addProperty("ratio", duel.peer() / duel.ours());
      line.addProperty("settled", duel.settled());
      line.addProperty("medianRatio", duel.medianRatio());
      line.addProperty("leastRatio", duel.leastRatio());
      line.addProperty("greatestRatio", duel.greatestRatio());
    }
    out().println(line);
  }
}
