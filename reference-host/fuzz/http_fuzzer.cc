// Bytes of an HTTP response -> head and chunked body. The pieces in which a body arrives change
// nothing (WIRE-02), and a body is never longer than its bytes (PROV-12).
#include <cstddef>
#include <cstdint>

#include "reference-host/fuzz/expect.h"
#include "reference-host/provider/http_answer.h"
#include "reference-host/provider/http_parser.h"

namespace refhost {
namespace {

void CheckBody(std::string_view bytes, size_t step) {
  ChunkDecoder whole, pieces;
  std::string body, same_body;
  whole.Feed(bytes, body);
  for (size_t at = 0; at < bytes.size(); at += step) {
    pieces.Feed(bytes.substr(at, step), same_body);
  }
  Expect(body == same_body && whole.state() == pieces.state(), "pieces change nothing");
  Expect(body.size() <= bytes.size(), "a body is not longer than its bytes");
}

void Check(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  const std::string_view head_text = bytes.substr(0, end);
  if (const auto head = ParseHttpHead(head_text)) {
    Expect(head->status >= 100 && head->status <= 999, "a status has three digits");
    Expect(RetryAfterMs(head->retry_after) >= 0, "nobody waits for the past");
  }
  const std::string_view body =
      end == std::string_view::npos ? bytes : bytes.substr(std::min(end + 4, bytes.size()));
  CheckBody(body, 1);
  CheckBody(body, 7);
}

}  // namespace
}  // namespace refhost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  refhost::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
