package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.causal.CausalModel;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.onnx.OnnxModel;
import dev.lanewise.text.tokenizer.Encoding;
import dev.lanewise.text.tokenizer.StreamingDecoder;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Examples of a few lines in the Javadoc of this module; {@link ShortExamplesTest} compares the two and runs these. */
final class ShortExamples {
  private ShortExamples() {}

  static String tokenizer(Path folder) throws IOException {
    // begin
    Tokenizer tokenizer = Tokenizer.read(folder.resolve("tokenizer.json"));
    Encoding encoding = tokenizer.withMaxTokens(256).encode("The law will never be perfect.");
    int[] ids = encoding.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
    String text = tokenizer.decode(true, ids); // "the law will never be perfect."
    // end
    return text;
  }

  static void encoding(Tokenizer tokenizer, String text) {
    // begin
    Encoding encoding = tokenizer.encode(text);
    int[] ids = encoding.ids();
    for (int i = 0; i < encoding.length(); i++) {
      if (!encoding.isSpecial(i)) {
        System.out.println(ids[i] + " " + text.substring(encoding.start(i), encoding.end(i)));
      }
    }
    // end
  }

  static void stream(Tokenizer tokenizer, int... ids) {
    // begin
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    for (int id : ids) {
      System.out.print(decoder.append(id));
    }
    System.out.println(decoder.finish());
    // end
  }

  static List<TextEncoder> longTexts(TextEncoder encoder) {
    // begin
    TextEncoder whole = encoder.withLongTexts(LongTexts.windows(32)); // a vector of the whole text, however long it is
    TextEncoder strict = encoder.withLongTexts(LongTexts.fail()); // an exception that says how long the text is
    // end
    return List.of(whole, strict);
  }

  static int width(Path path) throws IOException {
    // begin
    OnnxModel model;
    try (InputStream file = Files.newInputStream(path)) {
      model = OnnxModel.read(file);
    }
    BertEncoder encoder = BertWeights.of(model.tensors(), model.numHeads().orElseThrow()).encoder();
    // end
    return encoder.embedDim();
  }

  static SequenceBatch rows() throws IOException {
    // begin
    EncoderModel model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2")); // or a folder, an .onnx file, an artifact's .jar
    int[] ids = model.tokenizer().encode("The law will never be perfect.").ids();
    SequenceBatch rows = SequenceBatch.zeros(1, ids.length, model.encoder().embedDim());
    model.encoder().forward(ids, PackedSequences.of(0, ids.length), rows); // a row for each token
    // end
    return rows;
  }

  static SequenceBatch logits(Path folder) throws IOException {
    // begin
    CausalModel llama = CausalModel.load(folder); // config.json, and model.safetensors or shards with their index
    LanguageModel model = llama.model().withThreads(2);
    SequenceBatch logits = SequenceBatch.zeros(1, 1, llama.vocabulary());
    try (StackState state = model.stack().start(1, 512)) {
      model.forward(new int[] {1, 15, 7}, state, logits); // logits of the token after the last one
    }
    // end
    return logits;
  }
}
