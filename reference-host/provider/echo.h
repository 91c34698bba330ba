// Answers `echo: PROMPT` with no network.
#pragma once

#include "reference-host/provider/provider.h"

namespace refhost {

class EchoProvider : public Provider {
 public:
  AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits&) override {
    return Answer{"echo: " + transcript.back().text};
  }
  bool IsInstant() const override { return true; }
};

}  // namespace refhost
