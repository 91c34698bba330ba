// Bytes of a line -> ParseRequest -> the answers that quote it. Whatever comes, the answer is one
// line of valid JSON, under the id that the request has (FRAME-01, FRAME-09, REQ-09, REQ-10).
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "reference-host/fuzz/expect.h"
#include "reference-host/protocol/json_text.h"
#include "reference-host/protocol/request.h"
#include "reference-host/protocol/response.h"

namespace refhost {
namespace {

void ExpectAnswerable(const Response& response, const std::string& request_id) {
  for (const std::string& line : {FormatTyped(response, 1), FormatFlat(response)}) {
    Expect(line.find('\n') == std::string::npos, "an answer is one line");
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    Expect(json.is_object(), "an answer is a JSON object in valid UTF-8");
    Expect(json["request_id"] == request_id, "an id is echoed as it came");
  }
}

void Check(std::string_view line) {
  const auto request = ParseRequest(line);
  const auto again = ParseRequest(line);
  Expect(request.has_value() == again.has_value(), "the same line, the same verdict");
  if (!request) {
    const BadRequest& bad = request.error();
    Expect(!bad.message.empty(), "a refusal says why");
    Expect(bad.message == again.error().message, "the same line, the same message");
    Expect(!IsBlank(bad.request_id), "a refusal has an id");
    ExpectAnswerable(
        Refusal{bad.request_id, bad.session_id, {ErrorCode::kInvalidRequest, bad.message}},
        bad.request_id);
    return;
  }
  const RequestHead& head =
      std::visit([](const auto& any) -> const RequestHead& { return any.head; }, *request);
  Expect(!IsBlank(head.request_id), "an accepted request has an id");
  ExpectAnswerable(Ack{AckStatus::kAccepted, head.request_id, head.session_id, head.ts_ms, ""},
                   head.request_id);
  if (const auto* run = std::get_if<RunRequest>(&*request)) {
    Expect(!IsBlank(run->session_id) && !IsBlank(run->prompt) && !IsBlank(run->idempotency_key),
           "a run has session, prompt and key");
    Expect(!run->timeout_ms || (*run->timeout_ms >= 1 && *run->timeout_ms <= kMaxTimeoutMs),
           "a timeout is in its range");
    Expect(
        run->metadata.empty() || nlohmann::json::parse(run->metadata, nullptr, false).is_object(),
        "metadata is the text of an object");
    Final final;
    final.request_id = head.request_id;
    final.session_id = run->session_id;
    final.text = run->prompt;
    ExpectAnswerable(final, head.request_id);
  }
}

}  // namespace
}  // namespace refhost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  refhost::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
