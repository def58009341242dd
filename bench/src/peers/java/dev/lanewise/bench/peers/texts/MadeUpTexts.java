package dev.lanewise.bench.peers.texts;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Seeded texts of 5 to 25 English words, 15 on average, that mean nothing. */
final class MadeUpTexts {
  private static final int FEWEST_WORDS = 5;
  private static final int MOST_WORDS = 25;

  private static final List<String> WORDS =
      List.of(
          """
          the of and a to in is that it was for on are as with his they at be this from have or by one had not but what all were when we \
          there can an your which their said if do will each about how up out them then she many some so these would other into has more \
          her two like him see time could no make than first been its who now people my made over did down only way find use may water \
          long little very after words called just where most know get through back much before go good new write our used me man too any \
          day same right look think also around another came come work three must because does part even place well such here take why \
          things help put years different away again off went old number great tell men say small every found still between name should \
          home big give air line set own under read last never us left end along while might next sound below saw something thought both \
          few those always looked show large often together asked house world going want school important until form food keep children \
          feet land side without boy once animals life enough took sometimes four head above kind began almost live page got earth need far \
          hand high year mother light parts country father let night following picture being study second eyes soon times story boys since \
          white days ever paper hard near sentence better best across during today others however sure means knew try told young miles sun \
          ways thing whole hear example heard several change answer room sea against top turned learn point city play toward five using \
          himself usually committee agreement delivered temperature yesterday programme insurance warehouse quarterly invoice shipment\
          """
              .strip()
              .split("\\s+"));

  private MadeUpTexts() {}

  static List<String> of(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>(count);
    for (int text = 0; text < count; text++) {
      StringBuilder words = new StringBuilder();
      int length = FEWEST_WORDS + random.nextInt(MOST_WORDS - FEWEST_WORDS + 1);
      for (int word = 0; word < length; word++) {
        words.append(word == 0 ? "" : " ").append(WORDS.get(random.nextInt(WORDS.size())));
      }
      texts.add(words.append('.').toString());
    }
    return texts;
  }
}
