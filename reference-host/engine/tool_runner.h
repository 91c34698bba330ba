// Makes the tool calls that a provider asks for in one run.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "reference-host/provider/provider.h"

namespace refhost {

class ToolRunner {
 public:
  virtual ~ToolRunner() = default;

  // The text to show to the provider: a call that fails, or cannot be made, has one as well. An
  // error means that the run cannot go on.
  virtual tl::expected<std::string, ProviderError> Make(const ToolCall& call) = 0;
};

}  // namespace refhost
