package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.splitter.BertSplitter;
import dev.lanewise.text.tokenizer.splitter.NoSplitter;
import dev.lanewise.text.tokenizer.splitter.Splitter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes splitters of the section {@code pre_tokenizer}. */
final class Splitters {
  private Splitters() {}

  static Splitter of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NoSplitter.INSTANCE;
    }
    Splitter made =
        switch (section.type()) {
          case "BertPreTokenizer" -> new BertSplitter();
          default -> throw section.unknownType();
        };
    return section.finish(made);
  }
}
