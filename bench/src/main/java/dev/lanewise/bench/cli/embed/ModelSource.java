package dev.lanewise.bench.cli.embed;

import dev.lanewise.text.MiniLm;
import java.io.IOException;

/** Loads the model when a command needs it. */
@FunctionalInterface
interface ModelSource {
  MiniLm load() throws IOException;
}
