// The tool calls of one run: each is journalled before it is made and after it has ended, so that a
// retry under the same key does not make it twice (IDEM-10, CRASH-03), and leaves its mark in the
// audit and in the run's events.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "reference-host/engine/tool_runner.h"
#include "reference-host/host/run.h"
#include "reference-host/store/store_queue.h"
#include "reference-host/tools/toolbox.h"

namespace refhost {

class RunTools : public ToolRunner {
 public:
  struct Callbacks {
    std::function<void(std::string_view event_type, const std::string& payload)> record;
    std::function<void(bool taken_over)> claim_lost;
    std::function<void(const StoreError& error)> store_failed;
  };

  RunTools(const Run& run, Toolbox& toolbox, StoreQueue& store, Callbacks callbacks)
      : run_(run), toolbox_(toolbox), store_(store), callbacks_(std::move(callbacks)) {}

  // Blocks. When it fails, the run's end is decided already, or is INTERNAL.
  tl::expected<std::string, ProviderError> Make(const ToolCall& call) override;

 private:
  using Result = tl::expected<std::string, ProviderError>;

  Result Journal(const ToolCall& call, const ToolInvocation& invocation, AuditRecord audit);
  Result Refuse(AuditRecord audit, const std::string& why);
  AuditRecord StartAudit(const ToolCall& call) const;
  ProviderError StoreFailed(const StoreError& error);

  const Run& run_;
  Toolbox& toolbox_;
  StoreQueue& store_;
  Callbacks callbacks_;
  std::map<std::pair<std::string, std::string>, int64_t> seen_;  // name, arguments: how often
};

}  // namespace refhost
