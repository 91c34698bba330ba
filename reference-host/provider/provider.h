// A provider answers a transcript. Its failures are values of one type, from the socket to the
// wire: nobody downstream has to guess from a text what happened (contract, section 13).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reference-host/host/clock.h"
#include "reference-host/options.h"
#include "reference-host/protocol/response.h"

namespace refhost {

// A tool as a provider is told of it.
struct ToolSpec {
  std::string_view name;
  std::string_view description;
  std::string_view parameters;  // a JSON Schema
};

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // as the provider wrote them: maybe no JSON
};

enum class Role { kSystem, kUser, kAssistant, kTool };

struct Message {
  Role role = Role::kUser;
  std::string text;
  std::vector<ToolCall> calls = {};  // kAssistant: what it asked for beside the text
  std::string call_id = {};          // kTool: the call that `text` is the result of
};

enum class ProviderFault {
  kAuth,       // 401, 403, or no key: PROVIDER_AUTH
  kRateLimit,  // 429: PROVIDER_RATE_LIMIT
  kDown,       // unusable: PROVIDER_DOWN
  kRejected,   // it refused the request itself: INTERNAL
  kCanceled,   // the run was stopped meanwhile; its terminal is decided elsewhere
};

struct ProviderError {
  ProviderFault fault = ProviderFault::kDown;
  std::string message;  // safe to show: never text of the provider's, never a key
  bool retryable = false;
  int64_t retry_after_ms = 0;  // 0: the provider did not say
};

// The end of the turn, or what has to be done first.
struct Answer {
  std::string text;  // not blank, unless there are calls
  std::optional<Usage> usage = {};
  std::vector<ToolCall> calls = {};
};

using AnswerResult = tl::expected<Answer, ProviderError>;

struct CallLimits {
  TimePoint deadline;    // of the run; a retry that cannot start before it is not made
  std::stop_token stop;  // a stop request closes the connection at once
  // Somebody else is to be asked after a failure: no attempt may take more than half of the time
  // left.
  bool share_time = false;
};

class Provider {
 public:
  virtual ~Provider() = default;

  // One call, no retry. Called from many threads at once.
  virtual AnswerResult Ask(const std::vector<Message>& transcript, const CallLimits& limits) = 0;

  // True if it answers at once from the prompt alone: it needs neither earlier turns nor a thread
  // that may block.
  virtual bool IsInstant() const { return false; }
};

// What a provider is to offer its model beside the messages.
struct ProviderSettings {
  int64_t idle_timeout_ms = 45'000;
  std::vector<ToolSpec> tools;
};

std::unique_ptr<Provider> MakeProvider(const ProviderConfig& config, ProviderSettings settings);

}  // namespace refhost
