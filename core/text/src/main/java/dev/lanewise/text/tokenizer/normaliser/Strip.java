package dev.lanewise.text.tokenizer.normaliser;

/**
 * Removes white space at the ends of a text.
 *
 * @param left whether it is removed at the beginning
 * @param right whether it is removed at the end
 */
public record Strip(boolean left, boolean right) implements Normaliser {
  @Override
  public AlignedText apply(AlignedText text) {
    String given = text.text();
    int begin = 0;
    int end = given.length();
    while (left && begin < end && Spaces.isSpace(given.charAt(begin))) {
      begin++;
    }
    while (right && end > begin && Spaces.isSpace(given.charAt(end - 1))) {
      end--;
    }
    return begin == 0 && end == given.length() ? text : text.builder().copy(begin, end).build();
  }
}
