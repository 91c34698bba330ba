// One turn: from a session's earlier turns and a prompt to the answer of the provider, with as many
// rounds of tool calls in between as it asks for, within bounds (TOOL-08).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reference-host/engine/tool_runner.h"
#include "reference-host/provider/provider.h"
#include "reference-host/store/store.h"

namespace refhost {

struct TurnResult {
  std::string text;
  Usage usage;  // of all provider calls, added up; an estimate if the provider sent none (RESP-06)
};

class Engine {
 public:
  explicit Engine(std::unique_ptr<Provider> provider) : provider_(std::move(provider)) {}

  // Blocks until there is an answer or a failure, or until limits.stop is triggered. Thread-safe.
  tl::expected<TurnResult, ProviderError> RunTurn(const std::vector<Turn>& context,
                                                  const std::string& prompt,
                                                  const CallLimits& limits, ToolRunner& tools);

  bool IsInstant() const { return provider_->IsInstant(); }

 private:
  std::unique_ptr<Provider> provider_;
};

}  // namespace refhost
