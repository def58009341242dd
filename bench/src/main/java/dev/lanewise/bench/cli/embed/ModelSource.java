package dev.lanewise.bench.cli.embed;

import dev.lanewise.text.MiniLm;
import java.io.IOException;

/** Where a command takes the model from once it needs it. */
@FunctionalInterface
interface ModelSource {
  MiniLm load() throws IOException;
}
