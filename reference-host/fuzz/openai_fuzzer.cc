// Bytes of a 2xx body -> ReadOpenAiAnswer -> the request that shows the answer to the provider
// again.
#include <cstddef>
#include <cstdint>

#include "reference-host/fuzz/answer_check.h"
#include "reference-host/provider/openai.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const refhost::OpenAiProvider provider({}, {});
  const auto answer = refhost::ReadOpenAiAnswer({reinterpret_cast<const char*>(data), size});
  refhost::CheckAnswer(answer, answer ? provider.Body(refhost::TranscriptWith(*answer)) : "");
  return 0;
}
