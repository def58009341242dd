package dev.lanewise.text;

import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.onnx.OnnxModel;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Examples of a few lines in the Javadoc of this module; {@link ShortExamplesTest} compares the two and runs these. */
final class ShortExamples {
  private ShortExamples() {}

  static int[] tokens() throws IOException {
    // begin
    Tokens tokens = MiniLmArtifact.tokenizer().encode("The law will never be perfect.");
    int[] ids = tokens.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
    // end
    return ids;
  }

  static int width(Path path) throws IOException {
    // begin
    try (InputStream file = Files.newInputStream(path)) {
      OnnxModel model = OnnxModel.read(file);
      BertEncoder encoder = BertWeights.of(model.tensors(), model.numHeads().orElseThrow()).encoder();
      // end
      return encoder.embedDim();
    }
  }
}
