package dev.lanewise.core.generation;

/** Proposes what followed the latest earlier occurrence of the last tokens. */
record LookupDraft(int ngram, int length) implements Generator.Draft {
  private static final Generator.Tree NOTHING = Generator.Tree.chain();

  @Override
  public Generator.Tree propose(int sequence, Generator.Tokens tokens, int most) {
    int count = tokens.count();
    for (int end = count - 1; end >= ngram; end--) {
      if (occurs(tokens, end)) {
        int[] ids = new int[Math.min(length, most)];
        for (int i = 0; i < ids.length; i++) {
          ids[i] = end + i < count ? tokens.get(end + i) : ids[end + i - count];
        }
        return Generator.Tree.chain(ids);
      }
    }
    return NOTHING;
  }

  /** Whether the tokens before {@code end} are the last tokens. */
  private boolean occurs(Generator.Tokens tokens, int end) {
    for (int back = 1; back <= ngram; back++) {
      if (tokens.get(end - back) != tokens.get(tokens.count() - back)) {
        return false;
      }
    }
    return true;
  }
}
