package dev.lanewise.spring.ai;

/** A property has a value that cannot be used. For an example of the properties see {@link LanewiseAutoConfiguration}. */
public final class WrongSettingException extends RuntimeException {
  private static final long serialVersionUID = 1;

  WrongSettingException(String property, Object value, Exception cause) {
    super(LanewiseProperties.PREFIX + "." + property + "=" + value + ": " + cause.getMessage(), cause);
  }
}
