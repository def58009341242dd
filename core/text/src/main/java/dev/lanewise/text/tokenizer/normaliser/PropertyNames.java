package dev.lanewise.text.tokenizer.normaliser;

import java.lang.Character.UnicodeScript;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Names of Unicode properties in regular expressions. */
final class PropertyNames {
  private static final Set<String> CATEGORIES =
      Set.of(
          "L", "LU", "LL", "LT", "LM", "LO", "M", "MN", "MC", "ME", "N", "ND", "NL", "NO", "P", "PC", "PD", "PS", "PE", "PI", "PF", "PO",
          "S", "SM", "SC", "SK", "SO", "Z", "ZS", "ZL", "ZP", "C", "CC", "CF", "CO", "CN");

  private static final Map<String, String> LONG_NAMES =
      Map.ofEntries(
          Map.entry("LETTER", "L"),
          Map.entry("UPPERCASELETTER", "Lu"),
          Map.entry("LOWERCASELETTER", "Ll"),
          Map.entry("TITLECASELETTER", "Lt"),
          Map.entry("MODIFIERLETTER", "Lm"),
          Map.entry("OTHERLETTER", "Lo"),
          Map.entry("MARK", "M"),
          Map.entry("NONSPACINGMARK", "Mn"),
          Map.entry("NUMBER", "N"),
          Map.entry("DECIMALNUMBER", "Nd"),
          Map.entry("PUNCTUATION", "P"),
          Map.entry("SYMBOL", "S"),
          Map.entry("SEPARATOR", "Z"),
          Map.entry("SPACESEPARATOR", "Zs"),
          Map.entry("OTHER", "C"),
          Map.entry("CONTROL", "Cc"),
          Map.entry("ALPHA", "IsAlphabetic"),
          Map.entry("ALPHABETIC", "IsAlphabetic"),
          Map.entry("DIGIT", "Nd"),
          Map.entry("UPPER", "IsUppercase"),
          Map.entry("UPPERCASE", "IsUppercase"),
          Map.entry("LOWER", "IsLowercase"),
          Map.entry("LOWERCASE", "IsLowercase"),
          Map.entry("SPACE", "IsWhite_Space"),
          Map.entry("WHITESPACE", "IsWhite_Space"));

  private PropertyNames() {}

  /** Java's name of a general category, a property or a script; empty if there is none. */
  static String javaName(String name) {
    String key = name.replaceAll("[ _-]", "").toUpperCase(Locale.ROOT);
    if (CATEGORIES.contains(key)) {
      return key.length() == 1 ? key : key.charAt(0) + key.substring(1).toLowerCase(Locale.ROOT);
    }
    String known = LONG_NAMES.get(key);
    if (known != null) {
      return known;
    }
    try {
      return "Is" + UnicodeScript.forName(name);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
