// OpenAI Chat Completions, streamed and not.
#pragma once

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

class OpenAi : public Dialect {
 public:
  std::string_view name() const override { return "openai-chat"; }
  bool Serves(std::string_view path) const override { return path.ends_with("/chat/completions"); }
  Content Answer(const Request& request, const Respond& respond) const override;
  Content Error(const Request& request, int status, std::string_view message) const override;
};

}  // namespace touchstone::provider
