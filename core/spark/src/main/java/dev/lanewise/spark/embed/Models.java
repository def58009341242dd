package dev.lanewise.spark.embed;

import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of this JVM. Each is loaded once, however many tasks and settings want it. Tasks that come while a model is being loaded wait
 * for it. A model that no task uses is forgotten when memory is short.
 */
final class Models {
  private static final Logger LOG = LoggerFactory.getLogger(Models.class);
  private static final Map<String, Kept> LOADED = new HashMap<>();
  private static final Map<String, FutureTask<Loaded>> LOADING = new HashMap<>();

  private Models() {}

  /** What is kept of a model. Its encoders hold the weights, so one that a task uses is not forgotten. */
  private record Kept(SoftReference<EncoderModel> model, Fingerprint fingerprint) {}

  /** A model and its fingerprint. */
  record Loaded(EncoderModel model, Fingerprint fingerprint) {}

  /**
   * An encoder with these settings.
   *
   * @throws IOException if the model cannot be read, or its fingerprint is another one
   * @throws IllegalArgumentException if a setting does not fit the model
   * @throws InterruptedException if the thread is interrupted while it waits; loading goes on for others
   */
  static TextEncoder encoder(EmbedSettings settings) throws IOException, InterruptedException {
    Loaded loaded = get(settings.model());
    if (settings.fingerprint() != null && !Fingerprint.parse(settings.fingerprint()).matches(loaded.fingerprint)) {
      throw new IOException(
          "the model at \""
              + settings.model()
              + "\" is not the one that is expected: its fingerprint is "
              + loaded.fingerprint
              + ", must be "
              + settings.fingerprint()
              + " (name, dimensions, hash of its files)");
    }
    return settings.encoder(loaded.model);
  }

  /** A model, which is loaded if it has not been, or its files have changed. */
  static Loaded get(String name) throws IOException, InterruptedException {
    ModelPlace place = ModelPlace.find(name);
    String key = place.stamp();
    FutureTask<Loaded> loading;
    synchronized (LOADED) {
      Kept kept = LOADED.get(key);
      @Nullable EncoderModel model = kept == null ? null : kept.model.get();
      if (kept != null && model != null) {
        return new Loaded(model, kept.fingerprint);
      }
      loading = LOADING.computeIfAbsent(key, k -> start(place, k));
    }
    try {
      return loading.get();
    } catch (ExecutionException e) {
      throw failure(name, e.getCause());
    }
  }

  /** Loads in a thread of its own, which an interrupt of a task does not reach. */
  private static FutureTask<Loaded> start(ModelPlace place, String key) {
    FutureTask<Loaded> task = new FutureTask<>(() -> load(place, key));
    Thread thread = Thread.ofPlatform().daemon().name("lanewise-model-loader").unstarted(task);
    thread.setContextClassLoader(Thread.currentThread().getContextClassLoader()); // knows the jars of --jars and --packages
    thread.start();
    return task;
  }

  private static Loaded load(ModelPlace place, String key) throws IOException {
    @Nullable Loaded loaded = null;
    try {
      long start = System.nanoTime();
      ModelFiles files = place.files();
      EncoderModel model = EncoderModel.load(files);
      loaded = new Loaded(model, Fingerprint.of(files, model));
      LOG.info("loaded the model {} from {} in {} ms", loaded.fingerprint, files, (System.nanoTime() - start) / 1_000_000);
      return loaded;
    } finally {
      synchronized (LOADED) {
        LOADING.remove(key);
        if (loaded != null) {
          LOADED.put(key, new Kept(new SoftReference<>(loaded.model), loaded.fingerprint));
        }
      }
    }
  }

  private static IOException failure(String name, @Nullable Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    String message = cause == null ? "" : String.valueOf(cause.getMessage());
    return new IOException("the model \"" + name + "\" cannot be loaded: " + message, cause);
  }
}
