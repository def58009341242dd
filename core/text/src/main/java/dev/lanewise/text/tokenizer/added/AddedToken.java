package dev.lanewise.text.tokenizer.added;

/**
 * A token that a file adds to the vocabulary.
 *
 * @param singleWord whether it is found only where no letter or digit is next to it
 * @param lstrip whether white space before it belongs to it
 * @param rstrip whether white space after it belongs to it
 * @param normalized whether it is searched in the normalised text; otherwise in the text as it is given
 * @param special whether it is left out of decoded text on demand, and can be taken for plain text
 */
public record AddedToken(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized, boolean special) {}
