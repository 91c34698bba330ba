// Anthropic Messages, streamed and not.
#pragma once

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

class Anthropic : public Dialect {
 public:
  std::string_view name() const override { return "anthropic"; }
  std::span<const std::string_view> endings() const override {
    static constexpr std::string_view kEndings[] = {"/messages"};
    return kEndings;
  }
  Content Answer(const Request& request, const Respond& respond) const override;
  int StatusOf(ErrorKind kind) const override;
  Content Refuse(const Request& request, const Refusal& refusal) const override;
  std::string ErrorEvent(const Request& request, const Refusal& refusal,
                         std::size_t sequence) const override;
};

}  // namespace touchstone::provider
