package dev.lanewise.text;

import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Examples of a few lines in the Javadoc of this module; {@link ShortExamplesTest} compares the two and runs these. */
final class ShortExamples {
  private ShortExamples() {}

  static List<TextEncoder> longTexts(TextEncoder encoder) {
    // begin
    TextEncoder whole = encoder.withLongTexts(LongTexts.windows(32)); // a vector of the whole text, however long it is
    TextEncoder strict = encoder.withLongTexts(LongTexts.fail()); // an exception that says how long the text is
    // end
    return List.of(whole, strict);
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
