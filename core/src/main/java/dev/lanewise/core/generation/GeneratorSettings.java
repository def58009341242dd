package dev.lanewise.core.generation;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@link Generator}, as its with… methods set them.
 *
 * @param stopIds ascending
 */
record GeneratorSettings(
    Sampling sampling,
    int maxTokens,
    int chunk,
    int[] prefix,
    int[] stopIds,
    List<int[]> stopSequences,
    Generator.@Nullable LogitFilter filter,
    Generator.@Nullable Draft draft) {

  static final GeneratorSettings DEFAULT =
      new GeneratorSettings(Sampling.greedy(), 256, 512, new int[0], new int[0], List.of(), null, null);

  GeneratorSettings withSampling(Sampling newSampling) {
    return new GeneratorSettings(newSampling, maxTokens, chunk, prefix, stopIds, stopSequences, filter, draft);
  }

  GeneratorSettings withMaxTokens(int newMaxTokens) {
    return new GeneratorSettings(sampling, newMaxTokens, chunk, prefix, stopIds, stopSequences, filter, draft);
  }

  GeneratorSettings withChunk(int newChunk) {
    return new GeneratorSettings(sampling, maxTokens, newChunk, prefix, stopIds, stopSequences, filter, draft);
  }

  GeneratorSettings withPrefix(int[] newPrefix) {
    return new GeneratorSettings(sampling, maxTokens, chunk, newPrefix, stopIds, stopSequences, filter, draft);
  }

  GeneratorSettings withStopIds(int[] newStopIds) {
    return new GeneratorSettings(sampling, maxTokens, chunk, prefix, newStopIds, stopSequences, filter, draft);
  }

  GeneratorSettings withStopSequences(List<int[]> newStopSequences) {
    return new GeneratorSettings(sampling, maxTokens, chunk, prefix, stopIds, newStopSequences, filter, draft);
  }

  GeneratorSettings withFilter(Generator.LogitFilter newFilter) {
    return new GeneratorSettings(sampling, maxTokens, chunk, prefix, stopIds, stopSequences, newFilter, draft);
  }

  GeneratorSettings withDraft(Generator.Draft newDraft) {
    return new GeneratorSettings(sampling, maxTokens, chunk, prefix, stopIds, stopSequences, filter, newDraft);
  }

  boolean stopsAt(int token) {
    return Arrays.binarySearch(stopIds, token) >= 0;
  }
}
