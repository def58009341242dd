package dev.lanewise.text.tokenizer.normaliser;

import java.util.List;

/** Normalisers one after another. */
public record NormaliserSequence(List<Normaliser> normalisers) implements Normaliser {
  /** Copies the list. */
  public NormaliserSequence {
    normalisers = List.copyOf(normalisers);
  }

  @Override
  public boolean dividesBeforeSpace() {
    return normalisers.stream().allMatch(Normaliser::dividesBeforeSpace);
  }

  @Override
  public AlignedText apply(AlignedText text) {
    AlignedText changed = text;
    for (Normaliser normaliser : normalisers) {
      changed = normaliser.apply(changed);
    }
    return changed;
  }
}
