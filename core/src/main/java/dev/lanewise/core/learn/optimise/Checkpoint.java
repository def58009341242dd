package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.foreign.ForeignText;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a file of a run of training holds: the parameters, the state of the optimiser, the number of steps, and the position of the data. A
 * run that continues from it computes the bits of an unbroken run.
 *
 * <pre>{@code
 * Checkpoint.save(path, optimiser, Map.of("position", position)); // any numbers that tell where the data is
 * Checkpoint found = Checkpoint.load(path, optimiser); // later: changes the parameters of the optimiser, and its state
 * long next = found.position().getOrDefault("position", 0L);
 * }</pre>
 *
 * <p>The file is a {@link Safetensors} file: tensors {@code parameter.…} with the parameters, {@code optimiser.…} with the optimiser's
 * arrays, all in F32, and metadata. {@code Safetensors.open(path).under("parameter.")} therefore reads the weights as any others. A new
 * file is written aside, forced to disk, and then takes the place of the old one: whenever a process is killed, the path holds a complete
 * checkpoint. A checksum over all numbers finds damage.
 *
 * @param step the number of steps of the optimiser
 * @param position the position of the data, as it was saved
 */
public record Checkpoint(long step, Map<String, Long> position) {
  private static final String PARAMETER = "parameter.";
  private static final String STATE = "optimiser.";
  private static final String POSITION = "position.";
  private static final int LONGEST_SHOWN = 100;
  private static final String FORMAT = "lanewise-checkpoint-1";

  /** Copies the position. */
  public Checkpoint {
    Checks.atLeast("step", step, 0);
    position = Map.copyOf(position);
  }

  /**
   * Writes a checkpoint, or replaces the one that is there. An interrupt does not stop it.
   *
   * @param path the file; beside it a folder of the same name and {@code .aside} exists while this call runs
   * @param optimiser the optimiser, whose parameters are saved, frozen ones included
   * @param position numbers that tell where the data is, by name
   * @throws IOException if writing fails; the file that was there before is unchanged then
   */
  public static void save(Path path, Optimiser optimiser, Map<String, Long> position) throws IOException {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(optimiser, "optimiser");
    Objects.requireNonNull(position, "position");
    NamedTensors.Builder builder = NamedTensors.builder();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (Parameter parameter : optimiser.parameters()) {
      builder.add(PARAMETER + parameter.name(), parameter.values(), parameter.shape());
      optimiser.stateNames(parameter).forEach(name -> shapes.put(name, parameter.shape()));
    }
    optimiser.state().forEach((name, array) -> builder.add(STATE + name, array, Objects.requireNonNull(shapes.get(name))));
    NamedTensors tensors = builder.build();
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("format", FORMAT);
    metadata.put("optimiser", optimiser.getClass().getSimpleName());
    metadata.put("step", Long.toString(optimiser.steps()));
    position.forEach((name, number) -> metadata.put(POSITION + name, Long.toString(number)));
    metadata.put("checksum", Checksum.of(tensors, metadata));
    new FileAside(path).write(file -> Safetensors.write(file, tensors, metadata, Safetensors.Dtype.F32));
  }

  /**
   * Reads the number of steps and the position of a checkpoint, and changes nothing.
   *
   * @throws IOException if there is no such file, or it is no complete checkpoint
   */
  public static Checkpoint read(Path path) throws IOException {
    try (Safetensors file = Safetensors.open(path)) {
      return of(file, path);
    }
  }

  /**
   * Loads a checkpoint into the optimiser and its parameters.
   *
   * @param optimiser one with the same parameters, of the same kind as the saved one; its settings are its own
   * @throws IOException if there is no such file, or it is no complete checkpoint; nothing has changed then
   * @throws IllegalArgumentException if the checkpoint has other parameters or another kind of optimiser; nothing has changed then
   */
  public static Checkpoint load(Path path, Optimiser optimiser) throws IOException {
    Objects.requireNonNull(optimiser, "optimiser");
    try (Safetensors file = Safetensors.open(path)) {
      Checkpoint found = of(file, path);
      String kind = file.metadata().getOrDefault("optimiser", "");
      if (!kind.equals(optimiser.getClass().getSimpleName())) {
        throw new IllegalArgumentException(
            "optimiser is " + optimiser.getClass().getSimpleName() + ", but the checkpoint " + path + " has " + shown(kind));
      }
      Map<String, long[]> expected = new LinkedHashMap<>();
      for (Parameter parameter : optimiser.parameters()) {
        expected.put(PARAMETER + parameter.name(), parameter.shape());
        if (hasState(file, optimiser, parameter)) {
          optimiser.stateNames(parameter).forEach(name -> expected.put(STATE + name, parameter.shape()));
        }
      }
      file.check(expected);
      if (!Checksum.of(file, file.metadata()).equals(file.metadata().get("checksum"))) {
        throw new IOException(path + " is damaged: its numbers do not have the checksum of its metadata");
      }
      found.copy(file, optimiser);
      return found;
    } catch (UncheckedIOException e) {
      throw new IOException(path + " became shorter while it was read", e);
    }
  }

  private static Checkpoint of(Safetensors file, Path path) throws IOException {
    Map<String, String> metadata = file.metadata();
    if (!FORMAT.equals(metadata.get("format"))) {
      throw new IOException(path + " is no checkpoint: the format in its metadata is " + shown(metadata.get("format")) + ", not " + FORMAT);
    }
    try {
      Map<String, Long> position = new LinkedHashMap<>();
      metadata.forEach(
          (name, text) -> {
            if (name.startsWith(POSITION)) {
              position.put(name.substring(POSITION.length()), Long.parseLong(text));
            }
          });
      return new Checkpoint(Long.parseLong(metadata.getOrDefault("step", "")), position);
    } catch (IllegalArgumentException e) {
      throw new IOException(path + " is damaged: a number of its metadata is wrong: " + shown(e.getMessage()), e);
    }
  }

  private static String shown(@Nullable String text) {
    return ForeignText.shown(String.valueOf(text), LONGEST_SHOWN);
  }

  private static boolean hasState(NamedTensors file, Optimiser optimiser, Parameter parameter) {
    return optimiser.stateNames(parameter).stream().anyMatch(name -> file.names().contains(STATE + name));
  }

  private void copy(NamedTensors file, Optimiser optimiser) {
    List<float[][]> state = new ArrayList<>();
    for (Parameter parameter : optimiser.parameters()) {
      file.read(PARAMETER + parameter.name(), 0, parameter.values(), 0, parameter.size());
      List<float[]> own = new ArrayList<>();
      if (hasState(file, optimiser, parameter)) {
        optimiser.stateNames(parameter).forEach(name -> own.add(file.floats(STATE + name)));
      }
      state.add(own.toArray(Optimiser.NONE));
    }
    optimiser.restore(step, state);
  }
}
