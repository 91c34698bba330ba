// Anthropic Messages, streamed and not.
#pragma once

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

class Anthropic : public Dialect {
 public:
  std::string_view name() const override { return "anthropic"; }
  bool Serves(std::string_view path) const override { return path.ends_with("/messages"); }
  Content Answer(const Request& request, const Respond& respond) const override;
  int StatusOf(ErrorKind kind) const override;
  Content Refuse(const Request& request, const Refusal& refusal) const override;
  std::string ErrorEvent(const Request& request, const Refusal& refusal,
                         std::size_t sequence) const override;
};

}  // namespace touchstone::provider
