package dev.lanewise.spring.ai;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in one line why the application does not start, in place of a stack trace. */
final class WrongSettingAnalyzer extends AbstractFailureAnalyzer<WrongSettingException> {
  WrongSettingAnalyzer() {}

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, WrongSettingException cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
