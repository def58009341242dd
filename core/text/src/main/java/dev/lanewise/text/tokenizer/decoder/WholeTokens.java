package dev.lanewise.text.tokenizer.decoder;

/** A step that needs whole tokens: it collects their fragments. */
abstract class WholeTokens implements TokenSink {
  private final StringBuilder fragments = new StringBuilder();

  @Override
  public final void text(String fragment) {
    fragments.append(fragment);
  }

  @Override
  public final void endToken() {
    String token = fragments.toString();
    fragments.setLength(0);
    token(token);
  }

  /** Receives a whole token. */
  @Override
  public abstract void token(String token);
}
