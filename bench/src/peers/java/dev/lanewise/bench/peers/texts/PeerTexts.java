package dev.lanewise.bench.peers.texts;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Seeded texts of the project's own making, in several languages, from one word to a few paragraphs, and odd ones among them. */
public final class PeerTexts {
  private static final List<String> SENTENCES =
      List.of(
          "The law will never be perfect, but its application should be just.",
          "It rained all day long.",
          "She read the letter twice, folded it, and put it back where nobody would look for it.",
          "Turn left at the mill.",
          "Why?",
          "The committee could not agree on a date, so it agreed on a place instead.",
          "A cache that nobody clears is a leak with a better name.",
          "The train to the coast leaves at 7:45 and costs $12.50 each way.",
          "Wer zuletzt kommt, macht bitte das Licht aus und schließt die Tür.",
          "Der Brief lag drei Tage ungeöffnet auf dem Küchentisch.",
          "La boulangère ouvre à six heures, même le dimanche.",
          "On ne voit d'ici ni la mer ni la montagne, seulement des toits.",
          "El perro del vecino ladra cuando llueve.",
          "Mañana iremos al mercado a comprar naranjas, pan y un poco de queso.",
          "La nonna racconta sempre la stessa storia, ma ogni volta finisce in modo diverso.",
          "O rio transbordou na noite passada e levou a ponte velha.",
          "Старый мост снова закрыли на ремонт.",
          "Поезд опоздал на час, и все успели познакомиться.",
          "今日は朝から雨が降っている。",
          "図書館は駅の向こう側にあります。",
          "这座桥是一百年前修建的。",
          "오늘은 시장이 문을 닫았습니다.",
          "القطار يغادر في السابعة صباحا.",
          "הרכבת יוצאת בשבע בבוקר.",
          "रेलगाड़ी सुबह सात बजे निकलती है।",
          "Tàu rời ga lúc bảy giờ sáng.",
          "Πού πάει το τρένο;",
          "def f(x): return [y ** 2 for y in x if y % 3 != 0]  # squares",
          "https://example.org/a/path?with=query&and=more#fragment",
          "ALL CAPITALS, no mercy!!! ... and then -- silence");

  private static final List<String> ODD =
      List.of(
          "",
          "a",
          " ",
          "?",
          "👩‍👩‍👧 😀",
          "[MASK]",
          "\u0000\u200b\ufeff",
          "é",
          "x".repeat(10_000),
          "word ".repeat(2_000),
          "漢".repeat(3_000));

  private PeerTexts() {}

  /** Texts of one to eight sentences, mostly short. */
  public static List<String> sentences(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    while (texts.size() < count) {
      int sentences = 1 + (int) Math.abs(random.nextGaussian() * 2.5);
      List<String> parts = new ArrayList<>();
      for (int i = 0; i < Math.min(sentences, 8); i++) {
        parts.add(SENTENCES.get(random.nextInt(SENTENCES.size())));
      }
      texts.add(String.join(" ", parts));
    }
    return texts;
  }

  /** The same texts, of which every tenth is an odd one. */
  public static List<String> hostile(int count, long seed) {
    List<String> texts = new ArrayList<>(sentences(count, seed));
    for (int i = 0; i < texts.size(); i += 10) {
      String odd = ODD.get(i / 10 % ODD.size());
      texts.set(i, i < 10 * ODD.size() ? odd : odd + texts.get(i));
    }
    return texts;
  }
}
